"""The shapes that modules share: ASGI messages, and the server as protocols see it.

The words are those of the ASGI specification (HTTP and WebSocket version 2.5).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Protocol, TypedDict

if TYPE_CHECKING:
    from .flow import Flow, InputQueue
    from .proxy import Proxies

Headers = list[tuple[bytes, bytes]]
Address = list[Any] | None
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]
ActionLogger = Callable[[str, str, dict[str, Any]], None]


class HTTPRequestEvent(TypedDict):
    """A piece of the request's body."""

    type: Literal["http.request"]
    body: bytes
    more_body: bool


class HTTPResponseStart(TypedDict):
    """Status and headers of the response."""

    type: Literal["http.response.start"]
    status: int
    headers: NotRequired[Iterable[tuple[bytes, bytes]]]


class HTTPResponseBody(TypedDict):
    """A piece of the response's body."""

    type: Literal["http.response.body"]
    body: NotRequired[bytes]
    more_body: NotRequired[bool]


class WebSocketReceiveEvent(TypedDict):
    """A message from the browser: one of the two keys is there."""

    type: Literal["websocket.receive"]
    text: NotRequired[str]
    bytes: NotRequired[bytes]


class WebSocketDisconnectEvent(TypedDict):
    """The WebSocket is closed."""

    type: Literal["websocket.disconnect"]
    code: int
    reason: str


class ConnectionLike(Protocol):
    """What the server knows of a conversation: an HTTP request or a WebSocket."""

    flow: "Flow"
    application_queue: "InputQueue"
    disconnected: bool

    def handle_reply(self, message: Message) -> None: ...
    def handle_exception(self, exception: BaseException) -> None: ...
    def application_finished(self) -> None: ...


class ChannelLike(Protocol):
    """What the server knows of a TCP connection, whatever is spoken on it."""

    def shut_down(self) -> None: ...
    def abort(self) -> None: ...


class ServerLike(Protocol):
    """What the two protocols know of the server; a test may give them a stub."""

    loop: asyncio.AbstractEventLoop
    state: dict[str, Any] | None
    proxies: "Proxies | None"
    root_path: str
    action_logger: ActionLogger | None
    http_timeout: float | None
    limit_request_line: int
    limit_request_headers: int
    limit_request_body: int
    websocket_timeout: float
    websocket_connect_timeout: float
    websocket_max_message_size: int
    websocket_max_frame_size: int
    ping_interval: float
    ping_timeout: float
    stopping: bool

    @property
    def ws_factory(self) -> Any: ...
    def default_headers(self, date: bool = True, server: bool = True) -> bytes: ...
    def channel_opened(self, channel: ChannelLike) -> None: ...
    def channel_closed(self, channel: ChannelLike) -> None: ...
    def protocol_connected(self, protocol: ConnectionLike) -> None: ...
    def protocol_disconnected(self, protocol: ConnectionLike) -> None: ...
    def close_application(self, protocol: ConnectionLike) -> None: ...
    def create_application(
        self, protocol: ConnectionLike, scope: Scope
    ) -> "InputQueue": ...
    def log_action(
        self, protocol: str, action: str, details: dict[str, Any]
    ) -> None: ...
