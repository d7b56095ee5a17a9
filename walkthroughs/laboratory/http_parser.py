"""A pure-Python stand-in for `httptools`: h11 with the callbacks of its parser.

httptools has no build for the browser.  What differs: h11 refuses a request of HTTP/1.1
without a Host header, and it calls `on_url` once, with the whole target.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import h11

LIMIT = 1 << 20
"""Bytes of a head that is not whole; the server's own limits are lower."""


class HttpParserError(Exception):
    """The bytes are not HTTP; an error that a callback raised is its context."""


class HttpParserUpgrade(Exception):
    """The client wants another protocol from the given offset on."""


class HttpRequestParser:
    """Twin of ``httptools.HttpRequestParser``.

    Args:
        protocol: its ``on_`` methods are called.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._method = b""
        self._version = "1.1"
        self._upgrade = False
        self._keep_alive = True
        self._next()

    def _next(self) -> None:
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LIMIT)
        self._begun = False

    def get_method(self) -> bytes:
        """Return the method of the present request."""
        return self._method

    def get_http_version(self) -> str:
        """Return its version, as "1.1"."""
        return self._version

    def should_upgrade(self) -> bool:
        """Whether it asks for another protocol."""
        return self._upgrade

    def should_keep_alive(self) -> bool:
        """Whether another request may follow it."""
        return self._keep_alive

    def feed_data(self, data: bytes) -> None:
        """Parse more bytes.

        Raises:
            HttpParserError: they are not HTTP, or a callback has raised.
            HttpParserUpgrade: another protocol begins at that offset.
        """
        fault = ""
        try:
            self._feed(data)
        except HttpParserUpgrade:
            raise
        except h11.RemoteProtocolError as error:
            fault = str(error)
        except Exception as error:
            raise HttpParserError(str(error)) from error
        if fault:  # here, as the error has no context: no callback is to blame
            raise HttpParserError(fault)

    def _feed(self, data: bytes) -> None:
        self._connection.receive_data(data)
        left = len(data)
        while left:
            if not self._begun:
                self._begun = True
                self._protocol.on_message_begin()
            event = self._connection.next_event()
            if event is h11.NEED_DATA:
                return
            if isinstance(event, h11.Request):
                self._head(event)
            elif isinstance(event, h11.Data):
                self._protocol.on_body(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                for name, value in event.headers.raw_items():
                    self._protocol.on_header(name, value)
                rest, _ = self._connection.trailing_data
                left = len(rest)
                self._protocol.on_message_complete()
                if self._upgrade:
                    raise HttpParserUpgrade(len(data) - left)
                self._next()
                self._connection.receive_data(rest) if rest else None

    def _head(self, request: h11.Request) -> None:
        self._method = request.method
        self._version = request.http_version.decode()
        said = {name: value.lower() for name, value in request.headers}
        options = [each.strip() for each in said.get(b"connection", b"").split(b",")]
        old = self._version == "1.0"
        self._keep_alive = b"keep-alive" in options if old else b"close" not in options
        tunnel = self._method == b"CONNECT"
        self._upgrade = tunnel or (b"upgrade" in said and b"upgrade" in options)
        self._protocol.on_url(request.target)
        for name, value in request.headers.raw_items():
            self._protocol.on_header(name, value)
        self._protocol.on_headers_complete()


def install() -> None:
    """Let `import httptools` find this, whether httptools is installed or not."""
    module = ModuleType("httptools")
    for each in (HttpRequestParser, HttpParserError, HttpParserUpgrade):
        setattr(module, each.__name__, each)
    sys.modules["httptools"] = module
