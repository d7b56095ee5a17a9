"""What a request and a WebSocket share: one application talks with one client.

The application's ``receive`` is `Conversation.get`; its ``send`` is
`Server.handle_reply`, which passes each message on to `Conversation.handle_reply`.
"""

import asyncio
from typing import TYPE_CHECKING

from .flow_control import FlowControl, InputQueue
from .types import Message

if TYPE_CHECKING:
    from .server import Server


class Conversation(InputQueue):
    """A request or a WebSocket, and the application that runs for it.

    Args:
        server: the server that runs the application.
        flow: the flow control of the connection.
    """

    server: "Server"
    task: asyncio.Task[None] | None = None  # the application, while it runs
    kill_timer: asyncio.TimerHandle | None = None  # set once the client has gone
    disconnected = False

    def __init__(self, server: "Server", flow: FlowControl) -> None:
        super().__init__(server.loop)
        self.server, self.flow = server, flow
        server.protocol_connected(self)

    def handle_reply(self, message: Message) -> None:
        """Obey a message of the application."""

    def handle_exception(self, exception: BaseException) -> None:
        """End the conversation after an exception of the application."""

    def application_finished(self) -> None:
        """End the conversation, if the application has left it unfinished."""
