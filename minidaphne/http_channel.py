"""A connection that speaks HTTP/1.1: bytes come in, requests are taken in order.

`HTTPChannel` feeds the parser, keeps requests in order, and enforces every limit and
timeout on what the client sends.  Its invariants: one request is active at a time; an
ambiguous request is answered with an error; nothing is read after that error, or after
the last response.
"""

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, cast

import httptools

from .connection import Connection
from .errors import PeerError
from .flow_control import FlowControl, Pause
from .scope import NOTED, Request
from .settings import UNLIMITED

if TYPE_CHECKING:
    from .http_protocol import WebRequest
    from .server import Server

#: Characters, as numbers: bytes are searched faster for a number.
UNDERSCORE, NEL = 0x5F, 0x85
#: Bytes given to the parser at a time; bounds how many small requests can queue up.
PIECE = 4096
#: Seconds for a head, and for its first byte on a new connection.
HEAD_TIMEOUT = 10
#: Seconds to keep a connection open for its next request; Twisted's default.
KEEP_ALIVE_TIMEOUT = 60
#: While we read a body, so many bytes of it must arrive in each period of so many seconds.
BODY_TIMEOUT, BODY_BYTES = 10, 4096
#: Seconds for a request in flight once the client stops sending: a client that has
#: only half-closed can still get a response, and one that has left is noticed soon.
HALF_CLOSE_TIMEOUT = 0.1


class Reading(Enum):
    """What the parser is in the middle of."""

    NOTHING = "between requests"
    HEAD = "request line and headers"
    BODY = "body"
    STOPPED = "nothing more is read, or it is not HTTP"


NOTHING, HEAD, BODY, STOPPED = Reading  # an attribute of an Enum is slow to look up


