"""Every setting of the server, with its default and its option on the command line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .types import FOREVER

#: More bytes than anything has; stands for no limit.
UNLIMITED = 1 << 62
#: Seconds.
DAY = 86400


def size(text: str) -> int:
    """Read a number of bytes; argparse names this function when it refuses one."""
    if int(text) < 0:
        raise ValueError
    return int(text)


def seconds(text: str) -> float:
    """Read a finite number of seconds."""
    if not 0 <= float(text) < FOREVER:
        raise ValueError
    return float(text)


def option(kind: Any, default: Any, help: str, *names: str, **more: Any) -> Any:
    """Make a field of `Settings` that is also an option of the command line.

    Args:
        kind: reads the value from the text on the command line.
        default: the default of both.
        help: what it is, with its unit.
        names: other names of the option than that of the setting.
        more: further arguments for argparse.
    """
    metadata = {"type": kind, "help": help, "names": names, **more}
    return field(default=default, metadata=metadata)


def cap(default: int, what: str) -> Any:
    """Make an option that caps the size of something; 0 stands for no limit."""
    return option(size, default, f"Maximum size in bytes of {what}; 0: no limit")


def duration(default: int, what: str) -> Any:
    """Make an option that is a time in seconds."""
    return option(seconds, default, f"Seconds {what}")


@dataclass(kw_only=True)
class Settings:
    """How to serve, under Daphne's names.

    The command line has an option for each setting with a help text, which is in the
    metadata of its field.  Sizes are in bytes, times in seconds.

    Args:
        signal_handlers: whether SIGTERM and SIGINT stop the server.
        action_logger: called for each action with protocol, action and details.
        request_buffer_size: ignored: bodies are passed on as they arrive.
        websocket_handshake_timeout: ignored: `websocket_connect_timeout` limits the
            same wait.
        proxy_forwarded_address_header: the header with the client's address; None if
            no proxy is to be believed.
        proxy_forwarded_port_header: the header with the client's port.
        proxy_forwarded_proto_header: the header with the scheme that the client used.
        ready_callable: called once the server listens.
    """

    signal_handlers: bool = True
    action_logger: Callable[[str, str, dict[str, Any]], None] | None = None
    http_timeout: float | None = option(
        seconds, None, "Seconds for request and response (default: no limit)", "-t"
    )
    request_buffer_size: int = 8192
    websocket_timeout: float = option(
        float, DAY, "Seconds a WebSocket may last; -1: no limit", "--websocket_timeout"
    )
    websocket_connect_timeout: float = option(
        float, 20, "Seconds to accept a WebSocket", "--websocket_connect_timeout"
    )
    websocket_handshake_timeout: float = 5
    websocket_max_message_size: int = cap(1024 * 1024, "a WebSocket message, inflated")
    websocket_max_frame_size: int = cap(1024 * 1024, "a WebSocket frame")
    ping_interval: float = duration(
        20, "of silence before a WebSocket is pinged; 0: never"
    )
    ping_timeout: float = duration(30, "a client has to answer a ping; 0: no limit")
    application_close_timeout: float = duration(
        10, "an application may run after its client has disconnected"
    )
    graceful_timeout: float = duration(10, "to wait for in-flight requests at shutdown")
    root_path: str = option(str, "", "Path that the application is mounted at")
    proxy_forwarded_address_header: str | None = None
    proxy_forwarded_port_header: str | None = None
    proxy_forwarded_proto_header: str | None = None
    trusted_proxies: str = option(
        str, "127.0.0.1,::1", "Addresses and networks of trusted proxies; * for all"
    )
    verbosity: int = option(
        int, 1, "How much to log, from 0 to 3", "-v", choices=range(4)
    )
    ready_callable: Callable[[], None] | None = None
    server_name: str = option(str, "daphne", "Value of the Server header", "-s")
    loop: str = option(str, "auto", "Event loop", choices=["auto", "asyncio", "uvloop"])
    lifespan: str = option(
        str, "auto", "Whether to use ASGI lifespan", choices=["auto", "on", "off"]
    )
    limit_request_line: int = cap(8192, "a request's target")
    limit_request_headers: int = cap(65536, "all headers of a request")
    limit_request_body: int = cap(0, "the body of a request")
