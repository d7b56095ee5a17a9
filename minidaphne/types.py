"""The shapes that modules share, and every setting of the server with its default."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

Headers = list[tuple[bytes, bytes]]
Address = list[Any] | None
Scope = dict[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Callable[[], Awaitable[Any]], Send], Awaitable[None]]

#: More bytes than anything has, for limits that are none.
UNLIMITED = 1 << 62


@dataclass(kw_only=True)
class Settings:
    """How to serve; sizes in bytes, times in seconds, names as Daphne's.

    Args:
        signal_handlers: whether SIGTERM and SIGINT stop the server.
        action_logger: called for each action with protocol, action and details.
        http_timeout: for a whole request, from its first byte; None for no limit.
        request_buffer_size: taken for Daphne's sake; bodies come as they arrive.
        websocket_timeout: how long a WebSocket may live; negative for no limit.
        websocket_connect_timeout: for the application to accept one.
        websocket_handshake_timeout: taken for Daphne's sake; see the one before.
        websocket_max_message_size: of a message, inflated; 0 for no limit.
        websocket_max_frame_size: of a frame; 0 for no limit.
        ping_interval: of silence on a WebSocket before a ping is sent; 0 for none.
        ping_timeout: for the client to answer it; 0 for no limit.
        application_close_timeout: for an application whose client has left.
        graceful_timeout: for requests in flight when the server stops.
        root_path: where the application is mounted.
        proxy_forwarded_address_header: with the client's address; None for no proxy.
        proxy_forwarded_port_header: with the client's port.
        proxy_forwarded_proto_header: with the scheme the client used.
        trusted_proxies: addresses and networks whose word is taken on these, and on
            the root path.
        verbosity: at 3, asyncio's debug mode is on.
        ready_callable: called once the server listens.
        server_name: value of the Server header; empty for none.
        loop: ``"asyncio"``, ``"uvloop"``, or ``"auto"`` for the better one there is.
        lifespan: ``"on"``, ``"off"``, or ``"auto"``.
        limit_request_line: of a request's target; 0 for no limit.
        limit_request_headers: of all headers of a request; 0 for no limit.
        limit_request_body: of a body; 0 for no limit.
    """

    signal_handlers: bool = True
    action_logger: Callable[[str, str, dict[str, Any]], None] | None = None
    http_timeout: float | None = None
    request_buffer_size: int = 8192
    websocket_timeout: float = 86400
    websocket_connect_timeout: float = 20
    websocket_handshake_timeout: float = 5
    websocket_max_message_size: int = 1024 * 1024
    websocket_max_frame_size: int = 1024 * 1024
    ping_interval: float = 20
    ping_timeout: float = 30
    application_close_timeout: float = 10
    graceful_timeout: float = 10
    root_path: str = ""
    proxy_forwarded_address_header: str | None = None
    proxy_forwarded_port_header: str | None = None
    proxy_forwarded_proto_header: str | None = None
    trusted_proxies: str = "127.0.0.1,::1"
    verbosity: int = 1
    ready_callable: Callable[[], None] | None = None
    server_name: str = "daphne"
    loop: str = "auto"
    lifespan: str = "auto"
    limit_request_line: int = 8192
    limit_request_headers: int = 65536
    limit_request_body: int = 0


class ServerLike(Protocol):
    """What the two protocols know of the server; a stub of it is enough to try them."""

    settings: Settings
    loop: asyncio.AbstractEventLoop
    state: dict[str, Any] | None
    proxies: Any
    ws_factory: Any
    channels: set[Any]
    stopping: bool

    def default_headers(self, date: bool, server: bool) -> bytes: ...
    def channel_closed(self, channel: Any) -> None: ...
    def protocol_connected(self, protocol: Any) -> None: ...
    def protocol_disconnected(self, protocol: Any) -> None: ...
    def close_application(self, protocol: Any, hopeless: bool = ...) -> None: ...
    def create_application(self, protocol: Any, scope: Scope) -> None: ...
    def log_action(self, protocol: str, action: str, details: Scope) -> None: ...
