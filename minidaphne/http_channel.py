"""A connection that speaks HTTP/1.1: bytes come in, requests are taken in order.

`HTTPChannel` feeds the parser, keeps requests in their order, and holds every limit
and timeout on what the client sends.  Its laws: one request is active at a time; what
cannot be read for certain is answered with an error, and nothing behind it is read.
"""

import asyncio
from enum import Enum
from typing import TYPE_CHECKING

import httptools

from .errors import PeerError
from .flow import Pause
from .scope import Request
from .types import ServerLike
from .wire import Wire

if TYPE_CHECKING:
    from .http_protocol import WebRequest

#: Bytes given to the parser at a time: so many small requests at most wait in line.
PIECE = 65536
#: Seconds for a head, and for its first byte on a new connection.
HEAD_TIMEOUT = 10
#: Seconds a connection is kept for its next request, as Twisted's default has it.
KEEP_ALIVE_TIMEOUT = 60
#: Seconds in which a body must bring so many bytes, as long as it is read.
BODY_TIMEOUT, BODY_BYTES = 10, 4096
#: Seconds for a request in flight when the client stops sending: who half-closes gets
#: an answer, and who has left is soon known to have left.
HALF_CLOSE_TIMEOUT = 0.1


class Reading(Enum):
    """What the parser is in the middle of."""

    NOTHING = "between requests"
    HEAD = "request line and headers"
    BODY = "body"
    STOPPED = "nothing is read any more, or it is no HTTP"


NOTHING, HEAD, BODY, STOPPED = Reading  # an attribute of an Enum is slow to look up


