"""HTTP/1.1 on one connection: bytes come in, requests are answered in order.

`HTTPChannel` owns the connection: it feeds the parser, keeps requests in their order,
and holds every limit and timeout on what the client sends.  `WebRequest` owns one
request and its response.  Laws: one request is active at a time; the answer to a
request is complete, or the connection is closed; what cannot be read for certain is
answered with an error and never read on.
"""

import asyncio
import logging
from enum import Enum

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from .errors import ApplicationError, PeerError, UnexpectedMessage
from .flow import InputQueue, Pause
from .response import Framing, ResponseHead, as_bytes, error_page
from .scope import Request, build_scope
from .types import Headers, Message, ServerLike
from .wire import Wire

logger = logging.getLogger(__name__)

#: Bytes given to the parser at a time: so many small requests at most are parsed ahead.
PIECE = 65536
#: Seconds a head may take from its first byte, and a new connection until that byte.
HEAD_TIMEOUT = 10
#: Seconds a connection is kept for the next request, as Twisted's default has it.
KEEP_ALIVE_TIMEOUT = 60
#: A body must bring `BODY_BYTES` in each span of so many seconds in which we read it.
BODY_TIMEOUT = 10
BODY_BYTES = 4096


class Reading(Enum):
    """What the parser is in the middle of."""

    NOTHING = "between requests"
    HEAD = "request line and headers"
    BODY = "body"
    STOPPED = "no more: the connection is to be closed, or is not HTTP any more"


