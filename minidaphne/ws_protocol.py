"""A WebSocket, on a connection that HTTP has handed over.

`WebSocketProtocol` connects one browser with one application: handshake, messages,
pings, and the ways to close.  Its invariants: the application is told of the end once;
nothing is sent after a close frame.
"""

from enum import IntEnum
from typing import Any

from . import ws_frames as frames
from .connection import Connection, ProtocolFactory
from .conversation import Conversation
from .errors import (
    ApplicationError,
    ClientDisconnected,
    FrameError,
    PeerError,
    UnexpectedMessage,
)
from .flow_control import HIGH_WATER, Pause
from .response import ResponseHead, as_bytes, error_page
from .scope import Request, build_websocket_scope
from .types import FOREVER, Message
from .ws_frames import BINARY, CLOSE, PING, PONG, TEXT
from .ws_handshake import Handshake, parse_handshake

#: Seconds the client has to answer our close frame.
CLOSE_TIMEOUT = 5


class State(IntEnum):
    """How far a WebSocket has come."""

    CONNECTING = 0  # the application has not accepted it
    DENYING = 1  # the application sends an HTTP response instead
    OPEN = 2  # messages go both ways
    CLOSING = 3  # we have sent a close frame
    CLOSED = 4  # it is over


CONNECTING, DENYING, OPEN, CLOSING, CLOSED = State  # faster to look up

#: The messages that are legal in each state; in the others the client has gone.
LEGAL = {
    CONNECTING: ("accept", "close", "http.response.start"),
    DENYING: ("http.response.body",),
    OPEN: ("send", "close"),
}


