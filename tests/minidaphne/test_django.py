"""Django's ``runserver`` on minidaphne, and the check of the order of applications."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

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


def manage(folder: Path, apps: list[str], *args: str) -> "subprocess.Popen[str]":
    (folder / "settings_.py").write_text(SETTINGS.format(apps=apps))
    (folder / "site_.py").write_text(SITE)
    path = os.pathsep.join([str(folder), os.getcwd()])
    return subprocess.Popen(
        [sys.executable, "-m", "django", *args, "--settings", "settings_"],
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
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
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
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
