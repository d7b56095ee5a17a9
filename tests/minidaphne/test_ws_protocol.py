"""A WebSocket: handshake, messages, pings, and all the ways it may end."""

import asyncio
import gc
import random
import weakref
import zlib
from contextvars import ContextVar
from functools import partial
from typing import Any
from unittest.mock import Mock, patch

import pytest
from websockets.frames import Frame
from websockets.frames import Opcode as FrameOpcode

from minidaphne import http_protocol, ws_protocol
from minidaphne import ws_frames as frames
from minidaphne.errors import ClientDisconnected, UnexpectedMessage

from .memory import (
    GET,
    Connection,
    body,
    break_it,
    echo,
    head_and_body,
    hello,
    http,
    make_server,
    reply,
    start,
)
from .memory import run_virtually as run

KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = b"GET /chat?a=b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"
HANDSHAKE = UPGRADE + KEY + VERSION + b"\r\n"
DEFLATED = (
    UPGRADE + KEY + VERSION + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
ACCEPT = {"type": "websocket.accept"}
TEXT, BINARY, CLOSE, PING, PONG = (
    FrameOpcode.TEXT,
    FrameOpcode.BINARY,
    FrameOpcode.CLOSE,
    FrameOpcode.PING,
    FrameOpcode.PONG,
)


def frame(
    opcode: int, data: bytes = b"", fin: bool = True, rsv1: bool = False
) -> bytes:
    """A frame as a client sends it, with the same mask in every run."""
    with patch("websockets.frames.secrets.token_bytes", return_value=b"mask"):
        sent = bytearray(Frame(FrameOpcode(opcode), data, fin).serialize(mask=True))
    sent[0] |= 0x40 * rsv1
    return bytes(sent)


def plain(opcode: int, data: bytes = b"") -> bytes:
    """A frame as a server sends it."""
    return Frame(FrameOpcode(opcode), data).serialize(mask=False)


def code(number: int, reason: str = "") -> bytes:
    return number.to_bytes(2, "big") + reason.encode()


async def open_socket(
    application: Any = echo, handshake: bytes = HANDSHAKE, **options: Any
) -> Connection:
    """A connection on which the handshake is done."""
    connection = Connection(make_server(application, **options))
    await connection.send(handshake)
    assert connection.take().startswith(b"HTTP/1.1 101 ")
    return connection


def talk(*pieces: bytes, handshake: bytes = HANDSHAKE, **options: Any) -> bytes:
    """Send frames to an echo, and return all that came back behind the handshake."""

    async def scenario() -> bytes:
        connection = await open_socket(echo, handshake, **options)
        for piece in pieces:
            await connection.send(piece)
        return await connection.settle()

    result: bytes = run(scenario)
    return result


def events(*pieces: bytes, handshake: bytes = HANDSHAKE, **options: Any) -> list[Any]:
    """Send frames, and return the events that the application received."""
    received: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        received.append(await receive())
        await send(ACCEPT)
        while received[-1]["type"] != "websocket.disconnect":
            received.append(await receive())

    async def scenario() -> None:
        connection = await open_socket(application, handshake, **options)
        for piece in pieces:
            await connection.send(piece)
        connection.transport.lose()
        await connection.settle()

    run(scenario)
    return received


def test_the_handshake_answers_with_the_key() -> None:
    head, rest = head_and_body(http(echo, HANDSHAKE))
    assert head.startswith(b"http/1.1 101 switching protocols\r\n")
    assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head
    assert b"upgrade: websocket" in head and b"connection: upgrade" in head
    assert b"server: daphne" in head and rest == b""


def test_the_scope_is_that_of_a_websocket() -> None:
    scopes: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    offer = b"Sec-WebSocket-Protocol: one, two\r\n\r\n"
    http(application, UPGRADE + KEY + VERSION + offer)
    scope = scopes[0]
    assert scope["type"] == "websocket" and scope["scheme"] == "ws"
    assert scope["path"] == "/chat" and scope["query_string"] == b"a=b"
    assert scope["subprotocols"] == ["one", "two"] and "method" not in scope
    assert scope["extensions"] == {"websocket.http.response": {}}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (UPGRADE + KEY + b"\r\n", b"426"),
        (UPGRADE + KEY + b"Sec-WebSocket-Version: 12\r\n\r\n", b"426"),
        (UPGRADE + VERSION + b"\r\n", b"400"),
        (UPGRADE + VERSION + KEY + KEY + b"\r\n", b"400"),
        (UPGRADE + VERSION + b"Sec-WebSocket-Key: abc\r\n\r\n", b"400"),
        (UPGRADE + VERSION + b"Sec-WebSocket-Key: YWJj\r\n\r\n", b"400"),
        (HANDSHAKE.replace(b"GET", b"PUT"), b"400"),
        (HANDSHAKE[:-2] + b"Content-Length: 1\r\n\r\na", b"400"),
        (HANDSHAKE[:-2] + b"Sec-WebSocket-Extensions: ;;\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_handshake_is_refused(request_: bytes, status: bytes) -> None:
    response = http(echo, request_)
    assert response.startswith(b"HTTP/1.1 " + status)
    assert (b"sec-websocket-version: 13" in response) is (status == b"426")
    assert (b"upgrade: websocket\r\n" in response) is (status == b"426")


def test_accept_takes_headers_and_a_subprotocol() -> None:
    accept = {
        **ACCEPT,
        "subprotocol": "two",
        "headers": [(b"x-a", b"b"), (b"upgrade", b"c")],
    }
    offer = b"Sec-WebSocket-Protocol: one, two\r\n\r\n"
    head, _ = head_and_body(http(reply(accept), UPGRADE + KEY + VERSION + offer))
    assert b"sec-websocket-protocol: two" in head and b"x-a: b" in head
    assert head.count(b"upgrade: websocket") == 1 and b"upgrade: c" not in head


def test_a_subprotocol_the_client_does_not_speak_is_an_error() -> None:
    assert b" 500 " in http(reply({**ACCEPT, "subprotocol": "x"}), HANDSHAKE)


def test_close_before_accept_is_403() -> None:
    assert http(reply({"type": "websocket.close"}), HANDSHAKE).startswith(
        b"HTTP/1.1 403 "
    )


@pytest.mark.parametrize(
    "messages", [[], [{"type": "websocket.send", "text": ""}], [{}]]
)
def test_an_error_before_accept_is_500(messages: Any) -> None:
    assert http(reply(*messages), HANDSHAKE).startswith(b"HTTP/1.1 500 ")


def test_sending_before_accept_has_daphnes_words() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(UnexpectedMessage, match="Socket has not been accepted"):
            await send({"type": "websocket.send", "text": "x"})

    assert http(application, HANDSHAKE).startswith(b"HTTP/1.1 500 ")


def test_a_denial_is_a_response_of_the_application() -> None:
    def deny(*bodies: Any, status: int = 401) -> bytes:
        messages = [start(status, x_a="b"), *bodies]
        denial = [{**m, "type": "websocket." + m["type"]} for m in messages]
        return http(reply(*denial), HANDSHAKE)

    head, rest = head_and_body(deny(body(b"no")))
    assert head.startswith(b"http/1.1 401 ") and b"x-a: b" in head
    assert b"content-length: 2" in head and rest == b"no"
    head, rest = head_and_body(deny(body(b"n", True), body(b"o")))
    assert (
        b"connection: close" in head and b"content-length" not in head and rest == b"no"
    )
    assert deny().startswith(b"HTTP/1.1 500 ")
    assert deny(body(b"half", True)).endswith(b"half")
    assert deny(body(b"n", True), {"type": "http.response.nonsense"}).endswith(b"n")
    head, rest = head_and_body(deny(body(b"no"), status=204))
    assert b" 204 " in head and b"content-length" not in head and rest == b""
    assert b" 500 " in deny(body(), status=101)


@pytest.mark.parametrize("name", ["accept", "protocol", "extensions"])
def test_the_words_of_the_handshake_are_the_servers(name: str) -> None:
    headers = [(b"Sec-WebSocket-" + name.encode(), b"x")]
    assert b" 500 " in http(reply({**ACCEPT, "headers": headers}), HANDSHAKE)


def test_an_application_that_listens_behind_the_end_does_not_stop_the_stopping() -> (
    None
):
    async def application(scope: Any, receive: Any, send: Any) -> None:
        while True:
            await receive()

    async def scenario() -> None:
        for request in (HANDSHAKE, GET):
            server = make_server(application, graceful_timeout=3600)
            early, late = Connection(server), Connection(server)
            for connection in (early, late):
                await connection.send(request)
            early.transport.lose()
            await early.settle()
            stopping = asyncio.ensure_future(server.shutdown())
            await late.settle()
            late.transport.lose()
            await asyncio.wait_for(stopping, 5)
            assert not server.connections

    run(scenario)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 100000])