class WebSocketProtocol(Connection, Conversation):
    """One WebSocket; twin of ``daphne.ws_protocol.WebSocketProtocol``.

    Args:
        channel: the connection, as HTTP hands it over.
        head: the request to upgrade, as HTTP has parsed it.
        offer: what the client offers, and what follows from it.
    """

    def __init__(self, channel: Connection, head: Request, offer: Handshake) -> None:
        Connection.__init__(self, channel.server)
        Conversation.__init__(self, channel.server, channel.flow, head)
        self.take_over(channel)
        self.handshake = offer
        self.reader = frames.FrameReader(self.server.settings, offer.deflate)
        self.state = CONNECTING
        self.denial: ResponseHead | None = None  # the head of a denial, until written
        self.socket_opened = self.last_seen = self.loop.time()
        self.last_ping = 0.0

    # The handshake

    def on_connect(self) -> None:
        """Call the application, which decides about the new WebSocket."""
        scope = self.build_scope(self.head)
        scope = build_websocket_scope(scope, self.handshake.subprotocols)
        self.check_timeouts()
        self.server.create_application(self, scope)
        self.application_create_worked()

    def application_create_worked(self) -> None:
        """Ask the application, which now runs, whether it wants the connection."""
        self.put_nowait({"type": "websocket.connect"})
        self.log_action("websocket", "connecting")

    def on_open(self) -> None:
        """Read what arrived early, now that the handshake is complete."""
        self.log_action("websocket", "connected")
        self.check_timeouts()
        self.flow.resume_reading(Pause.HANDSHAKE)
        self.parse()

    # From the browser to the application

    def data_received(self, data: bytes) -> None:
        """Take bytes that have arrived; before the handshake is complete they wait."""
        self.last_seen = self.loop.time()
        if self.state is CLOSED:
            return
        self.reader.buffer += data
        self.parse()
        if self.state < OPEN and len(self.reader.buffer) > HIGH_WATER:
            self.flow.pause_reading(Pause.HANDSHAKE)

    def event_wanted(self) -> None:
        """Read frames that were left for later: the application waits."""
        if self.disconnected:
            self.server.close_application(self, hopeless=True)
        self.parse()

    def parse(self) -> None:
        """Take messages out of the reader, as long as the application keeps up."""
        try:
            while self.reader.buffer and self.state in (OPEN, CLOSING):
                if self.flow.reasons or (event := self.reader.read_message()) is None:
                    break
                self.on_event(*event)
        except FrameError as error:
            self.fail(error.code, error.reason)
        except UnicodeDecodeError:  # RFC 6455 section 8.1
            self.fail(1007, "invalid UTF-8")
        except Exception as error:  # noqa: BLE001 - it is logged
            self.fail(1011, str(self.as_peer_error(error)))

    def on_event(self, opcode: int, payload: Any) -> None:
        """Handle what has arrived: a message or a control frame."""
        if opcode == CLOSE:
            self.on_close_frame(payload)
        elif self.state is OPEN and opcode == PING:
            self.write_frame(PONG, payload)
        elif self.state is OPEN and opcode != PONG:
            self.on_message(payload, opcode == BINARY)

    def on_message(self, payload: Any, is_binary: bool) -> None:
        """Put a message into the queue of the application."""
        key = "bytes" if is_binary else "text"
        self.put_nowait({"type": "websocket.receive", key: payload}, len(payload))

    def on_close_frame(self, payload: bytes) -> None:
        """Echo the code of the browser's close frame, or note its answer to ours."""
        code, reason = frames.parse_close(payload)
        if self.state is OPEN:
            self.write_frame(CLOSE, payload[:2])
        self.on_close(code, reason)
        self.lose_connection()

    def on_close(self, code: int, reason: str) -> None:
        """Tell the application, once, that the WebSocket has ended."""
        self.state = CLOSED
        if not self.disconnected:
            self.server.protocol_disconnected(self)
            event = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self.put_nowait(event)
            self.log_action("websocket", "disconnected")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone, with a close frame or without."""
        super().connection_lost(exc)
        self.on_close(1006, "")

    def fail(self, code: int, reason: str) -> None:
        """Close: the client has broken the protocol (RFC 6455 section 7.1.7)."""
        if self.state is OPEN:
            self.write_frame(CLOSE, frames.build_close(code, reason))
        self.on_close(code, reason)
        self.lose_connection(linger=True)

    # From the application to the browser

    def handle_reply(self, message: Message) -> None:
        """Obey a message of the application.

        Raises:
            ApplicationError: if it is not one we can obey now.
            ClientDisconnected: if the WebSocket is closed, by whichever side.
        """
        if self.state not in LEGAL:
            raise ClientDisconnected("The WebSocket is closed")
        kind = message["type"].removeprefix("websocket.")
        if kind not in LEGAL[self.state]:
            raise UnexpectedMessage(self.state, message["type"])
        if kind == "send":
            self.server_send(message)
        elif kind == "accept":
            self.server_accept(message)
        elif kind != "close":
            self.server_deny(message)
        elif self.state is CONNECTING:
            self.server_reject()
        else:
            self.server_close(message.get("code"), message.get("reason"))

    def server_accept(self, message: Message) -> None:
        """Complete the handshake: the application accepts (RFC 6455 section 4.2.2)."""
        head = ResponseHead({"status": 101, "headers": message.get("headers")})
        if any(line.lower().startswith(b"sec-websocket-") for line in head.lines):
            raise ApplicationError("Only the server may set Sec-WebSocket-* headers")
        headers = self.handshake.headers
        if (subprotocol := message.get("subprotocol")) is not None:
            if subprotocol not in self.handshake.subprotocols:
                raise ApplicationError(f"The client does not speak {subprotocol!r}")
            headers.append((b"sec-websocket-protocol", subprotocol.encode()))
        head.lines += [b"%b: %b\r\n" % header for header in headers]
        self.write_head(head, b"upgrade: websocket\r\nconnection: Upgrade\r\n")
        self.state = OPEN
        self.on_open()

    def server_reject(self) -> None:
        """Refuse: the application does not want the connection, or takes too long."""
        self.log_action("websocket", "rejected")
        self.basic_error(PeerError(403, "Access denied"))

    def server_deny(self, message: Message) -> None:
        """Send a response of the application's own (ASGI denial response)."""
        if self.state is CONNECTING:
            self.denial = ResponseHead(message)
            if self.denial.status < 200:
                raise ApplicationError("A WebSocket cannot be denied with this status")
            self.bodiless = self.denial.bodiless
            self.state = DENYING
            return
        body, more_body = as_bytes(message.get("body", b"")), message.get("more_body")
        if self.denial is not None:
            known = not more_body and not self.bodiless
            length = b"content-length: %d\r\n" % len(body) if known else b""
            self.write_head(self.denial, length + b"connection: close\r\n")
            self.denial = None
        self.transport.write(b"" if self.bodiless else body)
        if not more_body:
            self.on_close(1006, "")
            self.lose_connection(linger=True)

    def server_send(self, message: Message) -> None:
        """Send a message, which may be empty."""
        data, text = message.get("bytes"), message.get("text")
        if data is not None and text is not None:
            words = f"Got invalid WebSocket reply message on {message}"
            raise ApplicationError(f"{words} - contains both bytes and text keys")
        if isinstance(text, str):
            self.write_frame(TEXT, text.encode())
        elif isinstance(data, (bytes, bytearray, memoryview)):
            self.write_frame(BINARY, bytes(data))
        else:
            raise ApplicationError(f"{message} has neither bytes nor text")

    def server_close(self, code: int | None = None, reason: str | None = None) -> None:
        """Send a close frame; the client has `CLOSE_TIMEOUT` to answer."""
        code = 1000 if code is None else code
        if not frames.is_close_code(code):
            raise ApplicationError(f"{code} is not a close code that may be sent")
        self.write_frame(CLOSE, frames.build_close(code, reason or ""))
        self.state = CLOSING
        self.set_timeout(CLOSE_TIMEOUT)
        self.clear()
        self.parse()

    def write_head(self, head: ResponseHead, framing: bytes) -> None:
        """Write the head of the answer to the handshake."""
        defaults = self.server.default_headers(head.date, head.server)
        self.transport.write(head.build("1.1", framing, defaults))

    def write_frame(self, opcode: int, payload: bytes) -> None:
        """Write a frame; all frames go out here, and only messages are compressed."""
        deflate = self.handshake.deflate if opcode < CLOSE else None
        self.transport.write(frames.build_frame(opcode, payload, deflate))

    # When things go wrong, and when nothing happens at all

    def basic_error(self, error: PeerError) -> None:
        """Answer the handshake with a page of the server's own."""
        self.state = CONNECTING
        for message in error_page(error):
            self.server_deny(message)

    def application_finished(self) -> None:
        """End the WebSocket: the application has returned."""
        self.give_up(PeerError(500, "The application did not answer."), 1000)

    def shut_down(self) -> None:
        """Close: the server stops."""
        self.give_up(PeerError(503, "The server is shutting down."), 1001)

    def give_up(self, error: PeerError, code: int = 1011) -> None:
        """End with an error page or a close frame, whichever the client can read."""
        if self.state is CONNECTING or self.denial is not None:
            self.basic_error(error)
        elif self.state is DENYING:
            self.reset()
        elif self.state is OPEN:
            self.server_close(code)

    def check_timeouts(self) -> None:
        """End, ping or give up, as is due, and set the next timeout; twin of Daphne's."""
        settings, now = self.server.settings, self.loop.time()
        wait, live = settings.websocket_connect_timeout, settings.websocket_timeout
        limit = live if self.state is OPEN else wait
        end = self.socket_opened + limit if limit >= 0 else FOREVER
        if self.state not in LEGAL:
            self.lose_connection()
        elif now < end:
            look = self.check_pings(now) if self.state is OPEN else FOREVER
            self.set_timeout(min(end, look) - now)
        elif self.state is CONNECTING:
            self.server_reject()
        else:
            self.give_up(PeerError(503, "The application took too long."), 1000)

    def check_pings(self, now: float) -> float:
        """Ping a silent client, cut off one that stays silent; return when to look next."""
        interval = self.server.settings.ping_interval or FOREVER
        timeout = self.server.settings.ping_timeout or FOREVER
        if self.flow.reasons:
            self.last_seen = now  # we do not read, so we cannot blame the client
        if self.last_ping > self.last_seen:
            if now >= self.last_ping + timeout:
                self.fail(1011, "keepalive ping timeout")
        elif now < self.last_seen + interval:
            return self.last_seen + interval
        else:
            self.last_ping = now
            self.write_frame(PING, b"")
        return min(self.last_ping + timeout, now + interval)


class WebSocketFactory(ProtocolFactory):
    """Makes a protocol for each upgrade; twin of Daphne's factory of that name."""

    def build_protocol(self, channel: Connection, head: Request) -> WebSocketProtocol:
        """Return a protocol for a request to upgrade, as `WebRequest.process` asks.

        Raises:
            PeerError: if the head is not a handshake that we can complete.
        """
        return WebSocketProtocol(channel, head, parse_handshake(head))
