"""Whatever a client sends, in whatever pieces: what must hold is held.

Hypothesis makes up the bytes, the pieces and the pauses between them; connections and
the clock are in memory.  The invariants: a connection ends within its limits, whatever
the client does; what is well-formed is answered in its order, and each application sees
its own request alone; a byte costs a bounded number of calls; no exception is left to
the event loop, and none of ours is logged.

The budget is fixed, and every run of the suite makes up the same.  To look for more,
``MINIDAPHNE_FUZZ=20000 pytest tests/minidaphne/test_fuzz.py`` makes up so many anew.
"""

import asyncio
import logging
import os
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .memory import Connection, make_server, run_virtually

EXAMPLES = int(os.environ.get("MINIDAPHNE_FUZZ", "0"))
budget = settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
OPTIONS: dict[str, Any] = {
    "http_timeout": 30,
    "limit_request_body": 100_000,
    "trusted_proxies": "10.0.0.0/8",
    "proxy_forwarded_address_header": "X-Forwarded-For",
    "proxy_forwarded_port_header": "X-Forwarded-Port",
    "proxy_forwarded_proto_header": "X-Forwarded-Proto",
}
#: Virtual seconds in which every connection must have ended, whatever it is.
LIFETIME = 400
#: Calls that a packet may cost, and so many more for each of its bytes.
CALLS, CALLS_A_BYTE = 400, 15


# The applications


class Mistake(Exception):
    """What an application of these tests raises."""