def test_messages_of_all_sizes_come_back(size: int) -> None:
    data = b"x" * size
    assert talk(frame(TEXT, data)) == plain(TEXT, data)
    assert talk(frame(BINARY, data)) == plain(BINARY, data)


def test_frames_may_come_byte_by_byte() -> None:
    data = frame(TEXT, b"x" * 200) + frame(BINARY, b"y" * 70000)[:20]
    assert talk(*[bytes([byte]) for byte in data]) == plain(TEXT, b"x" * 200)


def test_fragments_are_put_together_and_controls_come_between() -> None:
    pieces = [
        frame(TEXT, "ü".encode()[:1], fin=False),
        frame(PING, b"now"),
        frame(0, "ü".encode()[1:], fin=False),
        frame(0, b"!"),
        frame(BINARY, b"a", fin=False),
        frame(0, b"b"),
    ]
    answer = plain(PONG, b"now") + plain(TEXT, "ü!".encode()) + plain(BINARY, b"ab")
    assert talk(b"".join(pieces)) == answer
    assert talk(frame(PONG, b"unasked")) == b""


BROKEN = {
    "unknown opcode": (frame(BINARY, b"x").replace(b"\x82", b"\x83", 1), 1002),
    "reserved bits": (b"\xa1\x80abcd", 1002),
    "rsv1 unasked": (b"\xc1\x80abcd", 1002),
    "no mask": (plain(TEXT, b"x"), 1002),
    "long ping": (b"\x89\xfe\x00\x80", 1002),
    "ping in fragments": (b"\x09\x80abcd", 1002),
    "continuation of nothing": (frame(0, b"x"), 1002),
    "message in a message": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
    "close of one byte": (frame(CLOSE, b"x"), 1002),
    "close code 1005": (frame(CLOSE, code(1005)), 1002),
    "close code 0": (frame(CLOSE, code(0)), 1002),
    "close code 5000": (frame(CLOSE, code(5000)), 1002),
    "close reason no text": (frame(CLOSE, code(1000) + b"\xff"), 1007),
    "text no text": (frame(TEXT, b"\xff"), 1007),
    "fragment no text": (frame(TEXT, b"\xff", fin=False), 1007),
    "text cut short": (frame(TEXT, b"\xc3", fin=False) + frame(0, b""), 1007),
    "message too big": (frame(TEXT, b"x" * 11), 1009),
    "announced too big": (b"\x81\xff" + bytes(4) + b"\xff" * 4, 1009),
    "fragments too big": (frame(TEXT, b"x" * 6, fin=False) + frame(0, b"x" * 6), 1009),
}


