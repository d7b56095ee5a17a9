"""A WebSocket on a connection that HTTP has handed over.

`WebSocketProtocol` owns the conversation between browser and application: handshake,
messages, pings and the two ways to close.  Laws: the application is told of the end
exactly once; nothing is sent behind a close frame.
"""

import logging
from enum import Enum
from typing import Any

from .errors import (
    ApplicationError,
    ClientDisconnected,
    FrameError,
    UnexpectedMessage,
)
from .flow import HIGH_WATER, InputQueue, Pause
from .response import ResponseHead, as_bytes, check_headers_type, error_page
from .scope import Request, build_scope
from .types import Message, ServerLike
from .wire import Wire
from .ws_frames import (
    CLOSE_CODES,
    FrameReader,
    Opcode,
    build_close,
    build_frame,
    parse_close,
)
from .ws_handshake import Handshake, parse_handshake

logger = logging.getLogger(__name__)

#: Seconds the client has to answer our close frame.
CLOSE_TIMEOUT = 5


class State(Enum):
    """How far a WebSocket is."""

    CONNECTING = "the application has not accepted it"
    DENYING = "the application sends an HTTP response instead"
    OPEN = "messages go both ways"
    CLOSING = "we have sent a close frame"
    CLOSED = "it is over"


#: The messages of the application that are legal in each state.
LEGAL = {
    State.CONNECTING: {
        "websocket.accept",
        "websocket.close",
        "websocket.http.response.start",
    },
    State.DENYING: {"websocket.http.response.body"},
    State.OPEN: {"websocket.send", "websocket.close"},
}


#: The states in which frames are read; behind our close frame only for the answer to it.
READABLE = {State.OPEN, State.CLOSING}


