"""A server with no socket: connections in memory, with working water marks."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

from minidaphne.server import Server

HIGH, LOW = 65536, 16384
Application = Callable[..., Any]


class MemoryTransport(asyncio.Transport):
    """Keeps what is written; while `slow`, it counts as not sent yet."""

    def __init__(self, protocol: Any, **extra: Any) -> None:
        self.addresses = {"peername": ("10.0.0.1", 1234), "sockname": ("10.0.0.2", 80)}
        self.addresses.update(extra)
        self.protocol = protocol
        self.written = b""
        self.unsent = 0
        self.slow = self.closing = self.aborted = self.paused = self.ended = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.addresses.get(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.closing or self.ended:
            return
        self.written += data
        if self.slow:
            self.unsent += len(data)
            if self.unsent > HIGH:
                self.protocol.pause_writing()

    def take(self) -> None:
        """The client reads what was written."""
        self.unsent = 0
        self.protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            if not self.unsent:
                asyncio.get_running_loop().call_soon(self.lose)

    def abort(self) -> None:
        if not self.aborted:
            self.aborted = self.closing = True
            asyncio.get_running_loop().call_soon(self.lose)

    def lose(self) -> None:
        """The connection is gone."""
        self.closing = True
        self.protocol.connection_lost(None)


class Connection:
    """A client's side of a connection in memory."""

    def __init__(self, server: Server, **extra: Any) -> None:
        self.server = server
        protocol = server.http_factory.build_protocol()
        self.transport = MemoryTransport(protocol, **extra)
        protocol.connection_made(self.transport)

    @property
    def protocol(self) -> Any:
        return self.transport.protocol

    async def send(self, data: bytes) -> bytes:
        """Send bytes, let everyone react, and take what has been written so far."""
        self.transport.protocol.data_received(data)
        return await self.settle()

    async def settle(self, seconds: float = 0) -> bytes:
        """Let everyone react."""
        if seconds:
            await asyncio.sleep(seconds)
        for _ in range(20):
            await asyncio.sleep(0)
        return self.transport.written

    def take(self) -> bytes:
        """What has been written since it was last taken."""
        written, self.transport.written = self.transport.written, b""
        return written


def make_server(application: Application, **options: Any) -> Server:
    """A server that is ready for connections on the running loop."""
    server = Server(application, ["tcp:port=0"], **options)
    server.prepare(asyncio.get_running_loop())
    return server


class VirtualSelector(selectors.DefaultSelector):
    """Waits for nothing: when it should, the loop's clock is turned instead."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing will ever happen"
        ready = super().select(0)
        if not ready:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on which an hour takes no time."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = VirtualSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def run_virtually(scenario: Callable[[], Awaitable[Any]]) -> Any:
    """Run a scenario on a virtual clock."""

    async def main() -> Any:
        return await scenario()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def run(scenario: Callable[[], Awaitable[Any]]) -> Any:
    """Run a scenario on a loop of its own."""

    async def main() -> Any:
        return await scenario()

    return asyncio.run(main())


def http(application: Application, *pieces: bytes, **options: Any) -> bytes:
    """Send pieces over one connection, and return all that came back."""

    async def scenario() -> bytes:
        connection = Connection(make_server(application, **options))
        for piece in pieces:
            await connection.send(piece)
        written = await connection.settle()
        connection.transport.lose()
        await connection.settle()
        return written

    result: bytes = run_virtually(scenario)
    return result


def reply(*messages: dict[str, Any]) -> Application:
    """An application that sends these messages, whatever it is asked."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return application


def start(status: Any = 200, **headers: str) -> dict[str, Any]:
    """``http.response.start``; an underscore in a header's name stands for a dash."""
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def body(data: Any = b"", more_body: bool = False) -> dict[str, Any]:
    """``http.response.body``."""
    return {"type": "http.response.body", "body": data, "more_body": more_body}


hello = reply(start(), body(b"hello"))


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request with its body; echo the messages of a WebSocket."""
    if scope["type"] == "http":
        data, more = b"", True
        while more:
            event = await receive()
            data += event["body"]
            more = event["more_body"]
        await send(start())
        await send(body(data))
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({**event, "type": "websocket.send"})


def break_it(*_: Any) -> Any:
    """Make a mistake, in place of a function that makes none."""
    raise ZeroDivisionError


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def head_and_body(response: bytes) -> tuple[bytes, bytes]:
    """Split a response."""
    head, _, rest = response.partition(b"\r\n\r\n")
    return head.lower(), rest
