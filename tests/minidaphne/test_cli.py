"""The command line: what it passes on, and how a server behaves that it has started."""

import argparse
import asyncio
import logging
import os
import re
import runpy
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import IO, Any
from unittest.mock import Mock

import pytest

from minidaphne import cli, endpoints
from minidaphne.__main__ import main
from minidaphne.access import AccessLogGenerator
from minidaphne.errors import OperatorError
from minidaphne.settings import Settings

from .memory import GET
from .test_ws_protocol import HANDSHAKE, TEXT, frame, plain

APPLICATION = "tests.minidaphne.apps:application"


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Take back what the command line does to its own process."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


class Recorded:
    """Takes the place of the server."""

    abort_start = False

    def __init__(self, application: Any, endpoints: list[str], **options: Any) -> None:
        self.endpoints, self.options = endpoints, options
        self.settings = argparse.Namespace(ready_callable=None)

    def run(self) -> None:
        """There is nothing to run."""


class Interface(cli.CommandLineInterface):
    """The command line, with nothing behind it."""

    server_class = Recorded
    server = None


def run(*args: str, application: str = APPLICATION) -> Any:
    """Run the command line, and return the server it has made."""
    interface = Interface()
    interface.run([*args, application])
    return interface.server


def test_the_defaults_are_daphnes() -> None:
    server = run()
    assert server.endpoints == ["tcp:port=8000:interface=127.0.0.1"]
    options = server.options
    assert options["websocket_connect_timeout"] == 5 and options["ping_interval"] == 20
    assert options["server_name"] == "daphne" and options["http_timeout"] is None
    assert options["proxy_forwarded_address_header"] is None


@pytest.mark.parametrize(
    ("args", "endpoints"),
    [
        (["-p", "123"], ["tcp:port=123:interface=127.0.0.1"]),
        (["-b", "10.0.0.1"], ["tcp:port=8000:interface=10.0.0.1"]),
        (["-b", "[200a::1]"], [r"tcp:port=8000:interface=200a\:\:1"]),
        (["-u", "/a"], ["unix:/a"]),
        (["--fd", "5", "-u", "/a"], ["fd:fileno=5", "unix:/a"]),
        (["-p", "1", "-e", "unix:/a"], ["tcp:port=1:interface=127.0.0.1", "unix:/a"]),
        (["-e", "imap:"], ["imap:"]),
    ],
)
def test_options_make_endpoints(args: list[str], endpoints: list[str]) -> None:
    assert run(*args).endpoints == endpoints


def test_each_option_of_a_setting_says_what_it_is_and_its_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")  # no line is broken
    lines = {line.strip() for line in Interface().parser.format_help().splitlines()}
    here = {
        "websocket_connect_timeout": 5
    }  # Daphne's command line says 5, its server 20
    for setting in fields(Settings):
        if setting.metadata:
            default = here.get(setting.name, setting.default)
            said = "" if default in (None, "") else f" (default: {default})"
            help = f"{setting.metadata['help']}{said}"
            assert any(line.endswith(help) for line in lines), help


def test_options_make_settings() -> None:
    args = "-t 3 --root-path /x -v 2 -s name --ping-timeout 7 --lifespan off --loop asyncio"
    options = run(*args.split(), "--limit-request-body", "9").options
    assert options["http_timeout"] == 3 and options["root_path"] == "/x"
    assert options["server_name"] == "name" and options["ping_timeout"] == 7
    assert options["lifespan"] == "off" and options["loop"] == "asyncio"
    assert options["limit_request_body"] == 9 and options["verbosity"] == 2
    assert run("--no-server-name").options["server_name"] == ""


def test_proxy_headers_have_names() -> None:
    options = run("--proxy-headers", "--proxy-headers-host", "X-Real-IP").options
    assert options["proxy_forwarded_address_header"] == "X-Real-IP"
    assert options["proxy_forwarded_port_header"] == "X-Forwarded-Port"
    assert options["proxy_forwarded_proto_header"] == "X-Forwarded-Proto"