@pytest.mark.parametrize(("data", "number"), BROKEN.values(), ids=BROKEN)
def test_what_breaks_the_protocol_ends_it_with_the_right_code(
    data: bytes, number: int
) -> None:
    async def scenario() -> None:
        connection = await open_socket(websocket_max_message_size=10)
        answer = await connection.send(data + frame(TEXT, b"late"))
        assert answer[0] == 0x88 and int.from_bytes(answer[2:4], "big") == number
        assert connection.transport.ended
        assert await connection.send(frame(TEXT, b"later")) == answer

    run(scenario)
    assert events(data, websocket_max_message_size=10)[-1]["code"] == number


def test_frames_have_a_limit_of_their_own_and_zero_is_none() -> None:
    assert talk(frame(TEXT, b"x" * 11), websocket_max_frame_size=10)[0] == 0x88
    two = frame(TEXT, b"x" * 10, fin=False) + frame(0, b"y")
    assert talk(two, websocket_max_frame_size=10) == plain(TEXT, b"x" * 10 + b"y")
    options: Any = {"websocket_max_message_size": 0, "websocket_max_frame_size": 0}
    big = frame(BINARY, b"x" * 2_000_000)
    assert len(talk(big, **options)) > 2_000_000


def deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-12)
    return (squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflate(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=-15).decompress(data + b"\0\0\xff\xff")


def test_compression_costs_nothing_before_the_first_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[weakref.ref[Mock]] = []

    def make(*_: Any, **__: Any) -> Mock:
        stream = Mock()
        made.append(weakref.ref(stream))
        return stream

    async def scenario() -> None:
        monkeypatch.setattr(zlib, "compressobj", make)
        monkeypatch.setattr(zlib, "decompressobj", make)
        connection = await open_socket(echo, DEFLATED)
        assert connection.protocol.handshake.deflate is not None
        gc.collect()
        assert [stream for stream in made if stream() is not None] == []

    run(scenario)


def test_messages_are_deflated_if_that_was_agreed_on() -> None:
    async def scenario(*pieces: bytes) -> bytes:
        connection = await open_socket(echo, DEFLATED, websocket_max_message_size=1000)
        return await connection.send(b"".join(pieces))

    squeezed = deflate(b"hello " * 20)
    answer = run(lambda: scenario(frame(TEXT, squeezed, rsv1=True)))
    assert answer[0] == 0xC1 and inflate(answer[2:]) == b"hello " * 20
    halves = [frame(TEXT, squeezed[:5], fin=False, rsv1=True), frame(0, squeezed[5:])]
    assert inflate(run(lambda: scenario(*halves))[2:]) == b"hello " * 20
    assert inflate(run(lambda: scenario(frame(TEXT, b"plain")))[2:]) == b"plain"
    for bad, number in [
        (frame(TEXT, deflate(b"x" * 1001), rsv1=True), 1009),
        (frame(TEXT, b"\xff\xff", rsv1=True), 1007),
        (frame(TEXT, deflate(b"\xff"), rsv1=True), 1007),
        (frame(0, b"", rsv1=True), 1002),
        (b"\xc9\x80abcd", 1002),
    ]:
        answer = run(partial(scenario, bad))
        assert int.from_bytes(answer[2:4], "big") == number


def test_a_full_message_leaves_no_room_for_a_bomb() -> None:
    async def scenario() -> bytes:
        connection = await open_socket(echo, DEFLATED, websocket_max_message_size=1000)
        squeeze = zlib.compressobj(wbits=-12)
        first = squeeze.compress(b"x" * 1000) + squeeze.flush(zlib.Z_SYNC_FLUSH)
        bomb = squeeze.compress(b"x") + squeeze.flush(zlib.Z_SYNC_FLUSH)
        await connection.send(frame(TEXT, first, fin=False, rsv1=True))
        return await connection.send(frame(0, bomb[:-4]))

    assert int.from_bytes(run(scenario)[2:4], "big") == 1009


def test_an_offer_that_cannot_be_kept_is_passed_over() -> None:
    offers = (
        b"x-other, permessage-deflate; server_max_window_bits=99, permessage-deflate,"
    )
    offers += b" permessage-deflate; client_max_window_bits"
    request = (
        UPGRADE + KEY + VERSION + b"Sec-WebSocket-Extensions: " + offers + b"\r\n\r\n"
    )
    head, _ = head_and_body(http(echo, request))
    assert head.count(b"permessage-deflate") == 1


def test_frames_that_come_with_the_handshake_are_read() -> None:
    response = http(echo, HANDSHAKE + frame(TEXT, b"early"))
    assert response.endswith(plain(TEXT, b"early"))


def test_frames_before_accept_wait_within_bounds() -> None:
    async def scenario() -> None:
        go = asyncio.Event()

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await go.wait()
            await echo(scope, receive, send)

        connection = Connection(make_server(application))
        await connection.send(HANDSHAKE)
        await connection.send(frame(BINARY, b"x" * 40000))
        assert not connection.transport.paused
        await connection.send(frame(BINARY, b"x" * 40000))
        assert connection.transport.paused
        go.set()
        await connection.settle()
        assert connection.transport.written.count(b"x" * 40000) == 2
        assert not connection.transport.paused

    run(scenario)


def test_an_application_that_does_not_receive_stops_the_reading() -> None:
    async def scenario() -> None:
        go = asyncio.Event()
        received = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(ACCEPT)
            await go.wait()
            while (event := await receive())["type"] == "websocket.receive":
                received.append(event)

        connection = await open_socket(application)
        await connection.send(frame(TEXT, b"x") * 500)
        assert connection.transport.paused and connection.protocol.qsize() < 100
        go.set()
        await connection.settle(0.01)
        assert len(received) == 500 and not connection.transport.paused

    run(scenario)


def test_a_deflated_stream_may_end_in_the_midst_of_a_conversation() -> None:
    stream = zlib.compressobj(wbits=-15)
    last = stream.compress(b"last") + stream.flush(zlib.Z_FINISH) + b"\0"
    pieces = frame(TEXT, last, rsv1=True) + frame(TEXT, deflate(b"next"), rsv1=True)

    async def scenario() -> bytes:
        connection = await open_socket(echo, DEFLATED)
        return await connection.send(pieces)

    answer = run(scenario)
    length = answer[1]
    assert inflate(answer[2 : 2 + length]) == b"last"
    assert len(answer) > 2 + length + 2 + 2


@pytest.mark.parametrize("cut", [False, True])
def test_a_message_may_be_more_than_one_stream(cut: bool) -> None:
    stream = zlib.compressobj(wbits=-12)
    ended = stream.compress(b"one ") + stream.flush(zlib.Z_FINISH)
    pieces = frame(TEXT, ended + deflate(b"two"), rsv1=True)
    if cut:
        first = frame(TEXT, ended, fin=False, rsv1=True)
        pieces = first + frame(0, deflate(b"two"))
    received = events(pieces, handshake=DEFLATED)
    assert received[1]["text"] == "one two"


def test_streams_behind_one_another_stay_within_the_limit() -> None:
    stream = zlib.compressobj(wbits=-12)
    ended = stream.compress(b"x" * 600) + stream.flush(zlib.Z_FINISH)
    limits = {"websocket_max_message_size": 1000}
    received = events(
        frame(BINARY, ended + ended + b"\0", rsv1=True), handshake=DEFLATED, **limits
    )
    assert received[1]["type"] == "websocket.disconnect" and received[1]["code"] == 1009


def test_a_frame_of_many_ended_streams_is_refused_at_once() -> None:
    """Each of them copies the rest: half a million of two bytes would take minutes."""
    received = events(frame(BINARY, b"\x03\0" * 500_000, rsv1=True), handshake=DEFLATED)
    assert received[1]["type"] == "websocket.disconnect" and received[1]["code"] == 1009


def test_what_cannot_be_deflated_may_be_as_long_as_the_limit() -> None:
    data = random.Random(1).randbytes(5000)
    limits = {"websocket_max_message_size": 5000, "websocket_max_frame_size": 5000}
    received = events(
        frame(BINARY, deflate(data), rsv1=True), handshake=DEFLATED, **limits
    )
    assert received[1]["bytes"] == data


def test_pings_of_a_client_that_does_not_read_are_not_read() -> None:
    async def scenario() -> None:
        connection = await open_socket()
        connection.transport.slow = True
        pings = frame(PING, b"x" * 100) * 1000
        await connection.send(pings)
        assert connection.transport.paused and connection.transport.unsent < 70000
        connection.transport.take()
        written = await connection.settle()
        assert written.count(plain(PONG, b"x" * 100)) == 1000
        assert not connection.transport.paused

    run(scenario)


def test_a_slow_reader_suspends_send() -> None:
    async def scenario() -> None:
        sent = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send(ACCEPT)
            for number in range(3):
                await send({"type": "websocket.send", "bytes": b"x" * 70000})
                sent.append(number)
            await receive()
            await receive()

        connection = Connection(make_server(application))
        connection.transport.slow = True
        await connection.send(HANDSHAKE)
        assert sent == []
        connection.transport.take()
        await connection.settle()
        assert sent == [0]
        connection.transport.lose()
        await connection.settle()

    run(scenario)


def test_the_client_closes_with_code_and_reason() -> None:
    assert talk(frame(CLOSE, code(1001, "bye"))) == plain(CLOSE, code(1001))
    assert talk(frame(CLOSE)) == plain(CLOSE)
    last = events(frame(CLOSE, code(3001, "bye")))[-1]
    assert last == {"type": "websocket.disconnect", "code": 3001, "reason": "bye"}
    assert events(frame(CLOSE))[-1]["code"] == 1005
    assert events()[-1]["code"] == 1006


@pytest.mark.parametrize("last", [b"", frame(TEXT, b"ignored"), frame(PING, b"x")])
def test_the_application_closes_with_code_and_reason(last: bytes) -> None:
    async def scenario() -> None:
        received = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(ACCEPT)
            await send({"type": "websocket.close", "code": 4000, "reason": "é" * 99})
            with pytest.raises(ClientDisconnected):
                await send({"type": "websocket.send", "text": "late"})
            received.append(await receive())

        server = make_server(application)
        connection = Connection(server)
        written = await connection.send(HANDSHAKE)
        assert plain(CLOSE, code(4000, "é" * 61)) in written
        assert await connection.send(last + frame(CLOSE, code(4000))) == written
        assert connection.transport.closing
        assert received == [
            {"type": "websocket.disconnect", "code": 4000, "reason": ""}
        ]
        assert not server.connections

    run(scenario)


def test_close_has_a_default_code_and_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(ws_protocol, "CLOSE_TIMEOUT", 0.01)
        connection = Connection(make_server(reply(ACCEPT, {"type": "websocket.close"})))
        assert plain(CLOSE, code(1000)) in await connection.send(HANDSHAKE)
        await connection.settle(0.03)
        assert connection.transport.closing

    run(scenario)


MISUSE: dict[str, Any] = {
    "accept twice": ACCEPT,
    "both keys": {"type": "websocket.send", "text": "a", "bytes": b"a"},
    "no key": {"type": "websocket.send"},
    "text in bytes": {"type": "websocket.send", "bytes": "a"},
    "bytes in text": {"type": "websocket.send", "text": b"a"},
    "half a character": {"type": "websocket.send", "text": "\ud800"},
    "bad code": {"type": "websocket.close", "code": 1005},
    "unknown": {"type": "websocket.nonsense"},
}


@pytest.mark.parametrize("message", MISUSE.values(), ids=MISUSE)
def test_misuse_behind_accept_is_1011(message: Any) -> None:
    async def scenario() -> bytes:
        connection = Connection(make_server(reply(ACCEPT, message)))
        return await connection.send(HANDSHAKE)

    assert run(scenario).endswith(plain(CLOSE, code(1011)))


def test_an_application_that_returns_closes_with_1000() -> None:
    assert http(reply(ACCEPT), HANDSHAKE).endswith(plain(CLOSE, code(1000)))


def test_an_application_that_raises_closes_with_1011() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        raise RuntimeError("broken")

    assert http(application, HANDSHAKE).endswith(plain(CLOSE, code(1011)))


def test_a_client_that_breaks_the_protocol_behind_our_close_is_ended() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(reply(ACCEPT, {"type": "websocket.close"})))
        written = await connection.send(HANDSHAKE)
        assert await connection.send(plain(TEXT, b"x")) == written
        assert connection.transport.ended

    run(scenario)