class HTTPChannel(Connection):
    """One connection that speaks HTTP; twin of ``twisted.web.http.HTTPChannel``.

    Args:
        server: the server it belongs to.
        request_factory: makes a request of a channel and a parsed head.
    """

    def __init__(self, server: "Server", request_factory: type["WebRequest"]) -> None:
        super().__init__(server)
        self.request_factory = request_factory
        self.reading = NOTHING
        self.active: WebRequest | None = None  # its response is being made
        self.receiving: WebRequest | None = None  # its body is being read
        self.again: Request | None = None  # to be parsed once more
        self.unparsed = b""
        self.began = 0.0  # when the first byte of the request arrived
        self.body_size = self.body_mark = 0  # its bytes, now and when `due` last moved
        self.fed = 0  # bytes after the piece in which the request began
        self.counted = self.counted_size = 0  # headers, and their bytes
        self.parser = httptools.HttpRequestParser(self)
        self.head = Request()
        self.waiting: list[WebRequest] = []  # arrived before their turn
        self.applications: set[WebRequest] = set()  # theirs are still running
        settings = server.settings
        self.max_line = settings.limit_request_line or UNLIMITED
        self.max_headers = settings.limit_request_headers or UNLIMITED
        # while no more than this was fed, a head is within both limits
        self.small = min(self.max_line, self.max_headers) - PIECE
        self.head_timeout = min(settings.http_timeout or HEAD_TIMEOUT, HEAD_TIMEOUT)

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving a client that has connected."""
        self.transport = cast(asyncio.Transport, transport)
        self.flow = FlowControl(self.transport, self.server.loop)
        self.server.channels.add(self)
        self.set_timeout(self.head_timeout)

    def data_received(self, data: bytes) -> None:
        """Parse bytes that have arrived, after those that still wait."""
        if self.reading is not STOPPED or self.waiting:
            self.unparsed += data
            self.parse()

    def eof_received(self) -> bool:
        """Note that the client will send no more, and has probably gone."""
        if self.active is None or self.flow.scheme == "https":
            return False  # there is nothing to write; and TLS is never half-closed
        self.server.loop.call_later(HALF_CLOSE_TIMEOUT, self.lose_connection)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whatever waits for a response that the connection is gone."""
        super().connection_lost(exc)
        self.reading = STOPPED
        for request in [*self.waiting, *self.applications]:
            request.connection_lost()

    # From bytes to requests

    def parse(self) -> None:
        """Feed the parser, which calls the ``on_`` methods below, piece by piece.

        Stop while a request waits its turn, or the client does not read its responses.
        """
        if self.flow.reasons and not self.waiting:
            self.flow.resume_reading(Pause.PIPELINE)
        while self.unparsed and self.reading is not STOPPED:
            if self.waiting or self.flow.resumed is not None:
                return
            piece, self.unparsed = self.unparsed, b""
            if len(piece) > PIECE:  # no request begins inside a body
                end = max(PIECE, self.head.content_length - self.body_size)
                piece, self.unparsed = piece[:end], piece[end:]
            self.fed += len(piece)
            try:
                self.parser.feed_data(piece)
                if self.reading is HEAD or self.reading is BODY:
                    self.check_progress()
            except httptools.HttpParserUpgrade as upgrade:
                self.unparsed = piece[upgrade.args[0] :] + self.unparsed
                self.parser_stopped()
            except httptools.HttpParserError as error:
                # what a callback has raised; otherwise it is not HTTP
                self.fail(error.__context__ or PeerError(400, "Bad request"))
            except Exception as error:  # noqa: BLE001 - it is logged
                self.fail(error)

    def on_message_begin(self) -> None:
        """Note the first byte of a request."""
        self.reading = HEAD
        self.fed = self.body_size = self.body_mark = 0
        self.counted = self.counted_size = 0
        self.began = self.server.loop.time()
        self.due = self.began + self.head_timeout

    def on_url(self, url: bytes) -> None:
        """Collect a piece of the request target; the parser knows the method by now."""
        self.head.target += url
        self.head.method = self.parser.get_method().decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; ignore a trailer after a chunked body."""
        if self.reading is HEAD:
            if NEL in value:  # a line end to code that decodes before it splits
                raise PeerError(400, "Invalid header value")
            name = name.lower()
            ordinary = name not in NOTED and UNDERSCORE not in name
            if ordinary or self.head.note(name, value.strip()):
                self.head.headers.append((name, value.strip()))

    def on_headers_complete(self) -> None:
        """Make a request from the complete head, and process it in its turn."""
        self.check_head(self.head)
        if self.parser.should_upgrade():
            return  # the parser will stop
        self.reading, self.due = BODY, self.began + BODY_TIMEOUT
        self.receiving = request = self.request_factory(self, self.head)
        self.enqueue(request)

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        assert self.receiving is not None
        self.body_size += len(body)
        self.check_body_size(self.body_size)
        if self.body_size - self.body_mark >= BODY_BYTES:
            self.body_mark = self.body_size
            self.due = self.server.loop.time() + BODY_TIMEOUT
        self.receiving.put_body(body, True)

    def on_message_complete(self) -> None:
        """Note that the request has been read to its end."""
        if self.receiving is not None:
            head, self.head = self.head, Request()
            request, self.receiving = self.receiving, None
            self.reading = NOTHING if head.keep_alive else STOPPED
            request.put_body(b"", False)

    def parser_stopped(self) -> None:
        """Carry out the upgrade at which the parser has stopped, or parse on without it."""
        head, self.head = self.head, Request()
        if head.websocket:
            self.reading = STOPPED
            self.enqueue(self.request_factory(self, head))
            return
        self.parser = httptools.HttpRequestParser(self)  # the old one reads no body
        self.again = head
        first = b"POST %b HTTP/%b\r\n" % (head.target, head.http_version.encode())
        lines = [b"%b: %b\r\n" % line for line in head.headers if line[0] != b"upgrade"]
        self.unparsed = b"".join([first, *lines, b"\r\n", self.unparsed])

    def check_head(self, head: Request) -> None:
        """Add what the parser knows of the head, and check the complete head."""
        parser = self.parser
        if self.fed > self.small:
            self.check_head_size()
        if self.again is not None:
            head.method, head.root_path = self.again.method, self.again.root_path
            self.again = None
        tunnel = head.method == "CONNECT"
        head.keep_alive = parser.should_keep_alive() and not tunnel
        version = parser.get_http_version()
        if version == "1.0":  # which has none of these: RFC 9110 section 7.8
            head.http_version = version
            if head.chunked:
                raise PeerError(400, "Invalid Transfer-Encoding")
            head.expect_continue = head.websocket = False
        elif version != "1.1":
            raise PeerError(505, "Only HTTP/1.0 and HTTP/1.1 are supported")
        self.check_body_size(head.content_length)
        head.websocket &= parser.should_upgrade()
        body = head.content_length or head.chunked
        if (tunnel and head.target[:1] != b"/") or (head.websocket and body):
            raise PeerError(400, "The connection cannot be used for that")
        if head.target[:1] != b"/":
            head.use_origin()

    # Limits

    def check_head_size(self) -> None:
        """Refuse a head that is larger than the limits."""
        if len(self.head.target) > self.max_line:
            raise PeerError(414, "The request line is too long")
        for name, value in self.head.headers[self.counted :]:
            self.counted_size += len(name) + len(value) + 4
        self.counted = len(self.head.headers)
        if self.counted_size > self.max_headers:
            raise PeerError(431, "The headers are too large")

    def check_body_size(self, size: int) -> None:
        """Refuse a body that is larger than the limit."""
        if 0 < self.server.settings.limit_request_body < size:
            raise PeerError(413, "The request's body is too large")

    def check_progress(self) -> None:
        """Check the size and the time of a request that is not complete yet."""
        if self.reading is HEAD:
            self.check_head_size()
        room = self.max_line + self.max_headers + PIECE
        if self.fed > room + 16 * self.body_size:  # chunk headers are not body
            raise PeerError(431, "Headers, trailers or chunk extensions are too large")
        self.start_timer()

    def fail(self, error: BaseException) -> None:
        """Answer a malformed request, in order, and stop reading.

        Args:
            error: why; any other than a `PeerError` is a bug.
        """
        if self.reading is STOPPED:
            return  # it came after the last request
        self.reading, self.unparsed = STOPPED, b""
        error = self.as_peer_error(error)
        request, self.receiving = self.receiving, None
        if request is not None:
            request.refuse(error)
            return
        if self.parser.get_http_version() == "1.0":
            self.head.http_version = "1.0"
        request = self.request_factory(self, self.head)
        request.error = error
        self.enqueue(request)

    # Requests in their order

    def enqueue(self, request: "WebRequest") -> None:
        """Process a request, now or after those before it."""
        if self.active is None:
            self.active = request
            request.process()
        else:
            self.waiting.append(request)
            self.flow.pause_reading(Pause.PIPELINE)

    def request_done(self, request: "WebRequest") -> None:
        """Go on to the next request once a response is complete, or close.

        The loop calls `parse`, because if the application sent its response in an
        `except` block, that exception would become the parser errors' context here.
        """
        self.active = None
        if not request.keep_alive or self.server.stopping:
            self.stop_reading()
            self.lose_connection(bool(self.receiving or request.error))
        elif self.waiting:
            self.enqueue(self.waiting.pop(0))
        elif self.reading is NOTHING:
            self.due = self.server.loop.time() + KEEP_ALIVE_TIMEOUT
        if self.flow.reasons and not self.waiting:
            self.server.loop.call_soon(self.parse)

    def stop_reading(self) -> None:
        """Ignore whatever the client sends after the last request that is answered."""
        self.reading, self.unparsed = STOPPED, b""
        for request in self.waiting:
            request.connection_lost()
        self.waiting.clear()

    def body_wanted(self, ask: bool) -> None:
        """Ask for the body that the client may still hold back (``100 Continue``).

        Args:
            ask: whether the client can still be asked for it.
        """
        self.set_timeout(BODY_TIMEOUT)
        if ask and self.body_size == 0:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def is_held_up(self) -> bool:
        """Whether the client waits for us, and so cannot be late."""
        unasked = self.receiving is not None and not self.receiving.continued
        return bool(self.flow.reasons) or (unasked and self.body_size == 0)

    def shut_down(self) -> None:
        """Close when the server stops, once the response that is due is sent."""
        if self.active is None and self.reading is NOTHING:
            self.lose_connection()

    def check_timeouts(self) -> None:
        """End a connection whose client is late; if it is not, look again later.

        It is not late if we did not read for over a second: it could not send.
        """
        reading = self.reading is HEAD or self.reading is BODY
        if not reading and self.active is None:
            self.lose_connection()
        elif not reading or self.is_held_up() or self.flow.unread > 1:
            self.flow.unread = 0.0
            self.set_timeout(BODY_TIMEOUT)
        else:
            self.fail(PeerError(408, "The request was not sent in time"))
