"""From a parsed request to an ASGI scope: pure, bytes in, a dict out.

What is refused here is refused with a `PeerError`, before an application is called.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from .errors import PeerError
from .types import Address, Scope

#: A host and perhaps a port (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[-0-9A-Za-z._~%!$&'()*+;=]*)(:[0-9]*)?")
is_host = lru_cache(maxsize=64)(HOST.fullmatch)

#: What an absolute target has before its path (RFC 9112 section 3.2.2).
ORIGIN = re.compile(rb"[A-Za-z][-+.0-9A-Za-z]*://([^/?]+)")

#: A number of bytes; Python refuses to convert too many digits.
is_length = re.compile(rb"[0-9]{1,18}").fullmatch

#: Headers that `Request.note` wants to see.
NOTED_NAMES = b"content-length daphne-root-path expect host transfer-encoding upgrade"
NOTED = frozenset(NOTED_NAMES.split())


class Request:
    """The head of a request, put together while it is parsed."""

    def __init__(self) -> None:
        self.method = "GET"
        self.target = b""  # as sent: a path, an absolute URL, or ``*``
        self.http_version = "1.1"
        self.keep_alive = False  # whether the client wants the connection to live on
        self.root_path: str | None = None  # what Daphne-Root-Path says
        self.client: Address = None  # who sent it, as far as we know
        self.scheme = "http"  # or ``https``: how the client sent it
        self.headers: list[tuple[bytes, bytes]] = []  # names in lower case, in order
        self.content_length = 0
        self.has_host = self.chunked = self.expect_continue = self.websocket = False

    def use_origin(self) -> None:
        """Take the Host from an absolute target (RFC 9112 section 3.2.2).

        Raises:
            PeerError: if the target is neither absolute nor the ``*`` of OPTIONS.
        """
        if self.target == b"*":
            return
        origin = ORIGIN.match(self.target)
        if origin is None or not is_host(origin[1]):
            raise PeerError(400, "Invalid request target")
        self.target = b"/" + self.target[origin.end() :].removeprefix(b"/")
        others = [header for header in self.headers if header[0] != b"host"]
        self.headers = [(b"host", origin[1]), *others]

    def note(self, name: bytes, value: bytes) -> bool:
        """Note a header that matters to us; return whether the application sees it.

        Raises:
            PeerError: for headers that two servers could read in two ways.
        """
        if name == b"host":
            if self.has_host or not is_host(value):
                raise PeerError(400, "Invalid Host header")
            self.has_host = True
        elif name == b"content-length":
            if not is_length(value):
                raise PeerError(400, "Invalid Content-Length")
            self.content_length = int(value)
        elif name == b"transfer-encoding":  # RFC 9112 section 6.1
            if self.chunked or value.lower() != b"chunked":
                raise PeerError(400, "Invalid Transfer-Encoding")
            self.chunked = True
        elif name == b"expect":
            self.expect_continue = b"100-continue" in value.lower()
        elif name == b"upgrade":
            protocols = value.lower().replace(b" ", b"").split(b",")
            self.websocket |= b"websocket" in protocols
        elif name == b"daphne-root-path":
            self.root_path = unquote(value.decode("latin-1"))
            return False
        else:  # an underscore: CGI and WSGI could not tell it from its twin with a dash
            return False
        return True


def header_list(headers: list[tuple[bytes, bytes]], name: str | None) -> list[str]:
    """Return the items of a header that is a list, in order; none for no header."""
    wanted = (name or "").lower().encode()
    values = [value for key, value in headers if key == wanted]
    words = b",".join(values).decode("latin-1").split(",") if values else ()
    return [item for word in words if (item := word.strip())]


def build_scope(request: Request, server: Address, root_path: str) -> Scope:
    """Build the scope of an HTTP request (ASGI HTTP 2.5); a WebSocket's is made from it.

    Args:
        request: the head of the request.
        server: host and port of the listener, or path and None.
        root_path: where the application is mounted.
    """
    raw_path, _, query_string = request.target.partition(b"?")
    path = raw_path.decode()
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": request.http_version,
        "method": request.method,
        "scheme": request.scheme,
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query_string,
        "root_path": root_path,
        "headers": request.headers,
        "client": request.client,
        "server": server,
    }


def build_websocket_scope(scope: Scope, subprotocols: list[str]) -> Scope:
    """Make a WebSocket's scope from that of the request to upgrade.

    Args:
        scope: the result of `build_scope`.
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