def test_empty_messages_are_messages() -> None:
    sent = reply(
        ACCEPT,
        {"type": "websocket.send", "text": "", "bytes": None},
        {"type": "websocket.send", "bytes": b"", "text": None},
    )
    assert plain(TEXT) + plain(BINARY) in http(sent, HANDSHAKE)


def test_an_application_that_does_not_accept_in_time_is_403() -> None:
    async def scenario() -> bytes:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(3600)

        connection = Connection(
            make_server(application, websocket_connect_timeout=0.01)
        )
        await connection.send(HANDSHAKE)
        written = await connection.settle(0.03)
        connection.transport.lose()
        return written

    assert run(scenario).startswith(b"HTTP/1.1 403 ")


def test_a_denial_that_does_not_end_in_time_is_ended() -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send({**start(401), "type": "websocket.http.response.start"})
            await send({**body(b"x", True), "type": "websocket.http.response.body"})
            await asyncio.sleep(3600)

        connection = Connection(
            make_server(application, websocket_connect_timeout=0.01)
        )
        await connection.send(HANDSHAKE)
        await connection.settle(0.03)
        assert connection.transport.aborted

    run(scenario)


def test_a_websocket_may_live_only_so_long() -> None:
    async def scenario() -> None:
        connection = await open_socket(websocket_timeout=0.02)
        assert await connection.settle(0.04) == plain(CLOSE, code(1000))

    run(scenario)


