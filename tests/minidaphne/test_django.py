"""Django's ``runserver`` on minidaphne, and the check of the order of applications."""

import argparse
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError
from django.core.management.commands.runserver import Command as DjangoCommand

import minidaphne
from minidaphne import apps
from minidaphne.management.commands import runserver
from walkthroughs.servers.serving import reserved_port

from .test_cli import ask

SETTINGS = """
import os
DEBUG = True
SECRET_KEY = "x"
ROOT_URLCONF = "site_"
INSTALLED_APPS = {apps}
STATIC_URL = "/static/"
STATICFILES_DIRS = [os.path.dirname(__file__)]
ASGI_APPLICATION = "site_.application"
WSGI_APPLICATION = None
"""

SITE = """
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path

async def view(request):
    return HttpResponse("hello from " + request.META["SERVER_SOFTWARE"]
                        if "SERVER_SOFTWARE" in request.META else "hello from asgi")

urlpatterns = [path("", view)]
application = get_asgi_application()
"""


WITHOUT_APPLICATION = SETTINGS.replace('ASGI_APPLICATION = "site_.application"\n', "")


def manage(
    folder: Path, apps: list[str], *args: str, settings: str = SETTINGS
) -> "subprocess.Popen[str]":
    (folder / "settings_.py").write_text(settings.format(apps=apps))
    (folder / "site_.py").write_text(SITE)
    path = os.pathsep.join([str(folder), os.getcwd()])
    # no bytecode: it would outlive settings that are rewritten within a second
    clean = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "django", *args, "--settings", "settings_"],
        env={**os.environ, "PYTHONPATH": path, **clean},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that the reloader's child can be ended with it
    )


APPS = ["minidaphne", "django.contrib.staticfiles"]


def wait_for(port: int) -> None:
    """Wait until someone listens."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def test_runserver_serves_views_and_static_files(tmp_path: Path) -> None:
    port = reserved_port()
    args = ["runserver", f"127.0.0.1:{port}", "--noreload", "--skip-checks"]
    process = manage(tmp_path, APPS, *args)
    try:
        wait_for(port)
        assert ask(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").endswith(
            b"hello from asgi"
        )
        static = ask(port, b"GET /static/site_.py HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in static and b"urlpatterns" in static
    finally:
        process.terminate()  # and not kill, which leaves no word of what was covered
        process.communicate()


def test_the_order_of_applications_is_checked(tmp_path: Path) -> None:
    output, _ = manage(tmp_path, APPS[::-1], "check").communicate(timeout=20)
    assert "minidaphne.E001" in output
    output, _ = manage(tmp_path, APPS, "check").communicate(timeout=20)
    assert "no issues" in output


class Names:
    """Takes the place of Django's applications."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def get_app_configs(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self.names]


def test_the_check_looks_at_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    apps.MinidaphneConfig("minidaphne", minidaphne).ready()
    for names, errors in [((), 0), (APPS, 0), (APPS[::-1], 1)]:
        monkeypatch.setattr(apps, "apps", Names(*names))
        found = apps.check_minidaphne_installed(None)
        assert [error.id for error in found] == ["minidaphne.E001"] * errors


def handler(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], **options: Any
) -> Any:
    """What ``runserver`` would serve."""
    monkeypatch.setattr(runserver, "settings", SimpleNamespace(**settings))
    monkeypatch.setattr(
        runserver, "ASGIStaticFilesHandler", lambda app: ("static", app)
    )
    monkeypatch.setattr(DjangoCommand, "get_handler", lambda *a, **o: "wsgi")
    defaults = {"noasgi": False, "use_static_handler": True, "http_timeout": 7}
    return runserver.Command().get_handler(**(defaults | options))


def test_runserver_chooses_what_to_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    from .apps import application

    path = "tests.minidaphne.apps.application"
    on, off = (
        {"ASGI_APPLICATION": path, "DEBUG": True},
        {"ASGI_APPLICATION": path, "DEBUG": False},
    )
    assert handler(monkeypatch, on) == ("static", application)
    assert runserver.DevelopmentServer.options == {"http_timeout": 7}
    assert handler(monkeypatch, off) is application
    assert handler(monkeypatch, off, insecure_serving=True) == ("static", application)
    assert handler(monkeypatch, on, use_static_handler=False) is application
    assert handler(monkeypatch, {}, noasgi=True) == "wsgi"


def test_runserver_stops_without_an_application(tmp_path: Path) -> None:
    """Also with the reloader, in whose thread an error would end nothing."""
    process = manage(tmp_path, APPS, "runserver", settings=WITHOUT_APPLICATION)
    try:
        output, _ = process.communicate(timeout=20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, SIGKILL)
        process.communicate()
    assert process.returncode == 1
    [line] = output.splitlines()
    assert line.startswith("CommandError: ASGI_APPLICATION is not set")


def test_runserver_asks_for_no_asgi_application_to_serve_wsgi(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runserver, "settings", SimpleNamespace())
    monkeypatch.setattr(DjangoCommand, "handle", lambda *a, **o: "wsgi")
    assert runserver.Command().handle(noasgi=True) == "wsgi"
    with pytest.raises(CommandError, match="ASGI_APPLICATION"):
        runserver.Command().handle(noasgi=False)


def test_runserver_says_when_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    server = SimpleNamespace(run=lambda: calls.append("run"), abort_start=False)
    monkeypatch.setattr(runserver, "Server", lambda *a, **o: server)
    monkeypatch.setattr(runserver, "settings", SimpleNamespace(FORCE_SCRIPT_NAME=None))
    development = runserver.DevelopmentServer(("127.0.0.1", 80), None, ipv6=False)
    development.set_app("application")
    development.serve_forever()
    server.abort_start = True
    with pytest.raises(CommandError, match="could not start"):
        development.serve_forever()
    assert calls == ["run", "run"]


@pytest.mark.parametrize("static", [False, True])
def test_runserver_knows_daphnes_options(
    static: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = SimpleNamespace(is_installed=lambda name: static)
    monkeypatch.setattr(runserver, "apps", installed)
    settings = SimpleNamespace(DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE=9)
    monkeypatch.setattr(runserver, "settings", settings)
    parser = argparse.ArgumentParser()
    runserver.Command().add_arguments(parser)
    options = parser.parse_args(["--noasgi", "--http_timeout", "3"])
    assert options.noasgi and options.http_timeout == 3
    assert options.websocket_max_message_size == 9
    assert options.websocket_max_frame_size == 1024 * 1024
    assert ("use_static_handler" in options) is static
