"""Backpressure, both ways.

`FlowControl` decides two things for one connection, and survives an upgrade: whether
we read from the socket (a set of reasons not to), and whether the application may
write to it.  `InputQueue` holds the events that wait for the application.  Its
invariant: it exceeds its bounds by at most what one read of the socket brings, because
the connection is not read while it is full.
"""

import asyncio
from enum import Enum
from typing import Any

from .types import Address, Loop

#: Bytes that may wait for the application before the socket is no longer read.
HIGH_WATER = 65536
#: Seconds in which a client that reads slowly has to take at least something.
WRITE_TIMEOUT = 60
#: Events that may wait for the application before the socket is no longer read.
MAX_EVENTS = 64


class Pause(Enum):
    """Why a connection is not read."""

    APPLICATION = "it has not received what is there already"
    PIPELINE = "a request waits for the answer to the one before it"
    WRITING = "the client has not read what it got"
    HANDSHAKE = "the application has not accepted the WebSocket yet"


class FlowControl:
    """One connection: its transport and addresses, and when it is read and written.

    Args:
        transport: the transport that is read and written.
        loop: the event loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: Loop) -> None:
        self.transport = transport
        self.loop = loop
        self.client_addr = read_address(transport.get_extra_info("peername"))
        self.server_addr = read_address(transport.get_extra_info("sockname"))
        self.scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self.reasons: frozenset[Pause] = frozenset()  # why it is not read
        self.unread = 0.0  # seconds without reading, since that was last asked
        self.resumed: asyncio.Event | None = None  # there is one while writing waits
        self.unsent = 0  # bytes, when we looked last

    def pause_reading(self, reason: Pause) -> None:
        """Stop reading for one more reason."""
        if not self.reasons and not self.transport.is_closing():
            self.transport.pause_reading()
            self.paused_at = self.loop.time()
        self.reasons |= {reason}

    def resume_reading(self, *reasons: Pause) -> None:
        """Withdraw reasons, and read again if none is left."""
        before, self.reasons = self.reasons, self.reasons.difference(reasons)
        if before and not self.reasons and not self.transport.is_closing():
            self.transport.resume_reading()
            self.unread += self.loop.time() - self.paused_at

    def pause_writing(self) -> None:
        """Note that the transport's buffer is above its mark: the client reads slowly.

        Stop reading, too: whatever arrived might have to be answered.
        """
        self.pause_reading(Pause.WRITING)
        self.resumed = asyncio.Event()
        self.look_at_client()

    def look_at_client(self) -> None:
        """Cut the client off, if it has taken nothing since we last looked."""
        before, self.unsent = self.unsent, self.transport.get_write_buffer_size()
        if self.unsent == before:
            self.transport.abort()
        else:
            self.timer = self.loop.call_later(WRITE_TIMEOUT, self.look_at_client)

    def resume_writing(self) -> None:
        """Note that the transport's buffer has drained, or the connection is lost."""
        if self.resumed is not None:
            self.timer.cancel()
            self.unsent = 0
            self.resumed.set()
            self.resumed = None
            self.resume_reading(Pause.WRITING)

    async def drain(self) -> None:
        """Wait until the client has taken what was written; at once if it has."""
        while self.resumed is not None:
            await self.resumed.wait()


def read_address(name: Any) -> Address:
    """Return a socket's address as the scope has it, a list; None without a name."""
    if isinstance(name, tuple):
        return [name[0], name[1]]
    return [name, None] if name else None


class InputQueue:
    """The events of one conversation that wait for the application.

    The application's ``receive`` is `get`.

    Args:
        loop: the event loop the waiting is done on.
    """

    flow: FlowControl  # the connection to stop reading from while the queue is full

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.events: list[tuple[Any, int]] = []
        self.size, self.paused = 0, False
        self.waiter: asyncio.Future[None] | None = None

    def is_waiting(self) -> bool:
        """Whether the application waits for an event."""
        return self.waiter is not None and not self.waiter.done()

    def qsize(self) -> int:
        """How many events wait."""
        return len(self.events)

    def put_nowait(self, event: Any, size: int = 0) -> None:
        """Add an event; ``size`` bytes of it count against `HIGH_WATER`."""
        self.events.append((event, size))
        self.size += size
        if self.size > HIGH_WATER or len(self.events) > MAX_EVENTS:
            self.paused = True
            self.flow.pause_reading(Pause.APPLICATION)
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def clear(self) -> None:
        """Forget what nobody will receive."""
        self.events.clear()
        self.size = 0
        self.make_room()

    def make_room(self) -> None:
        """Read from the connection again, if there is room and there was none."""
        if self.paused and self.size <= HIGH_WATER and len(self.events) <= MAX_EVENTS:
            self.paused = False
            self.flow.resume_reading(Pause.APPLICATION)

    async def get(self) -> Any:
        """Wait for the next event, and take it."""
        if not self.events:
            self.event_wanted()
        while not self.events:
            if self.waiter is not None and not self.waiter.done():
                await asyncio.wait([self.waiter])  # another `get` was here before
            else:
                self.waiter = self.loop.create_future()
                await self.waiter
        event, size = self.events.pop(0)
        self.size -= size
        self.make_room()
        return event

    def event_wanted(self) -> None:
        """Handle an application that waits for an event when there is none."""
