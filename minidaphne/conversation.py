"""What a request and a WebSocket share: one application talks with one client.

The application's ``receive`` is `Conversation.get`; its ``send`` is
`Server.handle_reply`, which passes each message on to `Conversation.handle_reply`.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from .errors import PeerError
from .flow_control import FlowControl, InputQueue
from .scope import Request
from .types import Message

if TYPE_CHECKING:
    from .server import Server


class Conversation(InputQueue):
    """A request or a WebSocket, and the application that runs for it.

    Args:
        server: the server that runs the application.
        flow: the flow control of the connection.
        head: the request that has begun it.
    """

    server: "Server"
    task: asyncio.Task[None] | None = None  # the application, while it runs
    kill_timer: asyncio.TimerHandle | None = None  # set once the client has gone
    disconnected = False

    def __init__(self, server: "Server", flow: FlowControl, head: Request) -> None:
        super().__init__(server.loop)
        self.server, self.flow, self.head = server, flow, head
        server.protocol_connected(self)

    def __repr__(self) -> str:
        kind, head, client = type(self).__name__, self.head, self.flow.client_addr
        return f"<{kind} {head.method} {head.target!r} from {client!r}>"

    def handle_reply(self, message: Message) -> None:
        """Obey a message of the application."""

    def handle_exception(self, exception: BaseException) -> None:
        """Handle an application that has raised, or sent an illegal message."""
        self.give_up(PeerError(500, "Exception inside application."))

    def give_up(self, error: PeerError, code: int = 1011) -> None:
        """End the conversation in such a way that the client can tell that it failed.

        Args:
            error: the page to answer with, if nothing has been answered yet.
            code: the close code of a WebSocket that is open.
        """

    def application_finished(self) -> None:
        """End the conversation, if the application has left it unfinished."""

    def log_action(self, protocol: str, action: str, **more: Any) -> None:
        """Pass on what was done for the client to the log of actions."""
        head = self.head
        address = head.client or self.flow.client_addr or ()
        client = ":".join(map(str, address)) or None
        what = {"method": head.method, "path": head.target.decode("ascii")}
        self.server.log_action(protocol, action, {**what, "client": client, **more})
