"""Backpressure, both ways.

`Flow` owns the two taps of one connection, and is kept through an upgrade: whether
we read from the socket (a set of reasons not to), and whether the application may
write to it.  `InputQueue` holds the events that wait for the application; its law is
that it grows past its bounds by no more than one read of the socket brings, because
the connection is not read while it is full.
"""

import asyncio
from enum import Flag
from typing import Any

from .types import Address, Hook

#: Bytes waiting for the application above which the socket is not read any more.
HIGH_WATER = 65536
#: Seconds a client that reads slowly has to catch up with what is written.
WRITE_TIMEOUT = 60
#: Events waiting for the application above which the socket is not read any more.
MAX_EVENTS = 64


class Pause(Flag):
    """Why a connection is not read."""

    NOTHING = 0
    APPLICATION = 1  # the application has not received what is there already
    PIPELINE = 2  # a request waits for the answer to the one before it
    HANDSHAKE = 4  # the application has not accepted the WebSocket yet


class Flow:
    """One connection: its transport, its addresses, and its two taps.

    Args:
        transport: the transport that is read and written.
        loop: the event loop.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.transport = transport
        self.loop = loop
        self.client_addr = read_address(transport.get_extra_info("peername"))
        self.server_addr = read_address(transport.get_extra_info("sockname"))
        self.scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self.reasons = Pause.NOTHING
        self.resumed: asyncio.Event | None = None  # there is one while writing waits

    def pause_reading(self, reason: Pause) -> None:
        """Stop reading for one more reason."""
        if not self.reasons and not self.transport.is_closing():
            self.transport.pause_reading()
        self.reasons |= reason

    def resume_reading(self, reason: Pause) -> None:
        """Take a reason back, and read again if it was the last."""
        if self.reasons & reason:
            self.reasons &= ~reason
            if not self.reasons and not self.transport.is_closing():
                self.transport.resume_reading()

    def pause_writing(self) -> None:
        """The transport's buffer is above its mark: the client reads slowly."""
        self.resumed = asyncio.Event()
        self.timer = self.loop.call_later(WRITE_TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        """The transport's buffer has drained, or the connection is lost."""
        if self.resumed is not None:
            self.timer.cancel()
            self.resumed.set()
            self.resumed = None

    async def drain(self) -> None:
        """Wait until the client has taken what was written; at once if it has."""
        if self.resumed is not None:
            await self.resumed.wait()


def read_address(name: Any) -> Address:
    """A socket's address as the scope has it, a list; None if it has no name."""
    if isinstance(name, tuple):
        return [name[0], name[1]]
    return [name, None] if name else None


class InputQueue:
    """The events of one conversation that wait for the application.

    The application's ``receive`` is `get`; only one `get` waits at a time.

    Args:
        loop: the event loop the waiting is done on.
        flow: the connection to stop reading from while the queue is full.
        on_wait: called when the application asks for an event and none is there.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, flow: Flow | None, on_wait: Hook
    ) -> None:
        self.loop = loop
        self.flow = flow
        self.on_wait = on_wait
        self.events: list[tuple[Any, int]] = []
        self.size = 0
        self.waiter: asyncio.Future[None] | None = None

    def qsize(self) -> int:
        """How many events wait."""
        return len(self.events)

    def put_nowait(self, event: Any, size: int = 0) -> None:
        """Add an event; ``size`` bytes of it count against `HIGH_WATER`."""
        self.events.append((event, size))
        self.size += size
        self.regulate()
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def put_body(self, body: bytes, more_body: bool) -> None:
        """Add a piece of a body, to the piece before it if that still waits."""
        if self.events and self.events[-1][0].get("more_body"):
            event, size = self.events.pop()
            self.size -= size
            body = event["body"] + body
        event = {"type": "http.request", "body": body, "more_body": more_body}
        self.put_nowait(event, len(body))

    def regulate(self) -> None:
        """Read from the connection, or not, as there is room."""
        if self.flow is None:
            return
        if self.size > HIGH_WATER or len(self.events) > MAX_EVENTS:
            self.flow.pause_reading(Pause.APPLICATION)
        elif self.flow.reasons:
            self.flow.resume_reading(Pause.APPLICATION)

    def clear(self) -> None:
        """Forget what nobody will receive."""
        self.events.clear()
        self.size = 0
        self.regulate()

    async def get(self) -> Any:
        """Wait for the next event, and take it."""
        if not self.events:
            self.on_wait()
        while not self.events:
            self.waiter = self.loop.create_future()
            await self.waiter
        event, size = self.events.pop(0)
        self.size -= size
        self.regulate()
        return event