class HTTPChannel(Wire):
    """One connection that speaks HTTP; twin of ``twisted.web.http.HTTPChannel``.

    Args:
        server: the server it belongs to.
        request_factory: makes a request of a channel and a parsed head.
    """

    def __init__(self, server: ServerLike, request_factory: type["WebRequest"]) -> None:
        super().__init__(server)
        self.request_factory = request_factory
        self.parser = httptools.HttpRequestParser(self)
        self.reading = NOTHING
        self.active: WebRequest | None = None  # its answer is being made
        self.receiving: WebRequest | None = None  # its body is being read
        self.waiting: list[WebRequest] = []  # came before their turn
        self.applications: set[WebRequest] = set()  # theirs are still running
        self.unparsed = self.url = b""
        self.since = server.loop.time()  # a request began, or was answered
        self.looked = 0.0  # when the body was last looked at, and how large it was
        self.body_size = self.body_mark = 0
        self.fed = 0  # bytes since the request began, or up to a piece more
        settings = server.settings  # a head that is smaller is within all limits
        self.small = min(settings.limit_request_line, settings.limit_request_headers)

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self.set_timeout(HEAD_TIMEOUT)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: parse them, behind those that still wait."""
        if self.reading is not STOPPED:
            self.unparsed = self.unparsed + data if self.unparsed else data
            self.parse()

    def eof_received(self) -> bool:
        """The client sends no more, and has probably gone."""
        if self.active is None or self.flow.scheme == "https":
            return False  # nothing is to be written; and TLS is never half-closed
        self.active.send_disconnect()
        self.server.loop.call_later(HALF_CLOSE_TIMEOUT, self.transport.close)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and with it whoever waits for a response."""
        super().connection_lost(exc)
        self.reading = STOPPED
        for request in {self.active, self.receiving, *self.waiting, *self.applications}:
            if request is not None:
                request.connection_lost()

    # From bytes to requests

    def parse(self) -> None:
        """Feed the parser, piece by piece, until a request has to wait its turn."""
        while self.unparsed and not self.waiting and self.reading is not STOPPED:
            piece, self.unparsed = self.unparsed[:PIECE], self.unparsed[PIECE:]
            if self.reading is NOTHING:
                self.fed = 0
            self.fed += len(piece)
            self.feed(piece)

    def feed(self, piece: bytes) -> None:
        """Feed the parser, which calls the ``on_`` methods below."""
        try:
            self.parser.feed_data(piece)
            if self.reading is not NOTHING:
                self.check_progress()
        except httptools.HttpParserUpgrade as upgrade:
            self.unparsed = piece[upgrade.args[0] :] + self.unparsed
            self.parser_stopped()
        except httptools.HttpParserError as error:
            self.fail(error.__context__)
        except PeerError as error:
            self.fail(error)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.reading = HEAD
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.fed = min(self.fed, PIECE)
        self.since = self.server.loop.time()

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a trailer behind a chunked body, which nobody reads."""
        if self.reading is HEAD:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is whole: make a request of it, and process it in its turn."""
        request = self.request_factory(self, self.build_head())
        self.reading, self.receiving = BODY, request
        self.body_size = self.body_mark = 0
        self.looked = self.since
        if not request.head.websocket:
            self.enqueue(request)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        assert self.receiving is not None
        self.body_size += len(body)
        self.check_body_size(self.body_size)
        self.receiving.body_received(body, True)

    def on_message_complete(self) -> None:
        """The request has been read to its end."""
        request, self.receiving = self.receiving, None
        assert request is not None
        if request.head.websocket:
            self.receiving = request  # until the parser stops
            return
        self.reading = NOTHING if request.head.keep_alive else STOPPED
        request.body_received(b"", False)

    def parser_stopped(self) -> None:
        """The parser stops behind a request to upgrade; ignore it, or obey it."""
        if self.receiving is not None:
            request, self.receiving = self.receiving, None
            self.reading = STOPPED
            self.enqueue(request)

    def build_head(self) -> Request:
        """Check what the parser has found, and make a head of it."""
        if self.fed > self.small:
            self.check_head_size()
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise PeerError(505, "HTTP/1.0 and HTTP/1.1 are spoken here")
        method = self.parser.get_method().decode("ascii")
        keep_alive = self.parser.should_keep_alive()
        head = Request(method, self.url, version, self.headers, keep_alive)
        if head.content_length:
            self.check_body_size(head.content_length)
        if self.parser.should_upgrade():
            if head.content_length or head.chunked or method == "CONNECT":
                raise PeerError(400, "The connection cannot be used for that")
        else:
            head.websocket = False
        return head

    # Limits

    def check_head_size(self) -> None:
        """Refuse a head that is larger than the limits."""
        if len(self.url) > self.server.settings.limit_request_line:
            raise PeerError(414, "The request line is too long")
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.server.settings.limit_request_headers:
            raise PeerError(431, "The headers are too large")

    def check_body_size(self, size: int) -> None:
        """Refuse a body that is larger than the limit."""
        if 0 < self.server.settings.limit_request_body < size:
            raise PeerError(413, "The request's body is too large")

    def check_progress(self) -> None:
        """A request is not yet whole: see to what the parser keeps, and to the time."""
        limit = self.server.settings.limit_request_headers + PIECE
        if self.reading is HEAD:
            self.check_head_size()
        if self.fed > limit + 16 * self.body_size:  # chunks bring what is no body
            raise PeerError(431, "Headers, trailers or chunk extensions are too large")
        if self.fed <= PIECE:
            self.set_timeout(self.time_left())

    def fail(self, error: BaseException | None) -> None:
        """What came cannot be read: answer it in its turn, and read no more."""
        if self.reading is STOPPED:
            return  # it came behind the last request
        self.reading, self.unparsed = STOPPED, b""
        request, self.receiving = self.receiving, None
        if not isinstance(error, PeerError):
            error = PeerError(400, "Bad request")
        if request is not None:
            request.refuse(error)
            return
        version = "1.0" if self.parser.get_http_version() == "1.0" else "1.1"
        head = Request("GET", self.url, version, [], False)
        request = self.request_factory(self, head)
        request.error = error
        self.enqueue(request)

    # Requests in their order

    def enqueue(self, request: "WebRequest") -> None:
        """Process a request, now or behind those before it."""
        if self.active is not None:
            self.waiting.append(request)
            self.flow.pause_reading(Pause.PIPELINE)
            return
        self.active = request
        if self.server.settings.http_timeout:
            self.set_timeout(self.time_left())
        request.process()

    def request_done(self, request: "WebRequest") -> None:
        """A response is complete: go on to the next request, or close."""
        self.active = None
        self.since = self.server.loop.time()
        if not request.keep_alive or self.server.stopping:
            self.lose_connection(bool(self.receiving or request.error))
            return
        if self.waiting:
            self.enqueue(self.waiting.pop(0))
        if self.flow.reasons and not self.waiting:
            self.flow.resume_reading(Pause.PIPELINE)
            self.parse()

    def shut_down(self) -> None:
        """The server stops: close, unless a response has to come first."""
        if self.active is None and self.reading is NOTHING:
            self.lose_connection()

    # Time

    def time_left(self) -> float:
        """Seconds until something will have taken too long."""
        now, limit = self.server.loop.time(), self.server.settings.http_timeout
        due = now + KEEP_ALIVE_TIMEOUT
        if self.reading is BODY:
            due = self.looked + BODY_TIMEOUT
        elif self.reading is HEAD or not self.url:
            due = self.since + HEAD_TIMEOUT
        elif self.active is None:
            due = self.since + KEEP_ALIVE_TIMEOUT
        if limit and (self.active or self.reading is HEAD):
            began = self.active.began if self.active else self.since
            due = min(due, began + limit)
        return due - now

    def check_timeouts(self) -> None:
        """See what has taken too long, and when to look again."""
        if self.reading is STOPPED and self.active is None:
            self.transport.close()  # the client has had its time to read our answer
        elif self.time_left() > 0:
            self.set_timeout(self.time_left())
        elif self.active is not None and self.active.timed_out():
            self.active.check_timeouts()
        elif self.reading is BODY and self.body_goes_on():
            self.set_timeout(BODY_TIMEOUT)
        elif self.reading is not NOTHING:
            self.fail(PeerError(408, "The request was not sent in time"))
        else:
            self.lose_connection()

    def body_goes_on(self) -> bool:
        """Has enough of the body come since we looked last, as far as we read it?"""
        enough = self.body_size - self.body_mark >= BODY_BYTES
        self.looked, self.body_mark = self.server.loop.time(), self.body_size
        return enough or bool(self.flow.reasons)
