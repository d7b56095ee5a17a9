"""From the messages of an application to the head of a response: pure, bytes out.

Its invariant: no header name or value in a head contains CR, LF or NUL.
"""

import html
import re
from functools import lru_cache
from http import HTTPStatus

from .errors import ApplicationError, PeerError
from .types import Message

#: A header name is a token (RFC 9110 section 5.6.2).
is_token = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+").fullmatch
#: Characters that would end a line, or a string in C.
is_many_lines = re.compile(rb"[\r\n\0]").search

#: Headers that the server writes itself; the application's own are not passed on.
FRAMING = frozenset(b"connection content-length transfer-encoding upgrade".split())
#: Headers that are looked at.
NOTED = FRAMING | {b"date", b"server"}


class ResponseHead:
    """Status and headers of a response.

    Args:
        message: ``http.response.start``, or its WebSocket twins.

    Raises:
        ApplicationError: if it cannot be sent.
    """

    def __init__(self, message: Message) -> None:
        self.content_length: int | None = None
        self.length_line = b""  # the application's Content-Length, if it may say one
        self.close = False
        self.date = self.server = True  # whether ours are to be added
        if "status" not in message:
            text = "Specifying a status code is required for a Response message."
            raise ApplicationError(text)
        self.status = status = message["status"]
        if not isinstance(status, int) or not 100 <= status <= 999:
            raise ApplicationError(f"{status!r} is not a status code")
        self.bodiless = status < 200 or status in (204, 205, 304)
        self.lines: list[bytes] = []
        for name, value in message.get("headers") or ():
            if type(name) is not bytes or type(value) is not bytes:
                raise wrong_type(name, value)
            lower, line = header_line(name, value)
            if lower not in NOTED or self.note(lower, value, line):
                self.lines.append(line)
        if status == 205:  # must say that it has no body: RFC 9110 section 15.3.6
            self.length_line = b"content-length: 0\r\n"

    def note(self, name: bytes, value: bytes, line: bytes) -> bool:
        """Note a header that matters to us; return whether to send it unchanged."""
        if name == b"content-length":
            number = value.isdigit() and len(value) < 19
            if self.content_length is not None or not number:
                raise ApplicationError("Content-Length must be one number")
            self.content_length = int(value)
            if self.status >= 200 and self.status != 204:
                self.length_line = line
            return False
        if name == b"connection":
            self.close |= b"close" in value.lower()
        self.date &= name != b"date"
        self.server &= name != b"server"
        # "Upgrade Required" has to name what to upgrade to
        wanted = self.status == 426 and name in (b"connection", b"upgrade")
        return wanted or name not in FRAMING

    def build(self, http_version: str, framing: bytes, defaults: bytes) -> bytes:
        """Build the bytes of the head, up to its empty line.

        Args:
            http_version: the version the client speaks.
            framing: lines that say where the body ends, and what comes after it.
            defaults: lines for Date and Server.
        """
        first = status_line(http_version, self.status)
        return b"".join([first, *self.lines, framing, defaults, b"\r\n"])


def wrong_type(name: object, value: object) -> ApplicationError:
    """Return the error for a header that is not bytes, in Daphne's words."""
    what, item = ("value", value) if isinstance(name, bytes) else ("name", name)
    words = f"expected to be `bytes`, but got `{type(item)}`"
    return ApplicationError(f"Header {what} '{item!s}' {words}")


@lru_cache(maxsize=1024)
def header_line(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Check a header: its name in lower case, and its line."""
    if not is_token(name):
        raise ApplicationError(f"Header name {name!r} is not a token")
    if is_many_lines(value):
        raise ApplicationError(f"Header value {value!r} is more than one line")
    return name.lower(), b"%b: %b\r\n" % (name, value)


@lru_cache(maxsize=1024)
def status_line(http_version: str, status: int) -> bytes:
    """Return the first line of a response."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return f"HTTP/{http_version} {status} {phrase}\r\n".encode("ascii")


def as_bytes(body: object) -> bytes:
    """Return a bytes-like body as bytes.

    Raises:
        ApplicationError: if it is not bytes-like.
    """
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise ApplicationError(f"A body must be bytes, not {type(body)}")
    return bytes(body)


def error_page(error: PeerError) -> tuple[Message, Message]:
    """Return the two messages of a response that the server makes by itself."""
    title = f"{error.status} {HTTPStatus(error.status).phrase}"
    page = (
        f"<!doctype html><html><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>{html.escape(error.text)}</p></body></html>"
    )
    headers = [(b"content-type", b"text/html; charset=utf-8"), *error.headers]
    start = {"type": "http.response.start", "status": error.status, "headers": headers}
    return start, {"type": "http.response.body", "body": page.encode()}
