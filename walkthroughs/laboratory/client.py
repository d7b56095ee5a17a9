"""The client of an experiment, which does what its actions say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from .client_language import Action
from .network import HOST, MemorySocket, network

QUIET = 0.1
"""Seconds without anything to do after which the server is taken to be idle."""

PATIENCE = 30.0
"""Seconds that the client waits at the end for the server to close a connection."""

KEPT = 1 << 20
"""Bytes kept of what one connection receives."""


class Connection:
    """One connection, as its client sees it.

    Args:
        port: where the server listens.
        path: of a WebSocket; empty for plain bytes.
        headers: of the WebSocket's handshake.
    """

    def __init__(
        self, port: int, path: str = "", headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.sock: MemorySocket = network.connect(port)
        self.received = bytearray()
        self.size = 0
        self.said: list[str] = []
        self.unsent = bytearray()
        self.reading = True
        self.closed = False
        self.ending = False
        self.protocol: ClientProtocol | None = None
        self._texts: list[bytes] = []
        if path:
            uri = parse_uri(f"ws://{HOST}:{port}{path}")
            self.protocol = ClientProtocol(uri, max_size=None)
            request = self.protocol.connect()
            request.headers["User-Agent"] = "laboratory"
            for name, value in headers:
                request.headers[name] = value
            self.protocol.send_request(request)
            self.said.append(f"-> handshake for {path}")
        self.look()

    @property
    def finished(self) -> bool:
        """Whether the server has closed the connection."""
        return self.closed

    def look(self) -> None:
        """Take what has come, and send what waits."""
        while self.reading and not self.closed and self.sock.is_readable():
            data = self.sock.recv(65536)
            if not data:
                self._end()
                break
            self.size += len(data)
            self.received += data[: max(KEPT - len(self.received), 0)]
            if self.protocol is not None:
                self.protocol.receive_data(data)
                self._hear(self.protocol)
        if self.protocol is not None:
            for data in self.protocol.data_to_send():
                self.unsent += data
        self._flush()

    def send(self, data: bytes) -> None:
        """Send bytes, as fast as the server takes them."""
        self.unsent += data
        self._flush()

    def message(self, action: Action) -> None:
        """Send one message of a WebSocket, if that is open."""
        if self.protocol is None:
            return
        with suppress(InvalidState):
            if action.data:
                self.protocol.send_binary(action.data)
                self.said.append(f"-> binary, {len(action.data):,} bytes")
            else:
                self.protocol.send_text(action.text.encode())
                self.said.append(f"-> text {_brief(action.text)}")
        self.look()

    def ping(self) -> None:
        """Send a ping."""
        if self.protocol is not None:
            with suppress(InvalidState):
                self.protocol.send_ping(b"")
                self.said.append("-> ping")
        self.look()

    def close(self, action: Action) -> None:
        """Close in good order: a WebSocket begins its closing handshake."""
        if self.protocol is None:
            self.leave()
            return
        with suppress(InvalidState):
            self.protocol.send_close(int(action.number), action.text)
            self.said.append(f"-> close {int(action.number)} {action.text}".rstrip())
        self.look()

    def end(self) -> None:
        """Send no more."""
        self.ending = True
        self._flush()

    def leave(self) -> None:
        """Close the connection."""
        self.closed = True
        self.sock.close()

    def _end(self) -> None:
        self.said.append("<- the server closed the connection")
        if self.protocol is not None:
            self.protocol.receive_eof()
        self.leave()

    def _flush(self) -> None:
        while self.unsent and not self.closed:
            try:
                sent = self.sock.send(self.unsent)
            except BlockingIOError:
                return
            except OSError:
                self.unsent.clear()
                return
            del self.unsent[:sent]
        if self.ending and not self.closed:
            self.sock.shutdown(1)

    def _hear(self, protocol: ClientProtocol) -> None:
        for event in protocol.events_received():
            if isinstance(event, Response):
                with suppress(InvalidHandshake):
                    self.said.append(f"<- handshake answered with {event.status_code}")
            elif isinstance(event, Frame):
                self.said.extend(_told(event, self._texts))


def _told(frame: Frame, parts: list[bytes]) -> Iterator[str]:
    """One frame in words; a message in several frames when its last has come."""
    if frame.opcode is Opcode.CLOSE:
        code = int.from_bytes(frame.data[:2], "big")
        reason = bytes(frame.data[2:]).decode(errors="replace")
        yield f"<- close {code or ''} {reason}".rstrip()
    elif frame.opcode in (Opcode.PING, Opcode.PONG):
        yield f"<- {frame.opcode.name.lower()}"
    else:
        parts.append(bytes(frame.data))
        if frame.fin:
            data = b"".join(parts)
            parts.clear()
            yield f"<- message {_brief(data.decode(errors='replace'))}"


def _brief(text: str) -> str:
    return (
        repr(text) if len(text) <= 200 else f"{text[:200]!r}… ({len(text):,} letters)"
    )


@dataclass(frozen=True, slots=True)
class Until:
    """When the client goes on: after so many seconds, or as soon as something is true."""

    seconds: float
    true: Callable[[], bool] = lambda: False


class Client:
    """Does its actions, one after the other, whenever the server is idle.

    Args:
        actions: what to do.
        port: where the server listens.
    """

    def __init__(self, actions: list[Action], port: int) -> None:
        self.actions = actions
        self.port = port
        self.connections: list[Connection] = []
        self._at = 0

    def look(self) -> None:
        """Take what has come on all connections."""
        for each in self.connections:
            each.look()

    def run(self) -> Iterator[Until]:
        """Do everything; after each `Until` go on when it says so."""
        headers: list[tuple[str, str]] = []
        pending: Action | None = None
        for action in self.actions:
            if action.kind == "websocket":
                pending = action
                continue
            if pending is not None and action.kind == "header":
                name, _, value = action.text.partition(":")
                headers.append((name.strip(), value.strip()))
                continue
            if pending is not None:
                yield from self._upgrade(pending, headers)
                pending = None
            yield from self._do(action)
        if pending is not None:
            yield from self._upgrade(pending, headers)
        for each in reversed(self.connections):
            yield from self._finish(each)

    def _upgrade(
        self, action: Action, headers: list[tuple[str, str]]
    ) -> Iterator[Until]:
        self._at = len(self.connections)
        self.connections.append(Connection(self.port, action.text, tuple(headers)))
        headers.clear()
        yield Until(QUIET)

    def _do(self, action: Action) -> Iterator[Until]:
        if action.kind == "open":
            self._at = len(self.connections)
            self.connections.append(Connection(self.port))
        elif action.kind == "back":
            self._at = 0
        elif action.kind == "idle":
            yield Until(QUIET)
        elif action.kind == "wait":
            yield Until(action.number)
        elif self.connections:
            self._on(self.connections[self._at], action)
            if action.kind in ("close", "leave", "ping"):
                yield Until(QUIET)

    def _on(self, connection: Connection, action: Action) -> None:
        if connection.closed:
            return
        match action.kind:
            case "send":
                connection.send(action.data)
            case "message":
                connection.message(action)
            case "ping":
                connection.ping()
            case "close":
                connection.close(action)
            case "end":
                connection.end()
            case "leave":
                connection.leave()
            case "stop reading" | "read again":
                connection.reading = action.kind == "read again"
                connection.look()

    def _finish(self, connection: Connection) -> Iterator[Until]:
        yield Until(QUIET, lambda: connection.closed)
        if connection.protocol is not None and not connection.closed:
            connection.close(Action("close", number=1000))
        yield Until(PATIENCE, lambda: connection.closed)
        connection.leave()
        yield Until(QUIET)
