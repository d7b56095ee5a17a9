"""The browser: what it sends, what it waits for, and whose cookies it keeps."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from threading import Barrier, Thread
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from tests.walkthroughs.clients.http_server import answering
from walkthroughs.clients.exchanges import Receive, Request, WebSocket
from walkthroughs.clients.session import Session, SessionClient, Unanswered

GET = Request("GET", "/")


@contextmanager
def talking(
    talk: Callable[[ServerConnection], object], **options: Any
) -> Iterator[int]:
    """A server that does with each WebSocket what `talk` does."""

    def handle(peer: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            talk(peer)

    server: Server
    with serve(handle, "127.0.0.1", 0, **options) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join()


def test_host_has_the_port_unless_the_request_says_otherwise() -> None:
    hosts: list[str] = []

    def answer(request: Any) -> list[tuple[str, str]]:
        hosts.append(request.headers["Host"])
        return []

    with answering(answer) as port:
        own = Request("GET", "/", headers=(("host", "example.com"),))
        SessionClient([GET, own, Request("GET", "/", headers=(("Host", "[::1"),))])(
            port
        )
    assert hosts == [f"localhost:{port}", "example.com", "[::1"]


def test_a_websocket_has_host_and_origin_with_the_port_and_the_cookies() -> None:
    heard: list[tuple[str, str, str]] = []

    def talk(peer: ServerConnection) -> None:
        assert peer.request is not None
        headers = peer.request.headers
        heard.append((headers["Host"], headers["Origin"], headers.get("Cookie", "")))

    def give(peer: ServerConnection, request: Any, response: Any) -> None:
        response.headers["Set-Cookie"] = "a=1; Path=/"

    with talking(talk, process_response=give) as port:
        SessionClient(
            [
                WebSocket("/"),
                WebSocket("/", headers=(("Host", "example.com"), ("Origin", "null"))),
                WebSocket("/"),
            ]
        )(port)
    here = f"localhost:{port}"
    assert heard == [
        (here, f"http://{here}", ""),
        ("example.com", "null", ""),
        (here, f"http://{here}", "a=1"),
    ]


@pytest.mark.parametrize("host", ["a b", "a:b", "a:70000", "[::1"])
def test_a_host_that_is_none_is_told(host: str) -> None:
    with (
        talking(lambda peer: None) as port,
        pytest.raises(Unanswered, match="is not a host"),
    ):
        SessionClient([WebSocket("/", headers=(("Host", host),))])(port)


# What is waited for


def said(talk: WebSocket, port: int, limit: float = 5) -> str:
    return Session(port, limit).do(talk).words


def late(peer: ServerConnection) -> None:
    """Answers each message after three quarters of a second, twice."""
    for message in peer:
        time.sleep(0.75)
        peer.send(message)
        peer.send(message)


def test_an_answer_that_takes_a_while_is_waited_for() -> None:
    with talking(late) as port:
        assert said(WebSocket("/", ("a",)), port) == "WebSocket /: 1 sent, 2 received"


def test_as_many_messages_are_waited_for_as_were_asked_for() -> None:
    with talking(late) as port:
        began = time.monotonic()
        steps = ("a", "b", Receive(3))
        assert said(WebSocket("/", steps), port) == "WebSocket /: 2 sent, 3 received"
        assert time.monotonic() - began < 3
        assert said(WebSocket("/", ("a", Receive(0))), port).endswith(
            "1 sent, 0 received"
        )


def test_what_a_server_says_unasked_is_listened_to() -> None:
    def talk(peer: ServerConnection) -> None:
        for text in ("one", "two"):
            time.sleep(0.5)
            peer.send(text)

    with talking(talk) as port:
        assert said(WebSocket("/"), port) == "WebSocket /: 0 sent, 2 received"


def test_a_message_that_does_not_come_is_told_with_the_limit() -> None:
    with talking(late) as port:
        with pytest.raises(Unanswered) as caught:
            said(WebSocket("/", ("a", Receive(3))), port, limit=1.2)
        assert (
            str(caught.value) == "WebSocket /: 2 of 3 messages came within 1.2 seconds"
        )
        with pytest.raises(Unanswered) as caught:
            said(WebSocket("/", ("a",)), port, limit=0.2)
    assert str(caught.value) == (
        "WebSocket /: no answer to message 1 within 0.2 seconds: "
        "--receive 0 waits for none"
    )


def test_a_server_that_closes_has_said_all() -> None:
    def once(peer: ServerConnection) -> None:
        peer.send(peer.recv())

    with talking(once) as port:
        assert said(WebSocket("/", ("a", "b")), port).endswith("1 sent, 1 received")
        with pytest.raises(Unanswered) as caught:
            said(WebSocket("/", ("a", Receive(2))), port)
    assert str(caught.value) == (
        "WebSocket /: 1 of 2 messages came before the server closed the WebSocket "
        "with code 1000"
    )


def test_messages_may_be_binary() -> None:
    heard: list[str | bytes] = []

    def keep(peer: ServerConnection) -> None:
        for message in peer:
            heard.append(message)
            peer.send(b"ok")

    with talking(keep) as port:
        SessionClient([WebSocket("/", ("a", b"\x00\xff"))])(port)
    assert heard == ["a", b"\x00\xff"]


def test_the_subprotocol_that_the_server_chose_is_told() -> None:
    with talking(lambda peer: None, subprotocols=[Subprotocol("b")]) as port:
        words = said(WebSocket("/", subprotocols=("a", "b")), port)
    assert words == "WebSocket /: 0 sent, 0 received, subprotocol b"


def test_a_subprotocol_that_was_not_offered_is_told() -> None:
    def choose(peer: ServerConnection, request: Any, response: Any) -> None:
        response.headers["Sec-WebSocket-Protocol"] = "graphql-ws"

    with (
        talking(lambda peer: None, process_response=choose) as port,
        pytest.raises(Unanswered) as caught,
    ):
        said(WebSocket("/"), port)
    assert str(caught.value) == (
        "WebSocket /: the server chose the subprotocol 'graphql-ws', which was not "
        "offered: add --subprotocol graphql-ws"
    )


def test_a_message_may_be_longer_than_a_megabyte() -> None:
    with talking(lambda peer: peer.send(b"x" * 3_000_000)) as port:
        assert said(WebSocket("/", (Receive(1),)), port).endswith("0 sent, 1 received")


# Several at once


def test_several_clients_ask_at_the_same_time_and_share_no_cookies() -> None:
    together = Barrier(3)
    cookies: list[str | None] = []

    def answer(request: Any) -> list[tuple[str, str]]:
        cookies.append(request.headers["Cookie"])
        number = together.wait(5)  # nobody is answered until all three are here
        return [("Set-Cookie", f"a={number}")]

    lines: list[str] = []
    with answering(answer) as port:
        browser = SessionClient([GET, GET], tell=lines.append, at_once=3)
        browser(port)
    assert str(browser) == "GET /, GET /, 3 at once"
    assert lines == ["GET /: 200, 0 bytes"] * 6
    assert sorted(map(str, cookies)) == ["None"] * 3 + ["a=0", "a=1", "a=2"]


def test_an_answer_that_is_given_up_leaves_no_socket_open() -> None:
    ends: Queue[bool] = Queue()

    def half(request: Any) -> list[tuple[str, str]]:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf")
        request.wfile.flush()
        ends.put(bool(select.select([request.connection], [], [], 1)[0]))
        return []

    with answering(half) as port, pytest.raises(Unanswered, match="4 bytes") as caught:
        Session(port, 0.5).do(GET)
    assert caught.tb  # with all that it holds
    assert ends.get(timeout=5)


def test_a_server_that_is_gone_is_told() -> None:
    with answering(lambda request: []) as port:
        pass
    with pytest.raises(Unanswered, match="GET /: the server does not listen any more"):
        SessionClient([GET], at_once=2)(port)