user: ContextVar[bytes] = ContextVar("user")
#: What the applications of one example received: marks in their paths, and bodies.
seen: list[tuple[bytes, bytes]] = []


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Do what the path asks for; see that no other request has left anything."""
    await asyncio.sleep(0)
    if user.get(None) is not None:
        raise AssertionError("the context of another request")
    user.set(scope["raw_path"])
    behaviour: str = scope["path"].strip("/").partition("/")[0]
    if scope["type"] == "http":
        await answer(behaviour, scope, receive, send)
    else:
        await converse(behaviour, receive, send)


async def read(receive: Callable[[], Awaitable[dict[str, Any]]]) -> bytes:
    """Receive the whole body."""
    data = b""
    while (event := await receive())["type"] == "http.request":
        data += event["body"]
        if not event["more_body"]:
            break
    return data


async def answer(behaviour: str, scope: Any, receive: Any, send: Any) -> None:
    """Answer a request, or fail to."""
    start: dict[str, Any] = {"type": "http.response.start", "status": 200}
    body: dict[str, Any] = {"type": "http.response.body", "body": b"no body"}
    if behaviour == "late":
        await asyncio.sleep(25)
    if behaviour == "raise":
        raise Mistake
    if behaviour == "handle":
        try:
            raise Mistake
        except Mistake:
            await send(start)
            await send(body)
        return
    if behaviour == "never":
        await asyncio.sleep(3600)
    if behaviour == "disconnect":
        while (await receive())["type"] != "http.disconnect":
            pass
    if behaviour not in ("hello", "return", "large"):
        body["body"] = await read(receive)
        seen.append((scope["raw_path"], body["body"]))
    if behaviour == "return":
        return
    await send(start)
    if behaviour == "half":
        await send({**body, "more_body": True})
        return
    for _ in range(40 if behaviour == "large" else 0):
        await send({**body, "body": b"x" * 4000, "more_body": True})
    await send(body)


async def converse(behaviour: str, receive: Any, send: Any) -> None:
    """Echo on a WebSocket, or do something else."""
    await receive()
    if behaviour == "never":
        await asyncio.sleep(3600)
    if behaviour == "raise":
        raise Mistake
    if behaviour == "half":
        await send({"type": "websocket.http.response.start", "status": 403})
        await send({"type": "websocket.http.response.body", "body": b"no"})
        return
    if behaviour == "return":
        return
    await send({"type": "websocket.accept"})
    if behaviour == "late":
        await asyncio.sleep(25)
    if behaviour == "hello":
        await send({"type": "websocket.close", "code": 4000})
    while (event := await receive())["type"] == "websocket.receive":
        await send({**event, "type": "websocket.send"})


# The client


@dataclass
class Example:
    """What a client does.

    Attributes:
        pieces: what it sends, and the seconds that it waits before each.
        end: ``"stay"``, ``"half-close"`` or ``"leave"``.
        slow: whether it reads nothing.
    """

    pieces: list[tuple[float, bytes]]
    end: str = "stay"
    slow: bool = False


class Client:
    """Sends an example, as far as the server reads it."""

    def __init__(self, example: Example) -> None:
        self.example = example
        self.connection = Connection(make_server(application, **OPTIONS))
        self.transport = self.connection.transport
        self.transport.slow = example.slow

    @property
    def protocol(self) -> Any:
        """HTTP's, and WebSocket's after an upgrade."""
        return self.connection.protocol

    async def live(self) -> bytes:
        """Send everything, and wait until the connection has ended."""
        for pause, piece in self.example.pieces:
            await asyncio.sleep(pause)
            while self.transport.paused and not self.transport.closing:
                await asyncio.sleep(0.5)
            if self.transport.closing:
                break
            self.feed(piece)
        if not self.transport.closing and not self.transport.paused:
            self.leave()
        async with asyncio.timeout(LIFETIME):
            while self.connection.server.channels or self.connection.server.connections:
                await asyncio.sleep(0.5)
        return self.transport.written

    def feed(self, piece: bytes) -> None:
        """Have the server read a packet, and count what that costs."""
        size = len(piece) + len(getattr(self.protocol, "unparsed", b""))
        calls = count_calls(lambda: self.protocol.data_received(piece))
        assert calls <= CALLS + CALLS_A_BYTE * size, f"{calls} calls for {size} bytes"

    def leave(self) -> None:
        """End as the example has it."""
        if self.example.end == "leave":
            self.transport.closing = True
            self.transport.lose()
        elif self.example.end == "half-close" and not self.protocol.eof_received():
            self.transport.close()


def count_calls(act: Callable[[], Any]) -> int:
    """How many functions are called, those written in C included."""
    calls = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


class Records(logging.Handler):
    """What is logged that no application is the cause of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, unless it says what an application of these tests did."""
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage()
        if error is None and said.startswith(
            ("Application returned", "Application in")
        ):
            return
        if said.startswith("Exception inside application") and type(error) is Mistake:
            return
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def records() -> Iterator[Records]:
    """Listens to all logs."""
    handler = Records()
    logging.root.addHandler(handler)
    yield handler
    logging.root.removeHandler(handler)


def live(example: Example, records: Records) -> bytes:
    """Live through an example: what has the server written?"""
    records.lines.clear()
    seen.clear()
    unhandled: list[dict[str, Any]] = []

    async def scenario() -> bytes:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unhandled.append(context))
        return await Client(example).live()

    written: bytes = run_virtually(scenario)
    assert not unhandled and not records.lines
    return written


# What it sends

BEHAVIOURS = b"echo hello late raise handle never disconnect return half large".split()
paths = st.sampled_from([b"/" + word for word in BEHAVIOURS])
noise = st.binary(max_size=12)
numbers = st.sampled_from(
    [b"0", b"3", b"-1", b"+3", b"3, 3", b"1" * 20, b"0" * 5000 + b"3", b"1" * 5000, b""]
)
VALUES: dict[bytes, Any] = {
    b"Host": st.sampled_from([b"a", b"a:80", b"[::1]", b"a b", b"a/b", b""]),
    b"Content-Length": numbers,
    b"Transfer-Encoding": st.sampled_from([b"chunked", b"gzip", b"chunked, chunked"]),
    b"Expect": st.sampled_from([b"100-continue", b"no"]),
    b"Connection": st.sampled_from(
        [b"close", b"keep-alive", b"Upgrade", b"upgrade, a"]
    ),
    b"Upgrade": st.sampled_from([b"websocket", b"h2c", b"a, websocket"]),
    b"Sec-WebSocket-Key": st.sampled_from([b"dGhlIHNhbXBsZSBub25jZQ==", b"a"]),
    b"Sec-WebSocket-Version": st.sampled_from([b"13", b"8"]),
    b"Sec-WebSocket-Protocol": noise,
    b"Sec-WebSocket-Extensions": st.sampled_from(
        [b"permessage-deflate", b"permessage-deflate; client_max_window_bits=8", b";"]
    ),
    b"X-Forwarded-For": st.sampled_from([b"1.2.3.4", b"::ffff:10.0.0.1", b",,", b"a"]),
    b"X-Forwarded-Port": numbers,
    b"X-Forwarded-Proto": st.sampled_from([b"https", b"wss", b"gopher"]),
    b"Daphne-Root-Path": st.sampled_from([b"/a", b"%FF%", b"https://evil.example"]),
    b"a_b": noise,
}
header = st.one_of(
    st.sampled_from(sorted(VALUES)).flatmap(
        lambda name: st.builds(lambda value: name + b": " + value, VALUES[name])
    ),
    st.builds(lambda name, value: name + b":" + value, noise, noise),
    st.sampled_from([b"a:\r\n" * 2000 + b"b:c", b"a:" + b"b" * 70000]),
)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


content = st.one_of(
    noise,
    st.lists(noise.map(chunk), max_size=4).map(
        lambda all: b"".join(all) + b"0\r\n\r\n"
    ),
    st.sampled_from([b"abc", b"1;" + b"e" * 5000, b"x" * 70000, b"1\r\na\r\n" * 900]),
)
wild = st.builds(
    lambda method, target, version, headers, body: b"\r\n".join(
        [b"%b %b %b" % (method, target, version), *headers, b"", body]
    ),
    st.sampled_from(
        [b"GET", b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"", b"\x16\x03"]
    ),
    st.one_of(
        paths, st.sampled_from([b"*", b"http://b/echo", b"http://", b"a:80"]), noise
    ),
    st.sampled_from([b"HTTP/1.1"] * 4 + [b"HTTP/1.0", b"HTTP/2.0", b""]),
    st.lists(header, max_size=5),
    content,
)
get = paths.map(lambda path: b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)


@st.composite
def cut(draw: Any, data: bytes) -> list[tuple[float, bytes]]:
    """Cut what is sent into pieces, with pauses between them."""
    how = draw(st.sampled_from(["whole", "bytes", "some", "some", "some"]))
    if how == "bytes" and len(data) < 500:
        ends = list(range(1, len(data)))
    elif how == "whole":
        ends = []
    else:
        ends = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    pieces = [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]
    pauses = [0, 0, 0, 0.01, 0.2] if how == "bytes" else [0, 0, 0.01, 3, 9.9, 31]
    pause = st.sampled_from(pauses)
    return [(draw(pause), piece) for piece in pieces if piece]


@st.composite
def mutate(draw: Any, data: bytes) -> bytes:
    """Put other bytes in the place of a few."""
    changed = bytearray(data)
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        changed[at : at + 1] = draw(st.binary(max_size=2))
    return bytes(changed)


def examples(data: Any) -> Any:
    """Clients that send this."""
    return st.builds(
        Example,
        data.flatmap(mutate).flatmap(cut),
        st.sampled_from(["stay", "stay", "half-close", "leave"]),
        st.sampled_from([False, False, False, True]),
    )


pipelines = st.lists(st.one_of(get, get, wild), min_size=1, max_size=5).map(b"".join)


@budget
@given(example=examples(pipelines))
def test_a_connection_ends_whatever_is_sent(example: Example, records: Records) -> None:
    live(example, records)


# Well-formed requests

bodies = st.one_of(noise, st.binary(min_size=5000, max_size=9000))


@st.composite
def well_formed(draw: Any) -> tuple[list[tuple[bytes, bytes]], Example]:
    """Requests, each a path and a body, and a client that sends them."""
    pieces = b""
    requests = []
    for number in range(draw(st.integers(1, 5))):
        word = draw(st.sampled_from([b"echo", b"hello", b"handle", b"large"]))
        path, body = b"/%b/%d" % (word, number), draw(bodies)
        framing = draw(st.sampled_from(["length", "chunks"]))
        expect = draw(st.sampled_from([b"", b"Expect: 100-continue\r\n"]))
        if framing == "length":
            line, sent = b"Content-Length: %d" % len(body), body
        else:
            halves = [half for half in (body[:7], body[7:]) if half]
            line = b"Transfer-Encoding: chunked"
            sent = b"".join(map(chunk, halves)) + b"0\r\n\r\n"
        head = b"POST %b HTTP/1.1\r\nHost: a\r\n%b%b\r\n\r\n" % (path, expect, line)
        requests.append((path, body))
        pieces += head + sent
    calm = [(min(pause, 1), piece) for pause, piece in draw(cut(pieces))]
    return requests, Example(calm)


@budget
@given(sent=well_formed())
def test_each_request_is_answered_in_its_turn_and_by_itself(
    sent: tuple[list[tuple[bytes, bytes]], Example], records: Records
) -> None:
    requests, example = sent
    responses = live(example, records).replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    echoes = [(path, body) for path, body in requests if path.startswith(b"/echo")]
    if b"connection: close" not in responses:  # for a body that was not asked for
        assert responses.count(b"HTTP/1.1 200 OK\r\n") == len(requests)
        assert seen == echoes
    else:
        assert seen == echoes[: len(seen)]
    at = 0
    for _, body in seen:
        at = responses.index(b"\r\n\r\n" + body, at) + 4 + len(body)


# WebSocket frames


@st.composite
def frames(draw: Any) -> bytes:
    """A frame, of whatever kind, with whatever length it claims."""
    first = draw(
        st.sampled_from([0x81, 0x82, 0x88, 0x89, 0x8A, 0x01, 0, 0x80, 0xC1, 0xC2])
    )
    if draw(st.integers(0, 9)) == 0:
        first = draw(st.integers(0, 255))
    payload: bytes = draw(
        st.one_of(
            st.text(max_size=20).map(str.encode),
            noise,
            st.sampled_from([b"\x03\xe8", b"\x03\xedno", b"x" * 300, b"y" * 70000]),
        )
    )
    if first & 0x40:
        pack = zlib.compressobj(wbits=-12)
        payload = pack.compress(payload * 9) + pack.flush(zlib.Z_SYNC_FLUSH)[:-4]
    masked = 0 if draw(st.integers(0, 19)) == 0 else 0x80
    claimed = (
        len(payload) if draw(st.integers(0, 19)) else draw(st.integers(0, 1 << 63))
    )
    if claimed < 126:
        head = struct.pack("!BB", first, masked | claimed)
    elif claimed < 65536:
        head = struct.pack("!BBH", first, masked | 126, claimed)
    else:
        head = struct.pack("!BBQ", first, masked | 127, claimed)
    return head + b"\0\0\0\0" + payload  # a mask that changes nothing


HANDSHAKE = (
    b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
conversations = st.builds(
    lambda before, path, sent: b"".join([*before, HANDSHAKE % path, *sent]),
    st.lists(get, max_size=1),
    paths,
    st.lists(frames(), max_size=8),
)
floods = st.builds(
    lambda path, frame, times: HANDSHAKE % path + frame * times,
    paths,
    frames().filter(lambda frame: len(frame) < 400),
    st.sampled_from([100, 3000]),
)


@budget
@given(example=examples(st.one_of(conversations, conversations, conversations, floods)))
def test_a_websocket_ends_whatever_is_sent(example: Example, records: Records) -> None:
    live(example, records)
