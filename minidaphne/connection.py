"""What all connections share, whichever protocol they speak.

Its invariant: whatever the client does, or fails to do, the connection ends in time.
"""

import asyncio
import logging
import os
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving a client that has connected."""
        self.transport = cast(asyncio.Transport, transport)
        self.flow = FlowControl(self.transport, self.server.loop)
        self.server.channels.add(self)

    def take_over(self, other: "Connection") -> None:
        """Take the transport over from another protocol."""
        self.transport, self.flow = other.transport, other.flow
        self.transport.set_protocol(self)
        self.server.channels.add(self)
        other.connection_gone()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up after a connection that is gone."""
        self.flow.resume_writing()  # wake the `send` that waits for it
        self.connection_gone()

    def connection_gone(self) -> None:
        """Deregister this connection."""
        self.stop_timer()
        self.server.channel_closed(self)

    def build_scope(self, request: Request) -> Scope:
        """Build the scope of a request that came on this connection."""
        server, flow = self.server, self.flow
        client, scheme = flow.client_addr, flow.scheme
        root_path, state = server.settings.root_path, server.state
        if server.proxies is not None and server.proxies.trusts_peer(client):
            look = server.proxies.parse_x_forwarded_for
            client, scheme = look(request.headers, client, scheme)
            root_path = request.root_path or root_path
        request.client = client
        return build_scope(request, scheme, client, flow.server_addr, root_path, state)

    def log_mistake(self, error: BaseException) -> PeerError:
        """Log an exception that is neither the client's fault nor the application's.

        Returns:
            what to answer.
        """
        logger.error("Exception inside the server: %r", self, exc_info=error)
        return PeerError(500, "The server has made a mistake")

    def log_action(
        self, protocol: str, action: str, head: Request, **more: Any
    ) -> None:
        """Log what was done for a request, if anyone wants to know."""
        if self.server.settings.action_logger is not None:
            address = head.client or self.flow.client_addr or ()
            client = ":".join(map(str, address)) or None
            what = {"method": head.method, "path": head.target.decode("ascii")}
            self.server.log_action(protocol, action, {**what, "client": client, **more})

    # Writing and closing

    def pause_writing(self) -> None:
        """Stop producing: the client reads slowly."""
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """Produce again: the client has caught up."""
        self.flow.resume_writing()

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
