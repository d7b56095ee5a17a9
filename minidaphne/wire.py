"""What every connection has, whichever protocol is spoken on it.

`Wire` owns the transport, the addresses, one lazy timer, and the ways to close.  Its
law: whatever the client does, or fails to do, the connection ends some day.
"""

import asyncio
from typing import Any

from .flow import Flow, Pause
from .types import Address, ServerLike

#: Seconds a closing connection still reads, so that the client gets our last words.
LINGER_TIMEOUT = 2
#: Seconds after which a client that takes nothing of what we write is cut off.
WRITE_TIMEOUT = 60
#: Seconds a request in flight has left when the client stops sending: a client that
#: half-closes gets its answer, one that has left is soon known to have left.
HALF_CLOSE_TIMEOUT = 0.1


class Wire(asyncio.Protocol):
    """A connection.

    Args:
        server: the server it belongs to.
    """

    __slots__ = (
        "client_addr",
        "deadline",
        "flow",
        "scheme",
        "server",
        "server_addr",
        "timer",
        "transport",
        "unsent",
        "write_timer",
    )

    flow: Flow
    transport: asyncio.Transport

    def __init__(self, server: ServerLike) -> None:
        self.server = server
        self.client_addr: Address = None
        self.server_addr: Address = None
        self.scheme = "http"
        self.deadline = 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.unsent = 0
        self.write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected; the addresses are lists, as Daphne's are."""
        # uvloop's transports are no asyncio.Transport, though they do all one does
        self.transport = transport
        self.flow = Flow(transport)
        self.client_addr = read_address(transport.get_extra_info("peername"), peer=True)
        self.server_addr = read_address(transport.get_extra_info("sockname"))
        if transport.get_extra_info("sslcontext"):
            self.scheme = "https"
        self.server.channel_opened(self)

    def take_over(self, wire: "Wire") -> None:
        """Go on where another protocol has left off on the same transport."""
        self.transport, self.flow = wire.transport, wire.flow
        self.client_addr, self.server_addr = wire.client_addr, wire.server_addr
        self.scheme = wire.scheme
        wire.stop_timers()
        self.transport.set_protocol(self)
        self.server.channel_closed(wire)
        self.server.channel_opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.stop_timers()
        self.flow.resume_writing()  # nobody will; whoever waits must learn of it
        self.server.channel_closed(self)

    # Writing

    def pause_writing(self) -> None:
        """The client reads slowly: the application waits, but not forever."""
        self.flow.pause_writing()
        self.watch_writing()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.flow.resume_writing()
        if self.write_timer is not None:
            self.write_timer.cancel()
            self.write_timer = None

    def watch_writing(self) -> None:
        """Cut the client off if it takes nothing for `WRITE_TIMEOUT`."""
        unsent = self.transport.get_write_buffer_size()
        if self.write_timer is not None and unsent >= self.unsent:
            self.transport.abort()
            return
        self.unsent = unsent
        self.write_timer = self.server.loop.call_later(
            WRITE_TIMEOUT, self.watch_writing
        )

    # Closing

    def lose_connection(self, linger: bool = False) -> None:
        """Close behind what is written already.

        Args:
            linger: the client may still be sending.  Closing now would reset the
                connection, and take our last words with it (RFC 9112 section 9.6).
        """
        if (
            linger
            and self.transport.can_write_eof()
            and not self.transport.is_closing()
        ):
            self.flow.resume_reading(~Pause.NOTHING)
            self.transport.write_eof()
            self.set_timeout(LINGER_TIMEOUT)
            return
        self.transport.close()
        if self.write_timer is None and self.transport.get_write_buffer_size():
            self.watch_writing()

    def shut_down(self) -> None:
        """The server stops."""
        raise NotImplementedError

    def abort(self) -> None:
        """Close at once; what is written and not sent is lost."""
        self.transport.abort()

    def half_closed(self, in_flight: bool) -> bool:
        """The client sends no more: close now, or in a moment if a request is in flight."""
        if (
            not in_flight or self.scheme == "https"
        ):  # TLS knows no half-closed connection
            return False
        self.server.loop.call_later(HALF_CLOSE_TIMEOUT, self.transport.close)
        return True

    # Time

    def set_timeout(self, seconds: float) -> None:
        """Call `timed_out` in so many seconds, and forget what was set before.

        The timer is lazy: a later deadline is only written down, and the timer that
        runs sets itself anew when it finds it.  So a request costs no timer.
        """
        now = self.server.loop.time()
        earlier = now + seconds < self.deadline
        self.deadline = now + seconds
        if self.timer is not None and earlier:
            self.timer.cancel()
            self.timer = None
        if self.timer is None:
            self.timer = self.server.loop.call_later(seconds, self.check_deadline)

    def check_deadline(self) -> None:
        """The timer has run: look whether the deadline has moved meanwhile."""
        self.timer = None
        left = self.deadline - self.server.loop.time()
        if left > 0.001:
            self.set_timeout(left)
        else:
            self.timed_out()

    def timed_out(self) -> None:
        """The deadline has passed."""
        raise NotImplementedError

    def stop_timers(self) -> None:
        """Nothing is to be timed any more."""
        for timer in (self.timer, self.write_timer):
            if timer is not None:
                timer.cancel()
        self.timer = self.write_timer = None


def read_address(name: Any, peer: bool = False) -> Address:
    """The address of a socket, as the ASGI scope has it; None for an unnamed peer.

    Args:
        name: what the socket calls its address: a tuple, or a path.
        peer: whether it is the other side's.
    """
    if isinstance(name, tuple):
        return [name[0], name[1]]
    return (
        None
        if peer or not name
        else [name if isinstance(name, str) else repr(name), None]
    )
