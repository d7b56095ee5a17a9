"""From a parsed request to an ASGI scope: pure, bytes in, a dict out.

What is refused here is refused with a `PeerError`, before an application is called.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from .errors import PeerError
from .types import Address, Headers, Scope

#: A host and perhaps a port (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
is_host = re.compile(
    rb"(\[[0-9A-Fa-f:.]+\]|[-0-9A-Za-z._~%!$&'()*+;=]*)(:[0-9]*)?"
).fullmatch

#: What an absolute target has before its path (RFC 9112 section 3.2.2).
ORIGIN = re.compile(rb"[A-Za-z][-+.0-9A-Za-z]*://[^/?]*")

#: As numbers, which are found in bytes much faster than bytes are.
UNDERSCORE, NEL = b"_\x85"

#: Headers that `Request.note` wants to see.
NOTED = frozenset(
    b"content-length daphne-root-path expect host transfer-encoding upgrade".split()
)


@dataclass(eq=False)
class Request:
    """The head of a request, checked.

    Args:
        method: the method, as sent.
        target: the request target, as sent: a path, an absolute URL, or ``*``.
        http_version: ``"1.0"`` or ``"1.1"``.
        raw_headers: names in lower case, values as sent, in their order.
        keep_alive: whether the client wants the connection to live on.

    Raises:
        PeerError: for headers that two servers could read in two ways.
    """

    method: str
    target: bytes
    http_version: str
    raw_headers: Headers
    keep_alive: bool
    headers: Headers = field(init=False)
    root_path: str | None = None
    content_length: int = 0
    has_host: bool = False
    chunked: bool = False
    expect_continue: bool = False
    websocket: bool = False

    def __post_init__(self) -> None:
        self.headers = headers = []
        for name, value in self.raw_headers:
            if UNDERSCORE in name:
                continue  # CGI and WSGI could not tell it from its twin with a dash
            if NEL in value:  # a line end to those who decode before they split
                raise PeerError(400, "Invalid header value")
            value = value.strip()
            if name not in NOTED or self.note(name, value):
                headers.append((name, value))

    def note(self, name: bytes, value: bytes) -> bool:
        """Note a header that tells us how to go on; is the application to see it?"""
        if name == b"host":
            if self.has_host or not is_host(value):
                raise PeerError(400, "Invalid Host header")
            self.has_host = True
            return True
        if name == b"content-length":
            self.content_length = int(value)  # digits: the parser has seen to that
            return True
        words = value.lower().replace(b" ", b"").split(b",")
        if name == b"daphne-root-path":
            self.root_path = unquote(value.decode("latin-1"))
            return False
        if name == b"transfer-encoding":  # RFC 9112 section 6.1
            self.chunked = self.http_version == "1.1" and words == [b"chunked"]
            if not self.chunked:
                raise PeerError(400, "Invalid Transfer-Encoding")
        elif self.http_version == "1.1":  # 1.0 has neither: RFC 9110 section 7.8
            self.expect_continue |= name == b"expect" and b"100-continue" in words
            self.websocket |= name == b"upgrade" and b"websocket" in words
        return True


def header_list(headers: Headers, name: str | None) -> list[str]:
    """The items of a header that is a list, in order; none for no header."""
    wanted = (name or "").lower().encode()
    joined = b",".join(value for key, value in headers if key == wanted)
    return [
        item for word in joined.decode("latin-1").split(",") if (item := word.strip())
    ]


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Split a request target into path and query string.

    Of an absolute URL the path is taken; ``*`` stays as it is.
    """
    if target[:1] not in (b"/", b"*"):
        target = ORIGIN.sub(b"", target, count=1)
    path, _, query_string = target.partition(b"?")
    return path or b"/", query_string


def build_scope(
    request: Request,
    scheme: str,
    client: Address,
    server: Address,
    root_path: str,
    state: dict[str, Any] | None,
) -> Scope:
    """Build the scope of an HTTP request (ASGI HTTP 2.5); a WebSocket's is made of it.

    Args:
        request: the head of the request.
        scheme: ``"http"`` or ``"https"``.
        client: host and port of the client, or None.
        server: host and port of the listener, or path and None.
        root_path: where the application is mounted; a Daphne-Root-Path header wins.
        state: what the application has put in its lifespan state; None if it has none.
    """
    raw_path, query_string = split_target(request.target)
    path = raw_path.decode("ascii")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": request.http_version,
        "method": request.method,
        "scheme": scheme,
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query_string,
        "root_path": root_path if request.root_path is None else request.root_path,
        "headers": request.headers,
        "client": client,
        "server": server,
    }
    if state is not None:
        scope["state"] = state.copy()
    return scope


def build_websocket_scope(scope: Scope, subprotocols: list[str]) -> Scope:
    """Make a WebSocket's scope of that of the request to upgrade.

    Args:
        scope: what `build_scope` has made.
        subprotocols: those the client speaks.
    """
    scope |= {
        "type": "websocket",
        "scheme": "wss" if scope["scheme"] in ("https", "wss") else "ws",
        "subprotocols": subprotocols,
        "extensions": {"websocket.http.response": {}},
    }
    del scope["method"]
    return scope