def test_a_negative_limit_is_none() -> None:
    async def scenario() -> None:
        options: Any = {"websocket_timeout": -1, "websocket_connect_timeout": -1}
        connection = await open_socket(**options, ping_interval=0)
        assert await connection.settle(0.03) == b""

    run(scenario)


def test_a_silent_client_is_pinged_and_then_given_up() -> None:
    async def scenario() -> None:
        connection = await open_socket(ping_interval=0.02, ping_timeout=0.02)
        while not connection.transport.ended:
            await connection.settle(0.01)
        assert connection.take().startswith(plain(PING) + b"\x88")

    run(scenario)


def test_pings_come_at_their_interval_however_long_an_answer_may_take() -> None:
    async def scenario() -> None:
        connection = await open_socket(ping_interval=20, ping_timeout=30)
        protocol, begin = connection.protocol, connection.protocol.last_seen
        for ping in (20, 40, 60):
            assert protocol.check_pings(begin + ping - 1) == begin + ping
            assert connection.take() == b""
            assert protocol.check_pings(begin + ping) == begin + ping + 20
            assert connection.take() == plain(PING)
            protocol.last_seen = begin + ping  # the answer, and then silence
        assert protocol.check_pings(begin + 80) == begin + 100
        assert protocol.check_pings(begin + 100) == begin + 110
        assert connection.take() == plain(PING)
        protocol.check_pings(begin + 110)
        assert connection.take().startswith(b"\x88")

    run(scenario)


