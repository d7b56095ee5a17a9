"""From ASGI messages to the head of a response: pure, a message in, bytes out.

Its law: no header name or value with CR, LF or NUL comes out of here, and exactly one
way to find the end of the body does.
"""

import html
import re
from enum import Enum
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from .errors import ApplicationError
from .types import Headers, Message

#: A header name is a token (RFC 9110 section 5.6.2).
is_token = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+").fullmatch
#: A header value has no control characters but the tab (RFC 9110 section 5.5).
is_value = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*").fullmatch

#: Headers that say how the message is framed: the server's own business.
FRAMING = frozenset({b"connection", b"transfer-encoding", b"keep-alive", b"upgrade"})
#: Headers that are looked at when a response starts.
NOTED = FRAMING | {b"content-length", b"date", b"server"}


def check_headers_type(headers: Any) -> Headers:
    """Check the headers of a message of the application, and return them as a list.

    Twin of ``daphne.server.Server.check_headers_type``, with its words.

    Raises:
        ApplicationError: if a name or value is not bytes, or cannot be sent.
    """
    checked = []
    for name, value in headers:
        if not isinstance(name, bytes):
            raise ApplicationError(
                f"Header name '{name}' expected to be `bytes`, but got `{type(name)}`"
            )
        if not isinstance(value, bytes):
            raise ApplicationError(
                f"Header value '{value}' expected to be `bytes`, but got `{type(value)}`"
            )
        if not is_token(name):
            raise ApplicationError(f"Header name {name!r} is not a token")
        if not is_value(value):
            raise ApplicationError(f"Header value {value!r} has control characters")
        checked.append((name, value))
    return checked


class Framing(Enum):
    """How the client finds the end of a body (RFC 9112 section 6.3)."""

    NONE = "there is none"
    LENGTH = "Content-Length"
    CHUNKED = "Transfer-Encoding: chunked"
    CLOSE = "the connection is closed"


@lru_cache(maxsize=256)
def status_line(http_version: str, status: int) -> bytes:
    """The first line of a response."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/{http_version} {status} {phrase}\r\n".encode("ascii")


class ResponseHead:
    """Status and headers of a response that has started.

    Args:
        message: ``http.response.start``, or its WebSocket twin.

    Raises:
        ApplicationError: if it is no response that can be sent.
    """

    __slots__ = ("close", "content_length", "date", "lines", "server", "status")

    def __init__(self, message: Message) -> None:
        if "status" not in message:
            raise ApplicationError(
                "Specifying a status code is required for a Response message."
            )
        self.status = message["status"]
        if not isinstance(self.status, int) or not 100 <= self.status <= 999:
            raise ApplicationError(f"{self.status!r} is not a status code")
        self.content_length: int | None = None
        self.close = False
        self.date = self.server = True  # whether ours are to be added
        self.lines = b""
        for name, value in check_headers_type(message.get("headers") or ()):
            if (lower := name.lower()) in NOTED and not self.note(lower, value):
                continue
            self.lines += b"%b: %b\r\n" % (name, value)

    def note(self, name: bytes, value: bytes) -> bool:
        """Note a header that concerns us; say whether it is sent as it is."""
        if name == b"content-length":
            if (
                not value.isdigit()
                or len(value) > 18
                or self.content_length is not None
            ):
                raise ApplicationError("Content-Length must be one number")
            self.content_length = int(value)
            return False
        if name == b"connection":
            self.close = self.close or b"close" in value.lower().replace(
                b" ", b""
            ).split(b",")
        elif name == b"date":
            self.date = False
        elif name == b"server":
            self.server = False
        return name not in FRAMING

    def build(self, http_version: str, connection: bytes, defaults: bytes) -> bytes:
        """Build the bytes of the head, up to its empty line.

        Args:
            http_version: the version the client speaks.
            connection: the lines that say how the body ends and what comes after it.
            defaults: lines for Date and Server, as far as they are missing.
        """
        first = status_line(http_version, self.status)
        return b"%b%b%b%b\r\n" % (first, self.lines, connection, defaults)

    @property
    def bodiless(self) -> bool:
        """Whether a response with this status never has a body (RFC 9110 section 6.4.1)."""
        return self.status < 200 or self.status in (204, 304)


def as_bytes(message: Message) -> bytes:
    """The body of a message, whichever bytes-like object it is.

    Raises:
        ApplicationError: if it is none.
    """
    body = message.get("body", b"")
    if isinstance(body, bytes):
        return body
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    raise ApplicationError(f"A body must be bytes, not {type(body)}")


def error_page(status: int, text: str, headers: Headers) -> tuple[Message, Message]:
    """The two messages of a response the server makes by itself.

    Args:
        status: the HTTP status.
        text: one line that says what is wrong.
        headers: headers besides Content-Type.
    """
    title = f"{status} {HTTPStatus(status).phrase}"
    body = (
        f"<!doctype html><html><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>{html.escape(text)}</p></body></html>"
    )
    content_type = (b"content-type", b"text/html; charset=utf-8")
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [content_type, *headers],
    }
    return start, {"type": "http.response.body", "body": body.encode()}
