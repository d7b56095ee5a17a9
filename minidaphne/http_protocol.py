"""One HTTP request and its response.

`WebRequest` connects one request with one application.  Its invariants: the messages
of the application are obeyed in order or refused; a response is as long as its head
says, or the connection is closed; the client is never left waiting.
"""

import asyncio
import logging
from enum import Enum, IntEnum

from .connection import ProtocolFactory
from .conversation import Conversation
from .errors import ApplicationError, PeerError, UnexpectedMessage
from .http_channel import HTTPChannel
from .response import ResponseHead, as_bytes, error_page
from .scope import Request
from .types import Message

logger = logging.getLogger(__name__)


class State(IntEnum):
    """How far a response has come."""

    AWAITED = 0  # nothing is known of it
    STARTED = 1  # status and headers are known, nothing is written
    WRITING = 2  # the head is written
    COMPLETE = 3  # all is written


AWAITED, STARTED, WRITING, COMPLETE = State  # an Enum's attributes are slow to look up

#: Bytes; a piece of a body that is smaller is joined with the next one.
SMALL = 4096

#: The message that is legal in each state; after the end, all are ignored.
LEGAL = {
    AWAITED: "http.response.start",
    STARTED: "http.response.body",
    WRITING: "http.response.body",
}


class Framing(Enum):
    """How the client finds the end of a body (RFC 9112 section 6.3)."""

    NONE = "there is no body"
    LENGTH = "Content-Length"
    CHUNKED = "Transfer-Encoding: chunked"
    CLOSE = "the connection is closed"


NONE, LENGTH, CHUNKED, CLOSE = Framing


