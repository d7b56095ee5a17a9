"""From a parsed request to an ASGI scope: pure functions, bytes in, a dict out.

What they refuse is refused with a `PeerError`, before any application is called.
"""

import re
from typing import Any
from urllib.parse import unquote

from .errors import PeerError
from .types import Address, Headers, Scope

#: Versions of the specifications, as scopes say them.
HTTP_ASGI = {"version": "3.0", "spec_version": "2.5"}
LIFESPAN_ASGI = {"version": "3.0", "spec_version": "2.0"}

#: A host and perhaps a port (RFC 9110 section 7.2; RFC 3986 section 3.2.2).
HOST = re.compile(
    rb"(\[[0-9A-Fa-f:.]+\]|[-0-9A-Za-z._~%!$&'()*+;=]*)(:[0-9]*)?"
).fullmatch


class Request:
    """What the parser has found in the head of a request.

    Args:
        method: the method, as sent.
        target: the request target, as sent: a path, an absolute URL, or ``*``.
        http_version: ``"1.0"`` or ``"1.1"``.
        headers: names in lower case, values as sent, in their order.
        keep_alive: whether the client wants the connection to live on.
    """

    __slots__ = (
        "chunked",
        "content_length",
        "expect_continue",
        "headers",
        "http_version",
        "keep_alive",
        "method",
        "root_path",
        "target",
        "websocket",
    )

    def __init__(
        self,
        method: str,
        target: bytes,
        http_version: str,
        headers: Headers,
        keep_alive: bool,
    ) -> None:
        self.method = method
        self.target = target
        self.http_version = http_version
        self.headers: Headers = []
        self.keep_alive = keep_alive
        self.root_path: str | None = None
        self.content_length = 0
        self.chunked = False
        self.expect_continue = False
        self.websocket = False
        self.read_headers(headers)

    def read_headers(self, headers: Headers) -> None:
        """Check each header, note what matters to us, and keep what the application sees.

        Raises:
            PeerError: for headers that two servers could read in two ways.
        """
        hosts = 0
        for name, value in headers:
            if b"_" in name:
                continue  # CGI and WSGI could not tell it from its twin with a dash
            if b"\x85" in value:  # a line end to those who decode before they split
                raise PeerError(400, "Invalid header value")
            value = value.strip(b" \t")
            if name in NOTED:
                if name == b"host":
                    hosts += 1
                if name == b"daphne-root-path":
                    self.root_path = unquote(value.decode("latin-1"))
                    continue
                self.note(name, value)
            self.headers.append((name, value))
        if hosts > 1:
            raise PeerError(400, "More than one Host header")

    def note(self, name: bytes, value: bytes) -> None:
        """Note a header that decides how we read the request."""
        if name == b"host":
            if not HOST(value):
                raise PeerError(400, "Invalid Host header")
        elif name == b"content-length":
            self.content_length = int(value)  # digits: the parser has seen to that
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked":
                raise PeerError(501, "Only the chunked transfer coding is known")
            if self.http_version == "1.0":  # RFC 9112 section 6.1
                raise PeerError(400, "Transfer-Encoding in HTTP/1.0")
            self.chunked = True
        elif name == b"expect":
            self.expect_continue = (
                self.http_version == "1.1" and value.lower() == b"100-continue"
            )
        elif name == b"upgrade" and self.http_version == "1.1":  # RFC 9110 section 7.8
            self.websocket = b"websocket" in value.lower().split(b",")


NOTED = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"daphne-root-path",
    }
)


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Split a request target into path and query string.

    Of an absolute URL (RFC 9112 section 3.2.2) the path is taken; ``*`` stays as it is.

    Raises:
        PeerError: if there are characters that a target cannot have.
    """
    if not target.isascii():
        raise PeerError(400, "Invalid characters in path")
    if target[:1] != b"/" and target != b"*":
        target = re.sub(rb"^[A-Za-z][-+.0-9A-Za-z]*://[^/?]*", b"", target)
        if target[:1] != b"/":
            target = b"/" + target
    path, _, query_string = target.partition(b"?")
    return path, query_string


def build_scope(
    kind: str,
    request: Request,
    scheme: str,
    client: Address,
    server: Address,
    root_path: str,
    state: dict[str, Any] | None,
) -> Scope:
    """Build the scope the application is called with (ASGI HTTP 2.5).

    Args:
        kind: ``"http"`` or ``"websocket"``.
        request: the parsed head of the request.
        scheme: ``"http"`` or ``"https"``; a WebSocket's is made of it.
        client: host and port of the client, or None.
        server: host and port of the listener, or path and None.
        root_path: where the application is mounted; a Daphne-Root-Path header wins.
        state: what the application put in its lifespan state; None if it has none.

    Raises:
        PeerError: if the request target is no target.
    """
    path, query_string = split_target(request.target)
    text = path.decode("ascii")
    scope: Scope = {
        "type": kind,
        "asgi": dict(HTTP_ASGI),
        "http_version": request.http_version,
        "method": request.method,
        "scheme": scheme,
        "path": unquote(text) if "%" in text else text,
        "raw_path": path,
        "query_string": query_string,
        "root_path": root_path if request.root_path is None else request.root_path,
        "headers": request.headers,
        "client": client,
        "server": server,
    }
    if state is not None:
        scope["state"] = state.copy()
    return scope