def test_a_client_we_do_not_read_is_not_blamed() -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(ACCEPT)
            await asyncio.sleep(0.1)
            while (await receive())["type"] == "websocket.receive":
                pass

        connection = await open_socket(
            application, ping_interval=0.01, ping_timeout=0.01
        )
        await connection.send(frame(TEXT, b"x") * 100)
        assert await connection.settle(0.05) == b""

    run(scenario)


def test_actions_are_logged() -> None:
    lines: list[Any] = []

    def log(protocol: str, action: str, details: Any) -> None:
        lines.append((protocol, action, details["path"], details["client"]))

    talk(frame(CLOSE), action_logger=log)
    assert [line[1] for line in lines] == ["connecting", "connected", "disconnected"]
    assert lines[0] == ("websocket", "connecting", "/chat?a=b", "10.0.0.1:1234")
    lines.clear()
    http(reply({"type": "websocket.close"}), HANDSHAKE, action_logger=log)
    assert "rejected" in [line[1] for line in lines]


def test_a_websocket_says_what_it_is() -> None:
    async def scenario() -> None:
        connection = await open_socket()
        assert "10.0.0.1" in repr(connection.protocol) and "/chat" in repr(
            connection.protocol
        )

    run(scenario)


def test_a_handshake_waits_for_the_requests_before_it() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.01)
        await (hello if scope["type"] == "http" else echo)(scope, receive, send)

    async def scenario() -> bytes:
        connection = Connection(make_server(application))
        await connection.send(GET + HANDSHAKE + frame(TEXT, b"early"))
        return await connection.settle(0.05)

    written = run(scenario)
    assert written.index(b"hello") < written.index(b" 101 ")
    assert written.endswith(plain(TEXT, b"early"))


