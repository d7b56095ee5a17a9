"""Servers that pages talk to: they say where they listen, what they say, how they end."""

import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from walkthroughs.clients import connected, hear, http, read_all, request
from walkthroughs.errors import RecordingError
from walkthroughs.servers import redis
from walkthroughs.servers import serving as module
from walkthroughs.servers.serving import Running, running, serving

SITE = """
async def site(scope, receive, send):
    print("asked for", scope["path"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("daphne", "site", SITE, "-v", "0") as found:
        yield found


def test_a_server_answers_on_its_port(server: Running) -> None:
    assert http(server.port, request("GET", "/")).endswith(b"here\r\n0\r\n\r\n")


def test_a_server_is_heard(server: Running) -> None:
    http(server.port, request("GET", "/heard"))
    assert "asked for /heard" in server.wait_for("/heard")


def test_what_was_said_can_be_forgotten(server: Running) -> None:
    http(server.port, request("GET", "/old"))
    server.wait_for("/old")
    server.forget()
    http(server.port, request("GET", "/new"))
    assert server.wait_for("/new") == ["asked for /new"]


def test_words_are_waited_for_as_often_as_they_are_to_come(server: Running) -> None:
    for _ in range(2):
        http(server.port, request("GET", "/twice"))
    assert server.wait_for("/twice", times=2).count("asked for /twice") == 2


def test_a_line_counts_once_it_is_whole(tmp_path: Path) -> None:
    """`print` writes each of its arguments by itself."""
    terminal = tmp_path / "terminal"
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        found = Running(process, 0, terminal)
        for written, lines in (
            ("", []),
            ("heard", []),
            ("heard 1006", []),
            ("heard 1006\nhe", ["heard 1006"]),
        ):
            terminal.write_text(written)
            assert found.said() == lines


def test_words_that_do_not_come_are_an_error(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.05)
    with pytest.raises(RecordingError, match="never printed 'good night'"):
        server.wait_for("good night")


def test_a_client_can_take_its_time(server: Running) -> None:
    whole = request("GET", "/slowly")
    with connected(server.port) as peer:
        peer.sendall(whole[:10])
        peer.sendall(whole[10:])
        assert read_all(peer).startswith(b"HTTP/1.1 200 OK")


def test_a_client_hears_that_nothing_comes(server: Running) -> None:
    with connected(server.port) as peer:
        assert hear(peer, 0.05) == (b"", False)


def test_a_client_hears_the_end(server: Running) -> None:
    with connected(server.port) as peer:
        peer.sendall(request("GET", "/"))
        heard, closed = hear(peer, 5)
    assert heard.startswith(b"HTTP/1.1 200 OK") and closed


def test_a_client_hears_a_connection_reset() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        connected(listener.getsockname()[1]) as peer,
    ):
        accepted, _ = listener.accept()
        peer.sendall(b"never read")
        select.select([accepted], [], [], 5)
        accepted.close()
        assert hear(peer, 5) == (b"", True)


def test_a_server_can_be_stopped() -> None:
    with running("daphne", "site", SITE) as found:
        # It listens a little before it hears signals; once it answers, it hears them.
        http(found.port, request("GET", "/"))
        assert found.stop(signal.SIGTERM) == 0


def test_a_server_gets_open_files() -> None:
    site = SITE + "\nimport os\nprint('size', os.fstat(int(os.environ['FD'])).st_size)"
    with tempfile.TemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        file.write(b"four")
        file.flush()
        patch.setenv("FD", str(file.fileno()))
        with running("daphne", "site", site, pass_fds=[file.fileno()]) as found:
            assert "size 4" in found.said()


@pytest.mark.parametrize("server", ["granian", "gunicorn", "hypercorn", "uvicorn"])
def test_processes_that_a_server_starts_end_with_it(server: str) -> None:
    worker = ("--worker-class", "asgi", "--no-control-socket")
    options = worker if server == "gunicorn" else ()
    with running(server, "site", SITE, *options) as found:
        assert http(found.port, request("GET", "/")).startswith(b"HTTP/1.1 200 ")
    assert is_refused(found.port)


def is_refused(port: int) -> bool:
    """Whether nobody listens on a port within five seconds.

    A worker that is still there holds the socket; one that was killed lets go of it soon.
    """
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            connected(port).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass
    return False


def test_those_who_need_no_more_get_the_port() -> None:
    with serving("daphne", "site", SITE) as port:
        assert http(port, request("GET", "/")).startswith(b"HTTP/1.1 200 OK")


def test_a_server_that_ends_at_once_says_why() -> None:
    with (
        pytest.raises(RecordingError, match=r"ended before it listened: .*no_such"),
        running("daphne", "no_such:site"),
    ):
        pass  # pragma: no cover - it is never reached


def test_a_server_that_does_not_listen_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "START_LIMIT", 0.1)
    with (
        pytest.raises(RecordingError, match=r"did not listen within 0\.1 seconds"),
        running("daphne", "site", "import time; time.sleep(60)"),
    ):
        pass  # pragma: no cover - it is never reached


def drawn(times: int) -> set[int]:
    """Ports that the system gives to those who ask for any: most of those it has."""
    ports = set()
    for _ in range(times):
        with socket.socket() as somebody:
            somebody.bind(("127.0.0.1", 0))
            ports.add(somebody.getsockname()[1])
    return ports


def test_a_port_that_is_only_closed_is_given_away() -> None:
    ports = set()
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ports.add(listener.getsockname()[1])
    assert drawn(20_000) & ports


def test_who_starts_a_server_gives_up_while_its_port_is_reserved() -> None:
    time_wait = 60  # seconds, on Linux
    assert max(module.START_LIMIT, redis.START_LIMIT) < time_wait


def test_a_reserved_port_is_for_who_asks_for_it_by_number() -> None:
    ports = [module.reserved_port() for _ in range(20)]
    assert len(set(ports)) == 20
    assert not drawn(20_000) & {*ports}
    for port in ports:
        with socket.socket() as somebody, pytest.raises(OSError, match="in use"):
            somebody.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)) as server:
            assert server.getsockname()[1] == port


def test_a_copy_of_the_socket_that_reserves_is_no_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A child process that another thread is starting also holds a copy, until it calls
    # exec.
    copies: list[socket.socket] = []
    create_server = socket.create_server

    def copied(address: tuple[str, int]) -> socket.socket:
        listener = create_server(address)
        copies.append(listener.dup())
        return listener

    monkeypatch.setattr(socket, "create_server", copied)
    port = module.reserved_port()
    with copies[0]:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        with create_server(("127.0.0.1", port)) as server:
            assert server.getsockname()[1] == port