class HTTPChannel(Wire):
    """One connection that speaks HTTP; twin of ``twisted.web.http.HTTPChannel``.

    Args:
        factory: the factory it belongs to, which knows the server.
    """

    __slots__ = (
        "active",
        "applications",
        "began",
        "body_mark",
        "body_size",
        "fed",
        "headers",
        "parser",
        "parsing",
        "piece",
        "reading",
        "receiving",
        "unparsed",
        "upgrading",
        "url",
        "waiting",
    )

    def __init__(self, factory: "HTTPFactory") -> None:
        super().__init__(factory.server)
        self.parser = HttpRequestParser(self)
        self.reading = Reading.NOTHING
        self.active: WebRequest | None = None  # its answer is being made
        self.receiving: WebRequest | None = None  # its body is being read
        self.waiting: list[WebRequest] = []  # these came before their turn
        self.applications: set[WebRequest] = set()  # theirs are still running
        self.unparsed = b""
        self.parsing = self.upgrading = False
        self.piece = self.fed = self.body_size = self.body_mark = 0
        self.began = 0.0

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self.set_timeout(HEAD_TIMEOUT)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: parse them, unless earlier ones still wait."""
        if self.reading is not Reading.STOPPED:
            self.unparsed = self.unparsed + data if self.unparsed else data
            self.parse()

    def eof_received(self) -> bool:
        """The client has stopped sending, and has probably gone."""
        for request in [self.active, *self.waiting]:
            if request is not None:
                request.send_disconnect()
        return self.half_closed(self.active is not None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and with it all its requests."""
        super().connection_lost(exc)
        self.reading = Reading.STOPPED
        requests = [self.active, *self.waiting]
        self.active, self.waiting = None, []
        for request in requests:
            if request is not None:
                request.connection_lost()
        for application in self.applications:
            self.server.protocol_disconnected(application)

    # Bytes to requests

    def parse(self) -> None:
        """Feed the parser piece by piece, as long as no request has to wait its turn."""
        if self.parsing:
            return
        self.parsing = True
        while (
            self.unparsed and not self.waiting and self.reading is not Reading.STOPPED
        ):
            piece, self.unparsed = self.unparsed[:PIECE], self.unparsed[PIECE:]
            self.feed(piece)
        self.parsing = False

    def feed(self, piece: bytes) -> None:
        """Feed the parser one piece; its callbacks follow below."""
        self.piece = len(piece)
        self.fed += self.piece
        try:
            self.parser.feed_data(piece)
            if self.reading is not Reading.NOTHING:
                self.check_progress()
        except HttpParserUpgrade as upgrade:
            self.unparsed = piece[upgrade.args[0] :] + self.unparsed
            self.parser_stopped()
        except HttpParserError as error:
            self.fail(error.__context__)
        except PeerError as error:
            self.fail(error)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.reading = Reading.HEAD
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.fed = self.piece
        self.began = self.server.loop.time()

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a trailer behind a chunked body, which nobody reads."""
        if self.reading is Reading.HEAD:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is whole: make a request of it, and process it when it is its turn."""
        head = self.build_request()
        self.upgrading = self.parser.should_upgrade()
        self.reading = Reading.BODY
        self.body_size = self.body_mark = 0
        self.receiving = WebRequest(self, head)
        if not head.websocket:
            self.enqueue(self.receiving)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.body_size += len(body)
        limit = self.server.limit_request_body
        if limit and self.body_size > limit:
            raise PeerError(413, "The request's body is too large")
        assert self.receiving is not None
        self.receiving.body_received(body, True)

    def on_message_complete(self) -> None:
        """The request has been read to its end."""
        if self.upgrading:
            return  # the parser knows no better; see parser_stopped
        request, self.receiving = self.receiving, None
        assert request is not None
        self.reading = Reading.NOTHING if request.head.keep_alive else Reading.STOPPED
        request.body_received(b"", False)

    def build_request(self) -> Request:
        """Check the head against the limits and make a `Request` of it."""
        method = self.parser.get_method().decode("ascii")
        version = self.parser.get_http_version()
        self.check_limits()
        if version not in ("1.0", "1.1"):
            raise PeerError(505, "HTTP/1.0 and HTTP/1.1 are spoken here")
        if method == "CONNECT":
            raise PeerError(501, "This is no proxy")
        keep_alive = self.parser.should_keep_alive()
        head = Request(method, self.url, version, self.headers, keep_alive)
        limit = self.server.limit_request_body
        if limit and head.content_length > limit:
            raise PeerError(413, "The request's body is too large")
        if self.parser.should_upgrade() and (head.content_length or head.chunked):
            raise PeerError(400, "An upgrade with a body")
        return head

    def parser_stopped(self) -> None:
        """The parser stops behind a request to upgrade: obey it, or read on as HTTP."""
        self.upgrading = False
        request = self.receiving
        self.on_message_complete()
        if request is not None and request.head.websocket:
            self.reading = Reading.STOPPED
            self.enqueue(request)

    def check_limits(self) -> None:
        """End a head that is longer than the limits; exact once it is whole."""
        server = self.server
        if self.fed <= min(server.limit_request_line, server.limit_request_headers):
            return
        if len(self.url) > server.limit_request_line:
            raise PeerError(414, "The request line is too long")
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > server.limit_request_headers:
            raise PeerError(431, "The headers are too large")

    def check_progress(self) -> None:
        """In the middle of a request: see to the limits, and start the clock."""
        if self.reading is Reading.HEAD:
            self.check_limits()
            if (
                self.fed
                > self.server.limit_request_line
                + self.server.limit_request_headers
                + PIECE
            ):
                raise PeerError(431, "The headers are too large")
            self.set_timeout(HEAD_TIMEOUT - (self.server.loop.time() - self.began))
        elif self.fed > self.server.limit_request_headers + PIECE + 16 * self.body_size:
            raise PeerError(431, "Chunk extensions or trailers are too large")
        elif self.body_mark == 0:
            self.set_timeout(BODY_TIMEOUT)

    def fail(self, error: BaseException | None) -> None:
        """What came cannot be read: answer it in its turn, and read no more."""
        if self.reading is Reading.STOPPED:
            return  # bytes behind a request that asked for the connection to be closed
        self.reading = Reading.STOPPED
        self.unparsed = b""
        if not isinstance(error, PeerError):
            error = PeerError(400, "Bad request")
        request, self.receiving = self.receiving, None
        if request is None:
            version = "1.0" if self.parser.get_http_version() == "1.0" else "1.1"
            request = WebRequest(
                self, Request("GET", self.url or b"/", version, [], False)
            )
            request.error = error
            self.enqueue(request)
        else:
            request.refuse(error)

    # Requests in their order

    def enqueue(self, request: "WebRequest") -> None:
        """Process a request, now or after those before it."""
        if self.active is None:
            self.active = request
            if self.server.http_timeout:
                self.set_timeout(self.server.http_timeout)
            request.process()
        else:
            self.waiting.append(request)
            self.flow.pause_reading(Pause.PIPELINE)

    def request_done(self, request: "WebRequest") -> None:
        """A response is complete: go on to the next request, or close."""
        self.active = None
        if not request.keep_alive or self.server.stopping:
            self.lose_connection(
                linger=self.receiving is not None or request.error is not None
            )
            return
        self.set_timeout(KEEP_ALIVE_TIMEOUT)
        if self.waiting:
            self.enqueue(self.waiting.pop(0))
        if not self.waiting:
            self.flow.resume_reading(Pause.PIPELINE)
            self.parse()

    def shut_down(self) -> None:
        """The server stops: close now if nothing is in flight, else behind the response."""
        if self.active is None and self.reading is Reading.NOTHING:
            self.lose_connection()

    # Time

    def set_timeout(self, seconds: float) -> None:
        """Set the deadline, but no later than the whole request's."""
        limit = self.server.http_timeout
        if limit and (
            self.active is not None or self.reading in (Reading.HEAD, Reading.BODY)
        ):
            began = self.began if self.active is None else self.active.began
            seconds = min(seconds, began + limit - self.server.loop.time())
        super().set_timeout(seconds)

    def timed_out(self) -> None:
        """The client, or the application, has been too slow."""
        if self.active is not None and self.active.check_timeouts():
            return
        if self.reading is Reading.HEAD:
            self.fail(PeerError(408, "The request was not sent in time"))
        elif self.reading is Reading.BODY:
            self.check_body_rate()
        elif self.active is None:
            self.lose_connection()
        elif self.server.http_timeout:
            self.set_timeout(self.server.http_timeout)

    def check_body_rate(self) -> None:
        """A span of `BODY_TIMEOUT` is over: has the body gone on, or did we not read?"""
        if not self.flow.reasons and self.body_size - self.body_mark < BODY_BYTES:
            self.fail(PeerError(408, "The request's body was not sent in time"))
            return
        self.body_mark = self.body_size
        self.set_timeout(BODY_TIMEOUT)


