"""What every connection has, whichever protocol is spoken on it.

Its law: whatever the client does, or fails to do, the connection ends some day.
"""

import asyncio
from typing import Any, cast

from .flow import WRITE_TIMEOUT, Flow, Pause
from .scope import Request, build_scope
from .types import Scope, ServerLike

#: Seconds a closing connection still reads, so that the client gets our last words.
LINGER_TIMEOUT = 2


class Wire(asyncio.Protocol):
    """A connection.

    Args:
        server: the server it belongs to.
    """

    flow: Flow
    transport: asyncio.Transport

    def __init__(self, server: ServerLike) -> None:
        self.server = server
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self.transport = cast(asyncio.Transport, transport)
        self.flow = Flow(self.transport, self.server.loop)
        self.server.channels.add(self)

    def take_over(self, wire: "Wire") -> None:
        """Go on where another protocol has left off on the same transport."""
        self.transport, self.flow = wire.transport, wire.flow
        self.transport.set_protocol(self)
        self.server.channels.add(self)
        wire.connection_gone()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.flow.resume_writing()  # whoever waits for that must learn of the end
        self.connection_gone()

    def connection_gone(self) -> None:
        """It is nothing to us any more."""
        self.stop_timer()
        self.server.channel_closed(self)

    def build_scope(self, request: Request) -> Scope:
        """Build the scope of a request that came on this connection."""
        server, flow = self.server, self.flow
        client, scheme = flow.client_addr, flow.scheme
        if server.proxies is not None:
            headers = request.headers
            client, scheme = server.proxies.parse_x_forwarded_for(
                headers, client, scheme
            )
        root_path, state = server.settings.root_path, server.state
        return build_scope(request, scheme, client, flow.server_addr, root_path, state)

    def log_action(self, protocol: str, action: str, path: bytes, **more: Any) -> None:
        """Log what was done for a request, if anyone wants to know."""
        if self.server.settings.action_logger is not None:
            address = self.flow.client_addr
            client = ":".join(map(str, address)) if address else None
            details = {"path": path.decode("ascii"), "client": client, **more}
            self.server.log_action(protocol, action, details)

    # Writing and closing

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.flow.resume_writing()

    def lose_connection(self, linger: bool = False) -> None:
        """Close behind what is written already, and wait for the client to take it.

        Args:
            linger: the client may still be sending.  To close now would reset the
                connection, and take our last words with it (RFC 9112 section 9.6).
        """
        if self.transport.is_closing():
            return
        if linger and self.transport.can_write_eof():
            self.flow.resume_reading(*Pause)
            self.transport.write_eof()
            self.set_timeout(LINGER_TIMEOUT)
        else:
            self.transport.close()
            self.set_timeout(WRITE_TIMEOUT)

    def abort(self) -> None:
        """Close at once; what is written and not sent is lost."""
        self.transport.abort()

    # Time

    def set_timeout(self, seconds: float) -> None:
        """Look at the time in so many seconds, and not when it was to be looked at."""
        self.stop_timer()
        later = self.server.loop.call_later
        self.timer = later(max(0, seconds), self.look_at_time)

    def stop_timer(self) -> None:
        """Forget the timeout that was set."""
        if self.timer is not None:
            self.timer.cancel()

    def look_at_time(self) -> None:
        """See what has taken too long."""
        if self.transport.is_closing():
            self.abort()
        else:
            self.check_timeouts()

    def check_timeouts(self) -> None:
        """See what has taken too long on an open connection, and set a new timeout."""
