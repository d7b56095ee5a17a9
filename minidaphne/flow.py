"""Backpressure, both ways.

`Flow` owns the two taps of one connection, and is kept through an upgrade: whether
we read from the socket (a set of reasons not to), and whether the application may
write to it.  `InputQueue` holds the events that wait for the application; its law is
that it never grows past its bounds by more than what one read of the socket brings,
because the connection is not read while it is full.
"""

import asyncio
from collections.abc import Callable
from enum import Flag
from typing import Any

#: Bytes waiting for the application above which the socket is not read any more.
HIGH_WATER = 65536
#: Messages waiting for the application above which the socket is not read any more.
MAX_EVENTS = 64


class Pause(Flag):
    """Why a connection is not read."""

    NOTHING = 0
    APPLICATION = 1  # the application has not received what is there already
    PIPELINE = 2  # a request waits for the answer to the one before it
    HANDSHAKE = 4  # the application has not accepted the WebSocket yet


class Flow:
    """The two taps of one connection.

    Args:
        transport: the transport that is read and written.
    """

    __slots__ = ("reasons", "resumed", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.reasons = Pause.NOTHING
        self.resumed: asyncio.Event | None = (
            None  # there is one while writing is paused
        )

    def pause_reading(self, reason: Pause) -> None:
        """Stop reading for one more reason."""
        if not self.reasons and not self.transport.is_closing():
            self.transport.pause_reading()
        self.reasons |= reason

    def resume_reading(self, reason: Pause) -> None:
        """Take one reason back, and read again if it was the last."""
        if not self.reasons & reason:
            return
        self.reasons &= ~reason
        if not self.reasons and not self.transport.is_closing():
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        """The transport's buffer is above its high-water mark: the client reads slowly."""
        self.resumed = asyncio.Event()

    def resume_writing(self) -> None:
        """The transport's buffer has drained, or the connection is lost."""
        if self.resumed is not None:
            self.resumed.set()
            self.resumed = None

    async def drain(self) -> None:
        """Wait until the client has taken what was written; at once if it has."""
        if self.resumed is not None:
            await self.resumed.wait()


class InputQueue:
    """The ASGI events of one conversation that wait for the application.

    The application's ``receive`` is `get`.

    Args:
        loop: the event loop the waiting is done on.
        flow: the connection to stop reading from while the queue is full.
        on_wait: called when the application asks for an event and none is there.
    """

    __slots__ = ("events", "flow", "loop", "on_wait", "size", "waiters")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Flow | None = None,
        on_wait: Callable[[], None] | None = None,
    ) -> None:
        self.loop = loop
        self.flow = flow
        self.on_wait = on_wait
        self.events: list[tuple[Any, int]] = []
        self.waiters: list[asyncio.Future[None]] = []
        self.size = 0

    def qsize(self) -> int:
        """How many events wait."""
        return len(self.events)

    def full(self) -> bool:
        """Whether the connection should not be read now."""
        return self.size > HIGH_WATER or len(self.events) > MAX_EVENTS

    def put_nowait(self, event: Any, size: int = 0) -> None:
        """Add an event.

        Args:
            event: the ASGI event.
            size: the bytes it carries, counted against `HIGH_WATER`.
        """
        self.events.append((event, size))
        self.size += size
        if self.flow is not None and self.full():
            self.flow.pause_reading(Pause.APPLICATION)
        if self.waiters:
            self.wake()

    def put_body(self, body: bytes, more_body: bool) -> None:
        """Add a piece of a request's body, to the last piece if that still waits."""
        if self.events and self.events[-1][0].get("more_body"):
            event, size = self.events.pop()
            self.size -= size
            body = event["body"] + body if body else event["body"]
        event = {"type": "http.request", "body": body, "more_body": more_body}
        self.put_nowait(event, len(body))

    def clear(self) -> None:
        """Forget what nobody will receive."""
        self.events.clear()
        self.size = 0
        if self.flow is not None:
            self.flow.resume_reading(Pause.APPLICATION)

    async def get(self) -> Any:
        """Wait for the next event and take it."""
        if not self.events:
            await self.wait()
        event, size = self.events.pop(0)
        self.size -= size
        if self.flow is not None and self.flow.reasons and not self.full():
            self.flow.resume_reading(Pause.APPLICATION)
        return event

    async def wait(self) -> None:
        """Wait until there is an event, in turn with others who wait."""
        if self.on_wait is not None:
            self.on_wait()
        while not self.events:
            waiter = self.loop.create_future()
            self.waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter in self.waiters:
                    self.waiters.remove(waiter)
                elif self.events:
                    self.wake()  # it was our turn: the next one's now
                raise

    def wake(self) -> None:
        """Let the first of those who wait go on."""
        while self.waiters:
            waiter = self.waiters.pop(0)
            if not waiter.done():
                waiter.set_result(None)
                break