class WebSocketProtocol(Wire):
    """One WebSocket; twin of ``daphne.ws_protocol.WebSocketProtocol``.

    Args:
        factory: the factory it belongs to, which knows the server.
        request: the request to upgrade, as the HTTP side has parsed it.
        handshake: what the client offers.
    """

    __slots__ = (
        "application_queue",
        "denial",
        "disconnected",
        "handshake",
        "last_seen",
        "ping_sent",
        "reader",
        "request",
        "socket_opened",
        "state",
        "told",
    )

    application_queue: InputQueue

    def __init__(
        self, factory: "WebSocketFactory", request: Request, handshake: Handshake
    ) -> None:
        super().__init__(factory.server)
        self.request = request
        self.handshake = handshake
        self.reader = FrameReader(
            self.server.websocket_max_message_size,
            self.server.websocket_max_frame_size,
            handshake.extension,
        )
        self.state = State.CONNECTING
        self.denial: ResponseHead | None = None
        self.disconnected = self.told = False
        self.ping_sent = 0.0
        self.socket_opened = self.last_seen = self.server.loop.time()

    def __repr__(self) -> str:
        return f"<WebSocketProtocol client={self.client_addr!r} path={self.request.target!r}>"

    # The handshake

    def on_connect(self) -> None:
        """The connection is ours: call the application and let it decide."""
        self.server.protocol_connected(self)
        self.application_queue = InputQueue(
            self.server.loop, self.flow, self.read_messages
        )
        client, scheme = self.client_addr, self.scheme
        if self.server.proxies is not None:
            client, scheme = self.server.proxies.parse_x_forwarded_for(
                self.request.headers, client, scheme
            )
        scope = build_scope(
            "websocket",
            self.request,
            "wss" if scheme in ("https", "wss") else "ws",
            client,
            self.server_addr,
            self.server.root_path,
            self.server.state,
        )
        scope["subprotocols"] = self.handshake.subprotocols
        scope["extensions"] = {"websocket.http.response": {}}
        self.schedule()
        self.application_create_worked(self.server.create_application(self, scope))

    def application_create_worked(self, application_queue: InputQueue) -> None:
        """The application runs: ask it whether it wants the connection."""
        application_queue.put_nowait({"type": "websocket.connect"})
        self.log_action("connecting")

    def on_open(self) -> None:
        """The handshake is complete: read what came early."""
        self.log_action("connected")
        self.flow.resume_reading(Pause.HANDSHAKE)
        self.read_messages()

    # From the browser to the application

    def data_received(self, data: bytes) -> None:
        """Bytes have come: keep them until the handshake is done, then read messages."""
        self.last_seen = self.server.loop.time()
        self.reader.feed_data(data)
        if self.state is State.CONNECTING:
            if len(self.reader.buffer) > HIGH_WATER:
                self.flow.pause_reading(Pause.HANDSHAKE)
        else:
            self.read_messages()

    def read_messages(self) -> None:
        """Take messages out of the reader, while the application keeps up with them."""
        try:
            while (
                self.reader.buffer and self.state in READABLE and not self.flow.reasons
            ):
                if (event := self.reader.read_message()) is None:
                    break
                self.on_event(*event)
        except FrameError as error:
            self.fail(error.code, error.reason)

    def on_event(self, opcode: Opcode, payload: Any) -> None:
        """Dispatch a message or a control frame."""
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self.on_message(payload, opcode is Opcode.BINARY)
        elif opcode is Opcode.PING:
            self.write_frame(Opcode.PONG, payload)
        elif opcode is Opcode.CLOSE:
            self.on_close_frame(payload)

    def on_message(self, payload: Any, is_binary: bool) -> None:
        """A whole message: queue it for the application."""
        if self.state is State.OPEN:
            key = "bytes" if is_binary else "text"
            self.application_queue.put_nowait(
                {"type": "websocket.receive", key: payload}, len(payload)
            )

    def on_close_frame(self, payload: bytes) -> None:
        """The browser closes, or answers our close: echo its code, and end."""
        if self.state is State.OPEN:
            self.write_frame(Opcode.CLOSE, payload[:2])
        self.state = State.CLOSED
        self.on_close(*parse_close(payload))
        self.lose_connection()

    def on_close(self, code: int, reason: str) -> None:
        """It is over: tell the application, once."""
        if self.told:
            return
        self.told = True
        self.server.protocol_disconnected(self)
        self.application_queue.put_nowait(
            {"type": "websocket.disconnect", "code": code, "reason": reason}
        )
        self.log_action("disconnected")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, with a close frame or without."""
        super().connection_lost(exc)
        self.state = State.CLOSED
        self.on_close(1006, "")

    def fail(self, code: int, reason: str) -> None:
        """The client has broken the protocol (RFC 6455 section 7.1.7)."""
        if self.state is State.OPEN:
            self.write_frame(Opcode.CLOSE, build_close(code, reason))
        self.state = State.CLOSED
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
        kind = message["type"]
        if kind not in LEGAL[self.state]:
            raise self.unexpected(kind)
        if kind == "websocket.send":
            self.server_send(message)
        elif kind == "websocket.accept":
            self.server_accept(message)
        elif kind == "websocket.close" and self.state is State.CONNECTING:
            self.server_reject()
        elif kind == "websocket.close":
            self.server_close(message.get("code"), message.get("reason"))
        else:
            self.server_deny(message)

    def unexpected(self, kind: object) -> UnexpectedMessage:
        """The error for a message out of turn."""
        text = ""
        if kind == "websocket.send" and self.state is State.CONNECTING:
            text = "Socket has not been accepted, so cannot send over it"
        return UnexpectedMessage(self.state, kind, text)

    def server_accept(self, message: Message) -> None:
        """The application accepts: complete the handshake (RFC 6455 section 4.2.2)."""
        own = [(b"sec-websocket-accept", self.handshake.accept.encode())]
        if self.handshake.extension is not None:
            own.append(
                (b"sec-websocket-extensions", self.handshake.extension_header.encode())
            )
        if (subprotocol := message.get("subprotocol")) is not None:
            if subprotocol not in self.handshake.subprotocols:
                raise ApplicationError(f"The client does not speak {subprotocol!r}")
            own.append((b"sec-websocket-protocol", subprotocol.encode()))
        headers = [
            (name, value)
            for name, value in check_headers_type(message.get("headers") or ())
            if not name.lower().startswith(b"sec-websocket-")
        ]
        head = ResponseHead({"status": 101, "headers": own + headers})
        self.write_head(head, b"upgrade: websocket\r\nconnection: Upgrade\r\n")
        self.state = State.OPEN
        self.schedule()
        self.on_open()

    def server_reject(self) -> None:
        """The application does not want the connection, or takes too long to say so."""
        self.log_action("rejected")
        self.basic_error(403, "Access denied")

    def server_deny(self, message: Message) -> None:
        """The application answers with an HTTP response of its own."""
        if message["type"] == "websocket.http.response.start":
            self.denial = ResponseHead(message)
            self.state = State.DENYING
            return
        body, more_body = as_bytes(message), bool(message.get("more_body", False))
        if self.denial is not None:
            length = b"" if more_body else b"content-length: %d\r\n" % len(body)
            self.write_head(self.denial, length + b"connection: close\r\n")
            self.denial = None
        self.transport.write(body)
        if not more_body:
            self.state = State.CLOSED
            self.on_close(1006, "")
            self.lose_connection(linger=True)

    def server_send(self, message: Message) -> None:
        """Send a message; an empty one is one too."""
        data, text = message.get("bytes"), message.get("text")
        if data is not None and text is not None:
            raise ApplicationError(
                f"Got invalid WebSocket reply message on {message} "
                "- contains both bytes and text keys"
            )
        if isinstance(text, str):
            self.write_frame(Opcode.TEXT, text.encode(), self.handshake.extension)
        elif isinstance(data, bytes | bytearray | memoryview):
            self.write_frame(Opcode.BINARY, bytes(data), self.handshake.extension)
        else:
            raise ApplicationError(f"{message} has neither bytes nor text")

    def server_close(self, code: int | None = None, reason: str | None = None) -> None:
        """Send a close frame; the client has `CLOSE_TIMEOUT` to answer."""
        code = 1000 if code is None else code
        if code not in CLOSE_CODES and not 3000 <= code < 5000:
            raise ApplicationError(f"{code} is not a code to close with")
        self.write_frame(Opcode.CLOSE, build_close(code, reason or ""))
        self.state = State.CLOSING
        self.flow.resume_reading(~Pause.NOTHING)
        self.set_timeout(CLOSE_TIMEOUT)

    def write_head(self, head: ResponseHead, lines: bytes) -> None:
        """Write the head of the answer to the handshake."""
        defaults = self.server.default_headers(head.date, head.server)
        self.transport.write(head.build("1.1", lines, defaults))

    def write_frame(
        self, opcode: Opcode, payload: bytes, extension: Any = None
    ) -> None:
        """Write a frame: all of them go out here."""
        self.transport.write(build_frame(opcode, payload, extension))

    # When things go wrong, and when nothing goes at all

    def basic_error(self, status: int, text: str) -> None:
        """Answer the handshake with a page of the server's own."""
        start, body = error_page(status, text, [])
        self.denial = ResponseHead(start)
        self.server_deny(body)

    def handle_exception(self, exception: BaseException) -> None:
        """The application has raised, or sent what cannot be obeyed."""
        self.end(500, "Exception inside application.", 1011)

    def application_finished(self) -> None:
        """The application has returned: the WebSocket ends with it."""
        self.end(500, "The application sent no response.", 1000)

    def shut_down(self) -> None:
        """The server stops."""
        self.end(503, "The server is shutting down.", 1001)

    def end(self, status: int, text: str, code: int) -> None:
        """End with an error page or a close frame, whichever the client can read."""
        if self.state is State.CONNECTING or self.denial is not None:
            self.basic_error(status, text)
        elif self.state is State.OPEN:
            self.server_close(code)
        elif self.state is State.DENYING:
            self.abort()

    def schedule(self) -> None:
        """Set the timeout for whatever is due next."""
        self.set_timeout(max(0.0, min(self.due().values()) - self.server.loop.time()))

    def due(self) -> dict[str, float]:
        """What is due when, on the loop's clock; a negative limit is no limit."""
        server = self.server
        if self.state is not State.OPEN:
            return {
                "reject": self.socket_opened
                + no_limit(server.websocket_connect_timeout)
            }
        due = {"close": self.socket_opened + no_limit(server.websocket_timeout)}
        if self.ping_sent > self.last_seen:
            due["lost"] = self.ping_sent + no_limit(server.ping_timeout or -1)
        else:
            due["ping"] = self.last_seen + no_limit(server.ping_interval or -1)
        return due

    def timed_out(self) -> None:
        """A deadline has passed."""
        if self.state in LEGAL:
            self.check_timeouts()
        else:
            self.abort()  # the client has not answered our close frame

    def check_timeouts(self) -> None:
        """Do what is due: reject, close, give up or ping; twin of Daphne's."""
        now = self.server.loop.time()
        if self.flow.reasons:
            self.last_seen = now  # we do not look, so we cannot blame the client
        overdue = [what for what, when in self.due().items() if when <= now]
        if "reject" in overdue:
            self.server_reject()
        elif "close" in overdue:
            self.server_close()
        elif "lost" in overdue:
            self.fail(1011, "keepalive ping timeout")
        else:
            if "ping" in overdue:
                self.ping_sent = now
                self.write_frame(Opcode.PING, b"")
            self.schedule()

    def log_action(self, action: str) -> None:
        """Log an action on this WebSocket, if anyone wants to know."""
        if self.server.action_logger is not None:
            client = self.client_addr
            details = {
                "path": self.request.target.decode("latin-1"),
                "client": f"{client[0]}:{client[1]}" if client else None,
            }
            self.server.log_action("websocket", action, details)


def no_limit(seconds: float) -> float:
    """A limit in seconds; a day times a thousand for a negative one, which is none."""
    return seconds if seconds >= 0 else 86_400_000.0


class WebSocketFactory:
    """Makes a `WebSocketProtocol` for each upgrade; twin of Daphne's factory of that name.

    Args:
        server: the server the connections belong to.
    """

    def __init__(self, server: ServerLike) -> None:
        self.server = server

    def build_protocol(self, request: Request) -> WebSocketProtocol:
        """Called by `WebRequest.process` for each request to upgrade.

        Raises:
            PeerError: if the request is not a handshake we can complete.
        """
        return WebSocketProtocol(self, request, parse_handshake(request))
