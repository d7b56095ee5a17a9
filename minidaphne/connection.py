"""What all connections share, whichever protocol they speak.

Its invariant: whatever the client does, or fails to do, the connection ends in time.
"""

import asyncio
import logging
import os
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from .errors import PeerError
from .flow_control import WRITE_TIMEOUT, FlowControl, Pause
from .scope import Request, build_scope
from .types import FOREVER, Scope

if TYPE_CHECKING:
    from .server import Server

logger = logging.getLogger(__name__)

#: For SO_LINGER: discard what is not sent, and close with a reset.
RESET = struct.pack("ii", 1, 0)
#: Seconds a closing connection still reads, so that the client gets our response.
LINGER_TIMEOUT = 2


class ProtocolFactory:
    """Makes protocols for the connections of a server.

    Args:
        server: the server the connections belong to.
    """

    def __init__(self, server: "Server") -> None:
        self.server = server


class Connection(asyncio.Protocol):
    """A connection.

    Args:
        server: the server it belongs to.
    """

    flow: FlowControl
    transport: asyncio.Transport
    due = FOREVER  # the next deadline, on the loop's clock

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.timer: asyncio.TimerHandle | None = None

    def take_over(self, other: "Connection") -> None:
        """Take the transport over from another protocol."""
        self.transport, self.flow = other.transport, other.flow
        self.transport.set_protocol(self)
        self.server.channels.add(self)
        self.server.channel_closed(other)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up after a connection that is gone."""
        self.flow.resume_writing()  # wake the `send` that waits for it
        self.server.channel_closed(self)

    def build_scope(self, request: Request) -> Scope:
        """Build the scope of a request that came on this connection."""
        request.client, request.scheme = self.flow.client_addr, self.flow.scheme
        proxies, root_path = self.server.proxies, self.server.settings.root_path
        if proxies is not None and proxies.trusts_peer(request.client):
            proxies.parse_x_forwarded_for(request)
            root_path = request.root_path or root_path
        scope = build_scope(request, self.flow.server_addr, root_path)
        if self.server.state is not None:
            scope["state"] = self.server.state.copy()
        return scope

    def as_peer_error(self, error: BaseException) -> PeerError:
        """Return what to answer; log any exception that is a mistake of the server's."""
        if isinstance(error, PeerError):
            return error
        logger.error("Exception inside the server: %r", self, exc_info=error)
        return PeerError(500, "Exception inside the server.")

    def parse(self) -> None:
        """Handle the bytes that have arrived, as far as that is possible now."""

    # Writing and closing

    def pause_writing(self) -> None:
        """Stop producing: the client reads slowly."""
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """Go on, now that the client has caught up: whatever arrived may be answered."""
        self.flow.resume_writing()
        self.parse()

    def lose_connection(self, linger: bool = False) -> None:
        """Close after what is already written, and wait for the client to take it.

        Args:
            linger: whether the client may still be sending.  Closing now would then reset
                the connection, and could destroy our response (RFC 9112 section 9.6).
        """
        if self.transport.is_closing():
            return
        if linger and self.transport.can_write_eof():
            self.flow.resume_reading(*Pause)
            self.set_timeout(LINGER_TIMEOUT)
            with suppress(OSError):  # the client has already gone
                self.transport.write_eof()
        else:
            self.transport.close()
            self.set_timeout(WRITE_TIMEOUT)

    def reset(self) -> None:
        """Reset the connection: an orderly close would look like the end of a body."""
        if sock := self.transport.get_extra_info("socket"):
            with socket.socket(fileno=os.dup(sock.fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    # Time

    def set_timeout(self, seconds: float) -> None:
        """Have `check_timeouts` called in so many seconds, whatever was due before."""
        self.due = self.server.loop.time() + seconds
        self.start_timer()

    def start_timer(self) -> None:
        """Make sure that a timer fires no later than the deadline.

        It may fire earlier: noting a later deadline is cheaper than a new timer.
        """
        if self.timer is None or self.timer.when() > self.due:
            self.stop_timer()
            self.timer = self.server.loop.call_at(self.due, self.look_at_time)

    def stop_timer(self) -> None:
        """Cancel the timer."""
        if self.timer is not None:
            self.timer.cancel()

    def look_at_time(self) -> None:
        """Check the deadline when the timer ends: it may have moved meanwhile."""
        self.timer = None
        if self.server.loop.time() < self.due:
            self.start_timer()
        elif not self.transport.is_closing():
            self.check_timeouts()
        elif self.flow.resumed is None:
            self.transport.abort()
        else:
            self.set_timeout(WRITE_TIMEOUT)  # it reads slowly: see `look_at_client`

    def check_timeouts(self) -> None:
        """Handle a deadline that has passed."""

    def shut_down(self) -> None:
        """Close this connection: the server stops."""
