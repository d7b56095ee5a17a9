"""Life and death of the server: start, lifespan, loops, shutdown, and who is left over."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from minidaphne.errors import OperatorError, UnexpectedMessage
from minidaphne.lifespan import Lifespan
from minidaphne.server import Server, new_event_loop

from .memory import GET, Connection, body, echo, hello, make_server, reply, run, start
from .test_ws_protocol import CLOSE, HANDSHAKE, code, frame, open_socket, plain


def test_a_server_must_have_something_to_call() -> None:
    with pytest.raises(OperatorError, match="cannot be called"):
        Server(cast(Any, "what a command line may name"), ["tcp:0"])


def test_a_server_must_listen_on_something() -> None:
    with pytest.raises(OperatorError, match="No endpoints"):
        Server(hello, [])


@pytest.mark.parametrize("loop", ["asyncio", "uvloop", "auto"])
def test_a_server_runs_until_it_is_stopped(loop: str, tmp_path: Path) -> None:
    path = str(tmp_path / "a.sock")
    answers, modes = [], []

    def ask() -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(GET)
            answers.append(client.recv(1000))
            modes.append(os.stat(path).st_mode & 0o777)
        # Not at once: a loop that closes meanwhile would fail this thread's call.
        server.loop.call_soon_threadsafe(server.loop.call_later, 0.01, stop_twice)

    def stop_twice() -> None:
        server.stop()
        server.stop()

    def ready() -> None:
        threading.Thread(target=ask).start()

    options: Any = {"loop": loop, "ready_callable": ready, "verbosity": 3}
    server = Server(hello, [f"unix:{path}:mode=600"], signal_handlers=False, **options)
    server.run()
    assert answers[0].endswith(b"hello") and not server.abort_start
    assert modes == [0o600] and not os.path.exists(path)


def test_uvloop_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_event_loop("auto")
    assert isinstance(loop, asyncio.SelectorEventLoop)
    loop.close()
    with pytest.raises(OperatorError, match="uvloop"):
        new_event_loop("uvloop")


def test_asgi_threads_are_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> int:
        make_server(hello)
        names = [asyncio.to_thread(threading.current_thread) for _ in range(9)]
        return len(set(await asyncio.gather(*names)))

    monkeypatch.setenv("ASGI_THREADS", "1")
    assert run(scenario) == 1


def test_nothing_starts_when_an_address_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("the application was started")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        endpoints = ["tcp:0:interface=127.0.0.1", f"tcp:{port}:interface=127.0.0.1"]
        server = Server(application, endpoints, signal_handlers=False)
        server.run()
    assert server.abort_start and "Listen failure" in caplog.text


def test_a_unix_socket_replaces_a_stale_file_only(tmp_path: Path) -> None:
    path = str(tmp_path / "a.sock")

    async def scenario() -> bool:
        server = make_server(hello)
        server.endpoints = Server(hello, [f"unix:{path}"]).endpoints
        await server.listen()
        await server.shutdown()
        return True

    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    assert run(scenario) and not os.path.exists(path)
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(path)
        live.listen()
        with pytest.raises(OSError, match="in use"):
            run(scenario)
    assert os.path.exists(path)  # it is not ours to remove
    os.unlink(path)
    Path(path).write_text("not a socket")
    with pytest.raises(OSError, match="not a socket"):
        run(scenario)


def test_the_socket_of_another_server_is_not_removed(tmp_path: Path) -> None:
    path = str(tmp_path / "a.sock")

    async def scenario() -> None:
        server = make_server(hello)
        server.endpoints = Server(hello, [f"unix:{path}"]).endpoints
        await server.listen()
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(f"{path}.new")
            os.rename(f"{path}.new", path)
            await server.shutdown()

    run(scenario)
    assert os.path.exists(path)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_a_descriptor_is_taken_over(family: Any, tmp_path: Path) -> None:
    path = tmp_path / "b.sock"

    async def scenario() -> bytes:
        address: Any = ("127.0.0.1", 0)
        if family == socket.AF_UNIX:
            address = str(path)
        with socket.socket(family) as sock:
            sock.bind(address)
            sock.listen()
            server = make_server(hello)
            server.endpoints = Server(hello, [f"fd:fileno={sock.fileno()}"]).endpoints
            await server.listen()
            await server.start_serving()
            with socket.socket(family) as client:
                client.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(client, sock.getsockname())
                await loop.sock_sendall(client, GET)
                answer = await loop.sock_recv(client, 1000)
            await server.shutdown()
            return answer

    assert run(scenario).endswith(b"hello")
    assert path.exists() is (family == socket.AF_UNIX)  # it is not ours to remove


def shut_down(first: bytes, application: Any, **options: Any) -> tuple[bytes, Server]:
    """Send something, stop the server, and return what came and what is left."""

    async def scenario() -> tuple[bytes, Server]:
        server = make_server(application, **options)
        connection = Connection(server)
        await connection.send(first)
        stopping = asyncio.ensure_future(server.shutdown())
        await connection.settle()
        if connection.transport.written.endswith(plain(CLOSE, code(1001))):
            await connection.send(frame(CLOSE, code(1001)))
        await stopping
        return await connection.settle(), server

    result: tuple[bytes, Server] = run(scenario)
    return result


async def slow(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(0.02)
    await send(start())
    await send(body(b"slow"))


async def stuck(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(3600)


def test_requests_in_flight_are_finished() -> None:
    written, server = shut_down(GET, slow)
    assert written.endswith(b"slow") and b"connection: close" in written
    assert not server.connections and not server.channels


def test_idle_connections_are_closed() -> None:
    written, server = shut_down(GET, hello)
    assert written.endswith(b"hello") and not server.channels


def test_websockets_are_sent_1001() -> None:
    written, server = shut_down(HANDSHAKE, echo)
    assert written.endswith(plain(CLOSE, code(1001))) and not server.channels


def test_websockets_that_are_not_accepted_are_sent_503() -> None:
    written, _ = shut_down(HANDSHAKE, stuck, graceful_timeout=0.01)
    assert written.startswith(b"HTTP/1.1 503 ")


def test_what_does_not_end_in_time_is_ended() -> None:
    written, server = shut_down(GET, stuck, graceful_timeout=0.01)
    assert b" 500 " in written and not server.connections and not server.channels


@pytest.mark.parametrize(
    "first", [b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\na"]
)
def test_incomplete_requests_do_not_stop_the_stopping(first: bytes) -> None:
    _, server = shut_down(first, echo, graceful_timeout=0.01)
    assert not server.connections and not server.channels


def test_kill_all_applications_wins_over_requests_without_one() -> None:
    async def scenario() -> None:
        server = make_server(stuck)
        connection = Connection(server)
        await connection.send(GET + GET)
        assert len(server.connections) == 2
        await server.kill_all_applications()

    run(scenario)


def test_an_application_that_outlives_the_loop_is_no_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        server, protocol = make_server(stuck), Mock()
        protocol.kill_timer = None
        server.connections.add(protocol)
        running = server.run_application(protocol, {})
        running.send(None)
        running.close()  # as Python does when nobody holds it any more
        assert not server.connections

    run(scenario)
    assert caplog.text == ""


def test_an_application_that_will_not_be_cancelled_is_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            for _ in range(2):
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    tries.append(1)

        server = make_server(application, application_close_timeout=0.01)
        connection = Connection(server)
        await connection.send(GET)
        connection.transport.lose()
        await connection.settle(0.03)
        protocol = next(iter(server.connections))
        server.kill_application(protocol)
        await connection.settle()
        assert len(tries) == 2 and not server.connections

    tries: list[int] = []
    run(scenario)
    assert caplog.text.count("took too long to shut down and was killed") == 2


def test_keyboard_interrupt_in_an_application_stops_the_server() -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            raise KeyboardInterrupt

        server = make_server(application)
        await Connection(server).send(GET)
        assert server.stopped.done()

    run(scenario)


def test_signals_stop_the_server_and_the_second_ends_the_process() -> None:
    async def scenario() -> None:
        server = make_server(hello)
        server.handle_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(server.stopped, 5)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    before = signal.getsignal(signal.SIGINT)
    try:
        run(scenario)
    finally:
        signal.signal(signal.SIGINT, before)


def lifespan(
    *answers: str, mode: str = "auto", stop: bool = True
) -> tuple[Any, list[str]]:
    """Live through a lifespan in which the application answers so; what did it see?"""
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan" and scope["asgi"]["spec_version"] == "2.0"
        for answer in answers:
            if answer == "raise":
                raise RuntimeError("no lifespan")
            if answer == "receive":
                seen.append((await receive())["type"])
            else:
                scope["state"]["a"] = 1
                await send({"type": answer, "message": "because"})

    async def scenario() -> Any:
        life = Lifespan(application, mode, asyncio.get_running_loop())
        state = await life.startup(asyncio.get_running_loop().create_future())
        if stop:
            await life.shutdown(1)
        return state

    return run(scenario), seen


UP, DOWN = "lifespan.startup.complete", "lifespan.shutdown.complete"


def test_a_whole_lifespan() -> None:
    state, seen = lifespan("receive", UP, "receive", DOWN)
    assert state == {"a": 1} and seen == ["lifespan.startup", "lifespan.shutdown"]


def test_an_application_may_have_no_lifespan() -> None:
    assert lifespan("raise")[0] is None
    assert lifespan("receive", "raise")[0] is None
    assert lifespan()[0] is None
    assert lifespan("receive", mode="off") == (None, [])


def test_an_application_that_does_not_know_the_lifespan_is_not_waited_for() -> None:
    assert lifespan("receive", "receive", "receive") == (None, ["lifespan.startup"])


@pytest.mark.parametrize("mode", ["auto", "on"])
def test_a_lifespan_may_end_with_the_start(mode: str) -> None:
    assert lifespan("receive", UP, mode=mode)[0] == {"a": 1}
    assert lifespan("receive", UP, "raise", mode=mode)[0] == {"a": 1}


def test_a_server_that_is_stopped_does_not_wait_for_the_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        server.stop()
        try:
            await asyncio.sleep(3600)
        finally:
            with pytest.raises(UnexpectedMessage):
                await send({"type": "lifespan.startup.failed"})
            ended.append("in order")

    server = Server(application, ["tcp:0:interface=127.0.0.1"], lifespan="on")
    server.run()
    assert ended and not server.abort_start and not server.listening_addresses
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


def test_a_lifespan_that_must_be_there_is_missed() -> None:
    for answers in (["raise"], [], ["nonsense"]):
        with pytest.raises(OperatorError, match="does not support lifespan"):
            lifespan(*answers, mode="on")


def test_a_failed_startup_says_why() -> None:
    with pytest.raises(OperatorError, match="because"):
        lifespan("receive", "lifespan.startup.failed")


def test_failures_at_the_end_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    lifespan("receive", UP, "receive", "raise")
    assert "no lifespan" in caplog.text
    lifespan("receive", UP, "receive", "lifespan.shutdown.failed")
    assert "because" in caplog.text


def test_a_lifespan_that_does_not_end_is_ended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": UP})
        await asyncio.sleep(3600)

    async def scenario() -> None:
        life = Lifespan(application, "on", asyncio.get_running_loop())
        await life.startup(asyncio.get_running_loop().create_future())
        await life.shutdown(0.01)
        assert life.task is not None and life.task.cancelled()

    run(scenario)
    assert "took too long" in caplog.text


@pytest.mark.parametrize("name", ["日本", "a\r\nX: y"])
def test_a_server_must_have_a_name_that_can_be_sent(name: str) -> None:
    with pytest.raises(OperatorError, match="bad server name"):
        Server(hello, ["tcp:0"], server_name=name)


@pytest.mark.parametrize("number", ["many", "0", "-1", "9" * 5000])
def test_a_number_of_threads_is_a_number(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASGI_THREADS", number)
    with pytest.raises(OperatorError, match=f"positive number, not '{number}'"):
        Server(hello, ["tcp:0"]).run()


def test_a_response_without_an_end_is_reset() -> None:
    async def scenario() -> None:
        server = make_server(reply(start(), body(b"part", True)))
        server.endpoints = Server(hello, ["tcp:port=0:interface=127.0.0.1"]).endpoints
        await server.listen()
        await server.start_serving()
        reader, writer = await asyncio.open_connection(*server.listening_addresses[0])
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):  # noqa: PT012 - one of the two
            await reader.read()
            await reader.read()
        writer.close()
        await server.shutdown()

    run(scenario)


def test_a_lifespan_that_goes_on_behind_its_end_is_cancelled() -> None:
    assert lifespan("receive", UP, "receive", DOWN, "receive")[0] == {"a": 1}


def test_a_failed_shutdown_is_not_the_end_of_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": UP})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "tired"})

    def ready() -> None:
        server.loop.call_soon(server.stop)

    options: Any = {"ready_callable": ready, "signal_handlers": False}
    server = Server(application, ["tcp:0:interface=127.0.0.1"], **options)
    server.run()
    assert "tired" in caplog.text and not server.abort_start


def test_an_action_without_a_logger_is_no_action() -> None:
    async def scenario() -> None:
        make_server(hello).log_action("http", "complete", {})

    run(scenario)


def test_state_reaches_requests() -> None:
    async def scenario() -> None:
        scopes = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            scopes.append(scope)

        server = make_server(application)
        server.state = {"pool": 1}
        connection = Connection(server)
        await connection.send(GET)
        assert scopes[0]["state"] == {"pool": 1}

    run(scenario)


def test_proxies_are_asked_if_there_are_any() -> None:
    async def scenario() -> None:
        scopes = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            scopes.append(scope)

        options = {
            "trusted_proxies": "10.0.0.1",
            "proxy_forwarded_address_header": "X-Real-IP",
        }
        connection = Connection(make_server(application, **options))
        await connection.send(b"GET / HTTP/1.1\r\nX-Real-IP: 1.2.3.4\r\n\r\n")
        assert scopes[0]["client"] == ["1.2.3.4", 0]

    run(scenario)


def test_an_open_websocket_does_not_outlive_its_server() -> None:
    async def scenario() -> None:
        connection = await open_socket(graceful_timeout=0.01)
        server = connection.server
        await server.shutdown()
        await connection.settle()
        assert not server.channels

    run(scenario)