def test_a_client_that_leaves_before_accept_is_told_to_the_application() -> None:
    async def scenario() -> None:
        received = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            received.append(await receive())
            received.append(await receive())
            with pytest.raises(OSError, match="disconnected"):
                await send(ACCEPT)

        server = make_server(application)
        connection = Connection(server)
        await connection.send(HANDSHAKE)
        connection.transport.lose()
        await connection.settle()
        assert received[-1]["code"] == 1006 and not server.connections

    run(scenario)


def test_a_mistake_in_a_handshake_is_a_500_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for owner, name in [
        (http_protocol.WebRequest, "upgrade_to_websocket"),
        (ws_protocol.WebSocketProtocol, "build_scope"),
        (ws_protocol, "build_websocket_scope"),
    ]:
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, break_it)
            written = http(echo, GET + HANDSHAKE, frame(TEXT, b"early"))
        assert written.count(b"HTTP/1.1 200") == 1, name
        assert written.count(b"HTTP/1.1 500") == 1, name
        assert "Traceback" in caplog.text and "ZeroDivisionError" in caplog.text
        caplog.clear()


def test_a_mistake_in_a_frame_is_1011_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        connection = await open_socket()
        monkeypatch.setattr(frames.FrameReader, "check_head", break_it)
        await connection.send(frame(TEXT, b"hello"))
        reason = "Exception inside the server."
        assert connection.take() == plain(CLOSE, code(1011, reason))
        assert connection.transport.ended and not connection.server.connections

    run(scenario)
    assert "Traceback" in caplog.text and "ZeroDivisionError" in caplog.text


def test_context_variables_of_an_application_are_its_own() -> None:
    user: ContextVar[str] = ContextVar("user", default="nobody")
    seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        seen.append(user.get())
        user.set(scope["path"])
        await echo(scope, receive, send)

    http(application, GET + HANDSHAKE)
    assert seen == ["nobody", "nobody"]