@pytest.mark.parametrize("option", ["--proxy-headers-host", "--proxy-headers-port"])
def test_proxy_headers_must_be_asked_for(option: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        run(option, "X")
    words = f"argument {option}: --proxy-headers has to be passed for this parameter."
    assert caught.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize(
    "path",
    [
        "tests.minidaphne.none:a",
        "tests.minidaphne.apps:none",
        "tests.minidaphne.apps",
        ":a",
        "",
    ],
)
def test_an_application_that_cannot_be_imported_is_one_line(
    path: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(application=path)
    error = capsys.readouterr().err
    assert (
        caught.value.code == 1 and error.count("\n") == 1 and "cannot import" in error
    )


def test_the_access_log_goes_where_it_is_told(tmp_path: Path) -> None:
    assert run("-v", "0").options["action_logger"] is None
    assert run().options["action_logger"].stream is sys.stdout
    assert (
        run("-v", "0", "--access-log", "-").options["action_logger"].stream
        is sys.stdout
    )
    logger = run("--access-log", str(tmp_path / "log")).options["action_logger"]
    assert isinstance(logger, AccessLogGenerator)
    logger.stream.close()


@pytest.mark.parametrize(
    "args",
    [
        ["--access-log", "/no/such/folder/log"],
        ["--log-fmt", "%(nothing"],
        ["--graceful-timeout", "-1"],
        ["--graceful-timeout", "nan"],
        ["--limit-request-body", "-1"],
    ],
)
def test_what_cannot_be_an_option_is_status_2(
    args: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    with pytest.raises(SystemExit) as caught:
        run(*args)
    assert caught.value.code == 2
    assert "minidaphne: error: " in capsys.readouterr().err.splitlines()[-1]


def test_what_the_server_refuses_is_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(server: Any) -> None:
        raise OperatorError("no such thing")

    monkeypatch.setattr(Recorded, "run", refuse)
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("minidaphne: error: no such thing\n")


def test_an_aborted_start_is_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recorded, "abort_start", True)
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 1


def test_reload_watches_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    stand_in = argparse.Namespace(
        PythonFilter=lambda: "only modules",
        run_process=lambda path, target, watch_filter: started.extend(
            [target, watch_filter]
        ),
    )
    monkeypatch.setitem(sys.modules, "watchfiles", stand_in)
    assert run("--reload", "-p", "1") is None
    assert started[0].endswith(f"-m minidaphne --reload -p 1 {APPLICATION} --no-reload")
    assert started[1] == "only modules"  # a log beside them changes all the time


def test_reload_without_watchfiles_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(SystemExit) as caught:
        run("--reload")
    assert caught.value.code == 2
    assert "pip install watchfiles" in capsys.readouterr().err.splitlines()[-1]


def test_python_dash_m_is_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "minidaphne.__main__")  # as `python -m` finds it
    monkeypatch.setattr(sys, "argv", ["minidaphne", "--help"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("minidaphne", run_name="__main__")
    assert caught.value.code == 0


@contextmanager
def served(
    *args: str, application: str = APPLICATION
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server of its own process, and its port (0 if it has none)."""
    command = [sys.executable, "-m", "minidaphne", *args, application]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    port = 0
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"Listening on TCP address \S+:(\d+)", line):
                port = int(found[1])
            if port or "Configuring endpoint unix" in line:
                break
        yield process, port
    finally:
        process.kill()
        process.communicate()


def ask(port: int, *pieces: bytes, tls: bool = False) -> bytes:
    """Send, and read until nothing comes any more."""
    sock: socket.socket = socket.create_connection(("127.0.0.1", port))
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(sock)
    answer = b""
    with sock:
        sock.settimeout(0.3)
        for piece in pieces:
            sock.sendall(piece)
            try:
                while data := sock.recv(65536):
                    answer += data
            except TimeoutError:
                pass
    return answer


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_server_from_the_command_line(loop: str) -> None:
    with served("-p", "0", "--loop", loop) as (process, port):
        assert ask(port, GET.replace(b"/ ", b"/state ")).endswith(b"up")
        post = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"
        assert ask(port, post, b"hello").endswith(b"hello")
        assert ask(port, HANDSHAKE, frame(TEXT, b"hello")).endswith(
            plain(TEXT, b"hello")
        )
        assert b" 400 " in ask(port, b"nonsense\r\n\r\n")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "lifespan is over" in output and '"WSDISCONNECT /chat?a=b"' in output
        assert "Traceback" not in output and '"POST /" 200 5' in output


@contextmanager
def started(
    application: str, folder: Path
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A server that finds modules in a folder, and what it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", "minidaphne", "-p", "0", application],
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("when", ["imported", "starting"])
def test_a_signal_during_the_start_ends_in_order(
    number: signal.Signals, when: str, tmp_path: Path
) -> None:
    slow = """import atexit, time
atexit.register(print, "tidied up", flush=True)
print("application is imported", flush=True)
time.sleep(60)
"""
    (tmp_path / "imported.py").write_text(slow)
    application = "imported:application"
    if when == "starting":
        application = "tests.minidaphne.apps:starting"
    with started(application, tmp_path) as (process, printed):
        output = ""
        while f"application is {when}" not in output:
            output += printed.readline()
        process.send_signal(number)
        output += process.communicate(timeout=10)[0]
    assert process.returncode == 0 and output.endswith("tidied up\n")
    assert "Traceback" not in output and "destroyed" not in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_command_line_is_imported_ends_in_order(
    number: signal.Signals, tmp_path: Path
) -> None:
    # The first module that `minidaphne.cli` imports: here it takes a minute.
    slow = 'print("importing", flush=True)\nimport time\ntime.sleep(60)\n'
    (tmp_path / "argparse.py").write_text(slow)
    with started("no.such:application", tmp_path) as (process, printed):
        assert printed.readline() == "importing\n"
        process.send_signal(number)
        assert process.communicate(timeout=10)[0] == ""
    assert process.returncode == 0


def test_a_second_signal_ends_at_once() -> None:
    with served("-p", "0") as (process, port), socket.socket() as client:
        client.connect(("127.0.0.1", port))
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) != 0


def test_a_thread_that_does_not_end_is_left() -> None:
    stuck = "tests.minidaphne.apps:stuck_in_a_thread"
    options = ("-p", "0", "--graceful-timeout", "0")
    with served(*options, application=stuck) as (process, port):
        assert ask(port, GET) == b""
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
        assert process.returncode == 0 and "did not end, and was abandoned" in output


def test_what_python_does_at_its_end_is_no_thread() -> None:
    slow = "tests.minidaphne.apps:slow_at_exit"
    with served("-p", "0", "--lifespan", "off", application=slow) as (process, port):
        ask(port, GET)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "tidied up" in output and "took too long" not in output


def test_who_leaves_a_thread_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    cli.leave_threads()
    assert ended == [0] and "was abandoned" in caplog.text


def test_what_leaves_threads_does_not_hold_up_the_end_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timer = Mock()
    monkeypatch.setattr("threading.Timer", timer)
    monkeypatch.setattr(sys, "argv", ["minidaphne", APPLICATION])
    Interface.entrypoint()
    timer.assert_called_once_with(cli.THREAD_TIMEOUT, cli.leave_threads)
    assert timer.return_value.daemon


def test_the_command_runs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", Mock())
    monkeypatch.setattr(sys, "argv", ["minidaphne", "--help"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0


SAYS = """async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"%s"})
"""


def test_reload_outlives_a_module_that_cannot_be_imported(tmp_path: Path) -> None:
    module = tmp_path / "edited.py"
    module.write_text(SAYS % "one")
    command = [sys.executable, "-m", "minidaphne", "--reload", "-p", "0"]
    with subprocess.Popen(
        [*command, "edited:application"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        patience = threading.Timer(60, process.kill)
        patience.start()
        try:
            # of another length: Python does not see an edit within a second by its time
            for text, outcome in [
                (SAYS % "one", b"one"),
                ("no Python", None),
                (SAYS % "three", b"three"),
            ]:
                module.write_text(text)
                for line in process.stdout:
                    if outcome is None and "cannot import" in line:
                        break
                    if found := re.search(r"TCP address \S+:(\d+)", line):
                        answer = ask(int(found[1]), GET)
                        if outcome and answer.endswith(outcome):
                            break
        finally:
            patience.cancel()
            process.terminate()
        assert process.wait(timeout=10) == 0


def fails(*args: str, application: str = APPLICATION) -> tuple[int, str]:
    command = [sys.executable, "-m", "minidaphne", *args, application]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_what_cannot_be_is_one_clear_line() -> None:
    assert fails("-e", "imap:")[0] == 2
    assert fails("--proxy-headers", "--trusted-proxies", "x")[0] == 2
    assert fails("-e", "unix:")[0] == 2
    application = "tests.minidaphne.apps:not_an_application"
    assert fails("-p", "0", application=application)[0] == 2
    assert fails("-p", "0", application="tests.minidaphne.none:a")[0] == 1
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, error = fails("-p", str(taken.getsockname()[1]), "-v", "0")
    assert status == 1 and error.count("\n") == 1 and "Listen failure" in error
    status, error = fails("-p", "0", application="tests.minidaphne.apps:refused")
    assert status == 1 and "no database" in error


@pytest.fixture
def tls(tmp_path: Path) -> str:
    """The endpoint string of a port with TLS."""
    key, certificate = tmp_path / "server.pem", tmp_path / "cert.pem"
    options = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", *options.split(), *files]
    subprocess.run(command, check=True, capture_output=True)
    return f"ssl:0:privateKey={key}:certKey={certificate}:interface=127.0.0.1"


def test_tls(tls: str) -> None:
    with served("-e", tls) as (_, port):
        assert ask(port, GET, tls=True).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_silent_tls_client_does_not_hold_up_the_end(loop: str, tls: str) -> None:
    context = ssl._create_unverified_context()
    with (
        served("-e", tls, "--loop", loop) as (process, port),
        socket.create_connection(("127.0.0.1", port)) as sock,
        context.wrap_socket(sock) as client,
    ):
        client.sendall(GET)
        assert client.recv(65536)
        process.terminate()
        assert process.wait(timeout=6) == 0  # --graceful-timeout is 10


def test_a_tls_handshake_has_its_time(
    tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def says_nothing() -> bytes:
        listener = await endpoints.server_from_string(tls).listen(asyncio.Protocol)
        async with listener:
            await listener.start_serving()
            port = listener.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await asyncio.wait_for(reader.read(), 10)
            finally:
                writer.close()

    monkeypatch.setitem(endpoints.TLS_TIMEOUTS, "ssl_handshake_timeout", 0.1)
    assert asyncio.run(says_nothing()) == b""


def test_logging_is_as_loud_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    levels: list[Any] = []
    monkeypatch.setattr(
        logging, "basicConfig", lambda **options: levels.append(options["level"])
    )
    for verbosity in "0123":
        run("-v", verbosity)
    assert levels == [logging.WARNING, logging.INFO, logging.DEBUG, logging.DEBUG]