class Response(Enum):
    """How far a response is."""

    AWAITED = "nothing sent"
    STARTED = "status and headers known, nothing written"
    WRITING = "the head is written"
    COMPLETE = "all is written"


#: The messages that are legal in each state; behind the end all are ignored.
LEGAL = {
    Response.AWAITED: "http.response.start",
    Response.STARTED: "http.response.body",
    Response.WRITING: "http.response.body",
}


class WebRequest:
    """One request and its response; twin of ``daphne.http_protocol.WebRequest``.

    Args:
        channel: the connection it came on.
        head: what the parser found.
    """

    __slots__ = (
        "application_queue",
        "began",
        "channel",
        "continued",
        "disconnected",
        "error",
        "flow",
        "framing",
        "head",
        "keep_alive",
        "left",
        "response",
        "sent_length",
        "server",
        "state",
        "told",
    )

    response: ResponseHead

    def __init__(self, channel: HTTPChannel, head: Request) -> None:
        self.channel = channel
        self.server = channel.server
        self.flow = channel.flow
        self.head = head
        self.keep_alive = head.keep_alive
        self.began = channel.began
        self.state = Response.AWAITED
        self.framing = Framing.NONE
        self.left = self.sent_length = 0
        self.continued = self.told = self.disconnected = False
        self.error: PeerError | None = None
        self.application_queue = InputQueue(
            self.server.loop, self.flow, self.body_wanted
        )
        self.server.protocol_connected(self)

    def __repr__(self) -> str:
        return f"<WebRequest {self.head.method} {self.head.target!r}>"

    # From the client to the application

    def process(self) -> None:
        """It is this request's turn: give it to an application, or refuse it."""
        try:
            if self.error is not None:
                self.refuse(self.error)
            elif self.head.websocket:
                self.upgrade_to_websocket()
            else:
                self.start_application()
        except PeerError as error:
            self.refuse(error)

    def start_application(self) -> None:
        """Build the scope and have the server call the application with it."""
        client, scheme = self.channel.client_addr, self.channel.scheme
        if self.server.proxies is not None:
            client, scheme = self.server.proxies.parse_x_forwarded_for(
                self.head.headers, client, scheme
            )
        scope = build_scope(
            "http",
            self.head,
            scheme,
            client,
            self.channel.server_addr,
            self.server.root_path,
            self.server.state,
        )
        self.channel.applications.add(self)
        self.server.create_application(self, scope)

    def upgrade_to_websocket(self) -> None:
        """Hand the connection over, with the parsed request and any early frames."""
        protocol = self.server.ws_factory.build_protocol(self.head)
        protocol.take_over(self.channel)
        self.server.protocol_disconnected(self)
        protocol.on_connect()
        if self.channel.unparsed:
            protocol.data_received(self.channel.unparsed)

    def body_received(self, body: bytes, more_body: bool) -> None:
        """A piece of the body for the application; nobody wants it behind the response."""
        if self.state is not Response.COMPLETE:
            self.application_queue.put_body(body, more_body)

    def body_wanted(self) -> None:
        """The application waits for an event: have the client send the body."""
        if self.told:
            self.server.close_application(self)  # nothing will ever come
        elif self.head.expect_continue and not self.continued and self.incomplete():
            self.continued = True
            if self.state is not Response.WRITING and self.channel.body_size == 0:
                self.channel.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def incomplete(self) -> bool:
        """Whether the body has not been read to its end."""
        return self.channel.receiving is self

    def send_disconnect(self) -> None:
        """Tell the application, once, that nothing more will come."""
        if not self.told:
            self.told = True
            self.application_queue.put_nowait({"type": "http.disconnect"})

    def connection_lost(self) -> None:
        """The client has left before the response was complete."""
        self.send_disconnect()
        self.state = Response.COMPLETE
        self.server.protocol_disconnected(self)

    # From the application to the client

    def handle_reply(self, message: Message) -> None:
        """Obey a message of the application.

        Raises:
            ApplicationError: if it is not one we can obey now.
        """
        if self.state is Response.COMPLETE:
            return
        kind = message["type"]
        if kind != LEGAL[self.state]:
            raise self.unexpected(kind)
        if kind == "http.response.start":
            self.start_response(message)
        else:
            self.write_body(message)

    def unexpected(self, kind: object) -> UnexpectedMessage:
        """The error for a message out of turn, in Daphne's words."""
        text = f"Cannot handle message type {kind}!"
        if kind == "http.response.start":
            text = "HTTP response has already been started"
        elif kind == "http.response.body":
            text = f"HTTP response has not yet been started but got {kind}"
        return UnexpectedMessage(self.state, kind, text)

    def start_response(self, message: Message) -> None:
        """Keep status and headers: they are written with the first piece of the body."""
        self.response = ResponseHead(message)
        self.state = Response.STARTED

    def write_body(self, message: Message) -> None:
        """Write a piece of the body, behind the head if it is the first."""
        body, more_body = as_bytes(message), bool(message.get("more_body", False))
        head = b""
        if self.state is Response.STARTED:
            self.choose_framing(len(body), more_body)
        self.check_length(len(body), more_body)
        if self.state is Response.STARTED:
            head = self.build_head()
            self.state = Response.WRITING
        self.write(head, body, more_body)
        if not more_body:
            self.finish()

    def choose_framing(self, length: int, more_body: bool) -> None:
        """Choose how the client is to find the end of the body."""
        response = self.response
        if self.head.method == "HEAD" or response.bodiless:
            self.framing = Framing.NONE
            return
        if response.content_length is None and not more_body:
            response.content_length = length
        if response.content_length is not None:
            self.framing, self.left = Framing.LENGTH, response.content_length
        elif self.head.http_version == "1.1":
            self.framing = Framing.CHUNKED
        else:
            self.framing = Framing.CLOSE

    def check_length(self, length: int, more_body: bool) -> None:
        """See that the body is as long as the application has said.

        Raises:
            ApplicationError: if it is longer, or ends too early.
        """
        if self.framing is Framing.LENGTH:
            self.left -= length
            if self.left < 0 or (self.left and not more_body):
                raise ApplicationError("The body does not fit its Content-Length")

    def build_head(self) -> bytes:
        """Build the head of the response, and decide whether the connection lives on."""
        response, version = self.response, self.head.http_version
        unasked = self.head.expect_continue and not self.continued and self.incomplete()
        if (
            response.close
            or response.status < 200
            or self.framing is Framing.CLOSE
            or unasked
            or self.server.stopping
        ):
            self.keep_alive = False
        lines = b""
        if response.content_length is not None and 200 <= response.status != 204:
            lines = b"content-length: %d\r\n" % response.content_length
        elif self.framing is Framing.CHUNKED:
            lines = b"transfer-encoding: chunked\r\n"
        if not self.keep_alive:
            lines += b"connection: close\r\n"
        elif version == "1.0":
            lines += b"connection: keep-alive\r\n"
        return response.build(
            version, lines, self.server.default_headers(response.date, response.server)
        )

    def write(self, head: bytes, body: bytes, more_body: bool) -> None:
        """Write to the transport: every byte of a response goes out here."""
        if self.framing is Framing.NONE:
            body = b""
        self.sent_length += len(body)
        if self.framing is Framing.CHUNKED:
            if body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            if not more_body:
                body += b"0\r\n\r\n"
        if head or body:
            self.channel.transport.write(head + body)

    def finish(self) -> None:
        """The response is complete."""
        self.application_queue.clear()
        self.send_disconnect()
        self.state = Response.COMPLETE
        self.log_complete()
        self.channel.request_done(self)

    def log_complete(self) -> None:
        """Log the request, if anyone wants to know."""
        if self.server.action_logger is None:
            return
        client = self.channel.client_addr
        details = {
            "path": self.head.target.decode("latin-1"),
            "status": self.response.status,
            "method": self.head.method,
            "client": f"{client[0]}:{client[1]}" if client else None,
            "time_taken": self.server.loop.time() - self.began,
            "size": self.sent_length,
        }
        self.server.log_action("http", "complete", details)

    # When things go wrong

    def application_finished(self) -> None:
        """The application has returned: it may have left the response undone."""
        self.channel.applications.discard(self)
        if self.state is not Response.COMPLETE:
            logger.error(
                "Application returned before its response to %r was complete", self
            )
            self.give_up(500, "The application sent no response.")

    def handle_exception(self, exception: BaseException) -> None:
        """The application has raised, or sent what cannot be obeyed."""
        self.channel.applications.discard(self)
        self.give_up(500, "Exception inside application.")

    def refuse(self, error: PeerError) -> None:
        """The request is not one to be answered; nothing behind it can be read."""
        self.error = error
        self.keep_alive = False
        if self.state is Response.COMPLETE:
            self.channel.lose_connection(linger=True)
        elif self.channel.active is self:
            self.give_up(error.status, error.text, error.headers)

    def give_up(self, status: int, text: str, headers: Headers | None = None) -> None:
        """End with an error page if nothing is written; else show that it is no end."""
        if self.state in (Response.AWAITED, Response.STARTED):
            self.basic_error(status, text, headers)
        elif self.state is Response.WRITING:
            self.keep_alive = False
            if self.framing is Framing.CLOSE:
                self.channel.abort()  # an orderly close would look like the end
            self.finish()

    def basic_error(
        self, status: int, text: str, headers: Headers | None = None
    ) -> None:
        """Answer with a page of the server's own; twin of Daphne's."""
        start, body = error_page(status, text, headers or [])
        self.start_response(start)
        self.write_body(body)

    def check_timeouts(self) -> bool:
        """End a request that has taken longer than ``--http-timeout``; say whether it had."""
        limit = self.server.http_timeout
        if not limit or self.server.loop.time() - self.began < limit:
            return False
        self.keep_alive = False
        if self.incomplete():
            self.refuse(PeerError(408, "The request was not sent in time"))
        else:
            self.give_up(503, "Application failed to respond within time limit.")
        return True


class HTTPFactory:
    """Makes an `HTTPChannel` for each connection; twin of ``daphne.http_protocol.HTTPFactory``.

    Args:
        server: the server the connections belong to.
    """

    def __init__(self, server: ServerLike) -> None:
        self.server = server

    def build_protocol(self) -> HTTPChannel:
        """Called by the event loop for each connection it accepts."""
        return HTTPChannel(self)