class WebRequest(Conversation):
    """One request and its response; twin of ``daphne.http_protocol.WebRequest``.

    Args:
        channel: the connection it arrived on.
        head: its method, target and headers.
    """

    response: ResponseHead
    framing: Framing
    remaining: int  # bytes that Content-Length still promises
    sent_length: int

    def __init__(self, channel: HTTPChannel, head: Request) -> None:
        super().__init__(channel.server, channel.flow, head)
        self.channel = channel
        self.state = AWAITED
        self.error: PeerError | None = None  # why it is to be refused
        self.disconnect_sent = False  # to the application, whose `receive` gets no more
        self.timer: asyncio.TimerHandle | None = None  # for ``--http-timeout``
        self.keep_alive = head.keep_alive
        self.began = channel.began
        self.continued = not head.expect_continue

    # From the client to the application

    def process(self) -> None:
        """Give the request, whose turn it is, to an application, or refuse it."""
        if limit := self.server.settings.http_timeout:
            self.timer = self.loop.call_at(self.began + limit, self.check_timeouts)
        try:
            if self.error is not None:
                raise self.error
            if self.head.websocket:
                self.upgrade_to_websocket()
            else:
                self.start_application()
        except Exception as error:  # noqa: BLE001 - it is logged, or the client's
            self.refuse(self.channel.as_peer_error(error))

    def start_application(self) -> None:
        """Build the scope, and have the server call the application with it."""
        self.channel.applications.add(self)
        self.server.create_application(self, self.channel.build_scope(self.head))

    def upgrade_to_websocket(self) -> None:
        """Hand the connection over, with the parsed request and any early frames."""
        protocol = self.server.ws_factory.build_protocol(self.channel, self.head)
        self.connection_lost()
        try:
            protocol.on_connect()
        except Exception as error:  # noqa: BLE001 - it is logged
            protocol.handle_exception(protocol.as_peer_error(error))
        protocol.data_received(self.channel.unparsed)

    def put_body(self, body: bytes, more_body: bool) -> None:
        """Queue a piece of the body, joined with the one before it if that is small."""
        if self.state is COMPLETE:
            return  # nobody wants it after the response
        if self.events and (self.events[-1][1] < SMALL or not body):
            event, size = self.events.pop()
            self.size -= size
            body = event["body"] + body
        event = {"type": "http.request", "body": body, "more_body": more_body}
        self.put_nowait(event, len(body))

    def event_wanted(self) -> None:
        """Ask the client for the body: the application waits for an event."""
        if self.disconnect_sent:
            self.server.close_application(self, hopeless=True)
        elif self.state is COMPLETE:
            self.send_disconnect()
        elif not self.continued and self.channel.receiving is self:
            self.continued = True
            self.channel.body_wanted(self.state is not WRITING)

    def send_disconnect(self) -> None:
        """Tell the application, once, that nothing more will come."""
        if not self.disconnect_sent:
            self.disconnect_sent = True
            self.put_nowait({"type": "http.disconnect"})

    def connection_lost(self) -> None:
        """Note that the client has left, or speaks WebSocket from now on."""
        self.send_disconnect()
        self.state = COMPLETE
        self.stop_timer()
        self.server.protocol_disconnected(self)

    # From the application to the client

    def handle_reply(self, message: Message) -> None:
        """Obey a message of the application.

        Raises:
            ApplicationError: if it is not one we can obey now.
        """
        if self.state is COMPLETE:
            return
        if message["type"] != LEGAL[self.state]:
            raise UnexpectedMessage(self.state, message["type"])
        if self.state is AWAITED:
            self.start_response(message)
        else:
            self.write_body(message)

    def start_response(self, message: Message) -> None:
        """Keep status and headers; they are written with the first piece of the body."""
        self.response = ResponseHead(message)
        self.state = STARTED

    def write_body(self, message: Message) -> None:
        """Write a piece of the body, after the head if it is the first.

        Raises:
            ApplicationError: if the body is longer than its head says, or shorter.
        """
        body, more_body = message.get("body", b""), message.get("more_body", False)
        if type(body) is not bytes:
            body = as_bytes(body)
        head = b""
        if self.state is STARTED:
            head = self.build_head(self.choose_framing(len(body), more_body))
        if self.framing is NONE:
            body = b""
        self.sent_length += len(body)
        if self.framing is LENGTH:
            self.remaining -= len(body)
            if self.remaining < 0 or (self.remaining and not more_body):
                raise ApplicationError("The body does not fit its Content-Length")
        elif self.framing is CHUNKED:
            last = b"" if more_body else b"0\r\n\r\n"
            body = b"%x\r\n%b\r\n%b" % (len(body), body, last) if body else last
        self.state = WRITING
        if data := head + body:
            self.channel.transport.write(data)
        if not more_body:
            self.finish()

    def choose_framing(self, length: int, more_body: bool) -> bytes:
        """Choose how the client is to find the end of the body.

        Args:
            length: of the first piece of the body, in bytes.
            more_body: whether more is to come.

        Returns:
            the line of the head that says so.
        """
        response, self.sent_length = self.response, 0
        if response.bodiless or self.head.method == "HEAD":
            self.framing = NONE
        elif response.content_length is not None:
            self.framing, self.remaining = LENGTH, response.content_length
        elif not more_body:
            self.framing, self.remaining = LENGTH, length
            return b"content-length: %d\r\n" % length
        elif self.head.http_version == "1.1":
            self.framing = CHUNKED
            return b"transfer-encoding: chunked\r\n"
        else:
            self.framing, self.keep_alive = CLOSE, False
        return response.length_line

    def build_head(self, framing: bytes) -> bytes:
        """Build the bytes of the head, and decide whether the connection stays open."""
        response, version = self.response, self.head.http_version
        # after a 1xx, or if the body may still come, neither side knows what is next
        unasked = not self.continued and self.channel.receiving is self
        if response.close or response.status < 200 or unasked or self.server.stopping:
            self.keep_alive = False
        if not self.keep_alive:
            framing += b"connection: close\r\n"
        elif version == "1.0":
            framing += b"connection: keep-alive\r\n"
        defaults = self.server.default_headers(response.date, response.server)
        return response.build(version, framing, defaults)

    def finish(self) -> None:
        """Finish the response."""
        self.state = COMPLETE
        self.stop_timer()
        self.clear()
        if self.waiter is not None:
            self.send_disconnect()
        if self.server.settings.action_logger is not None:
            more = {"status": self.response.status, "size": self.sent_length}
            more["time_taken"] = self.loop.time() - self.began
            self.log_action("http", "complete", **more)
        if self.error is not None:
            self.server.close_application(self)  # perhaps none was called, to end it
        self.channel.request_done(self)

    def stop_timer(self) -> None:
        """Stop the timer: the response can no longer take too long."""
        if self.timer is not None:
            self.timer.cancel()

    # When things go wrong

    def application_finished(self) -> None:
        """Handle an application that has returned, perhaps before its response was complete."""
        self.channel.applications.discard(self)
        if self.state is not COMPLETE:
            logger.error("Application returned without a full response to %r", self)
            self.give_up(PeerError(500, "The application sent no full response."))

    def refuse(self, error: PeerError) -> None:
        """Answer with an error, in turn, and close: nothing after this can be read."""
        self.error, self.keep_alive = error, False
        if self.channel.active is self:
            self.give_up(error)
        elif self.state is COMPLETE:
            self.channel.lose_connection(linger=True)

    def give_up(self, error: PeerError, code: int = 1011) -> None:
        """End with an error page if nothing is written; else show that it was cut."""
        if self.state in (AWAITED, STARTED):
            self.basic_error(error)
        elif self.state is WRITING:
            self.keep_alive = False
            if self.framing is CLOSE:
                self.channel.reset()
            self.finish()

    def basic_error(self, error: PeerError) -> None:
        """Answer with a page of the server's own; twin of Daphne's."""
        start, body = error_page(error)
        self.start_response(start)
        self.write_body(body)

    def check_timeouts(self) -> None:
        """End a request that takes longer than ``--http-timeout``; twin of Daphne's."""
        if self.channel.receiving is self and not self.channel.is_held_up():
            self.channel.fail(PeerError(408, "The request was not sent in time"))
        else:
            text = "Application failed to respond within time limit."
            self.refuse(PeerError(503, text))


class HTTPFactory(ProtocolFactory):
    """Makes a channel for each connection; twin of ``daphne.http_protocol.HTTPFactory``."""

    def build_protocol(self) -> HTTPChannel:
        """Return a protocol for each connection that the event loop accepts."""
        return HTTPChannel(self.server, WebRequest)
