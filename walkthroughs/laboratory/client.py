r"""What the client does: a small language, and the client that obeys it.

A line is sent as it stands, with CRLF behind it; a backslash at its end takes the CRLF
away, and `\xNN`, `\n`, `\r`, `\t` and `\\` stand for bytes.  If a connection begins with
`WebSocket /path`, each line is a message.  A line that begins with `---` is an order; a
bare `---` waits until the server has nothing more to do.  `ORDERS` has the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from ..errors import WalkthroughError
from .network import HOST, MemorySocket, network

QUIET = 0.1
"""Seconds without anything to do after which the server is taken to be idle."""

PATIENCE = 30.0
"""Seconds that the client waits at the end for the server to close a connection."""

MOST_BYTES = 4 << 20
"""Bytes that one experiment may send."""

MOST_CONNECTIONS = 20

KEPT = 1 << 20
"""Bytes kept of what one connection receives."""

LONGEST_WAIT = 3600.0


class ClientError(WalkthroughError):
    """What the client is to do cannot be read; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"What the client sends, line {line}: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that the client does.

    Args:
        kind: a key of `ORDERS`, or "open", "send", "message", "idle".
        data: bytes to send.
        text: a path, a text message, or the reason of a close.
        number: seconds, or the code of a close.
    """

    kind: str
    data: bytes = b""
    text: str = ""
    number: float = 0


ORDERS = {
    "connection": "open another connection; the earlier ones stay open",
    "back": "go on with the first connection",
    "wait SECONDS": "do nothing for so long",
    "zeros N": "send so many zero bytes (WebSocket: as one binary message)",
    "letters N": "send so many letters (WebSocket: as one text message)",
    "header NAME: VALUE": "add a header to the WebSocket handshake",
    "ping": "send a WebSocket ping",
    "close CODE REASON": "close: a WebSocket with its handshake, else the connection",
    "end": "send no more, but go on reading",
    "leave": "close the connection at once",
    "stop reading": "take nothing more from the server",
    "read again": "take what the server has sent",
}
"""Order -> what it does."""

_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[nrt\\]|)")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}


def parse(text: str) -> list[Action]:
    """Read what the client is to do.

    Raises:
        ClientError: a line cannot be read, or there is too much of it.
    """
    actions = list(_actions(text))
    size = sum(len(each.data) + len(each.text) for each in actions)
    if size > MOST_BYTES:
        raise ClientError(f"{size:,} bytes are more than {MOST_BYTES:,}", 1)
    if sum(each.kind in ("open", "websocket") for each in actions) > MOST_CONNECTIONS:
        raise ClientError(f"more than {MOST_CONNECTIONS} connections", 1)
    return actions


def _actions(text: str) -> Iterator[Action]:
    lines = text.replace("\r\n", "\n").split("\n")
    websocket, fresh = False, True
    first = None  # whether the first connection is a WebSocket
    piece = b""
    for number, line in enumerate(lines, 1):
        if line.startswith("---"):
            if piece:
                yield Action("send", piece)
                piece = b""
            action = _order(line[3:].strip(), number, websocket)
            fresh = action.kind == "connection"
            if action.kind == "back":
                websocket = bool(first)
            if not fresh:
                yield action
            continue
        last = number == len(lines)
        if fresh and not line.strip() and not last:
            continue
        if fresh and (line or not last):
            fresh = False
            path = re.fullmatch(r"WebSocket\s+(/\S*)", line.strip(), re.IGNORECASE)
            websocket = path is not None
            first = websocket if first is None else first
            if path:
                yield Action("websocket", text=path[1])
                continue
            yield Action("open")
        if websocket:
            if line:
                yield Action("message", text=line)
                yield Action("idle")
        else:
            piece += _bytes(line, number, last)
    if piece:
        yield Action("send", piece)


def _bytes(line: str, number: int, last: bool) -> bytes:
    data, end = line.encode(), b"" if last else b"\r\n"
    if (len(data) - len(data.rstrip(b"\\"))) % 2:
        data, end = data[:-1], b""
    return _ESCAPE.sub(partial(_byte, number), data) + end


def _byte(line: int, match: re.Match[bytes]) -> bytes:
    escape = match[1]
    if not escape:
        raise ClientError(
            r"a backslash needs x and two digits, n, r, t or a backslash after it", line
        )
    return _PLAIN[escape] if escape in _PLAIN else bytes([int(escape[1:], 16)])


def _order(words: str, line: int, websocket: bool) -> Action:
    kind, _, rest = words.partition(" ")
    if not kind:
        return Action("idle")
    if words in (
        "connection",
        "back",
        "end",
        "leave",
        "ping",
        "stop reading",
        "read again",
    ):
        return Action(words)
    if kind == "close":
        code, _, reason = rest.partition(" ")
        if code and not (code.isdecimal() and 1000 <= int(code) <= 4999):
            raise ClientError(
                f"a close code is between 1000 and 4999, not {code}", line
            )
        return Action("close", text=reason, number=int(code or 1000))
    if kind == "header" and ":" in rest:
        return Action("header", text=rest)
    with suppress(ValueError):
        if kind == "wait" and 0 <= float(rest) <= LONGEST_WAIT:
            return Action("wait", number=float(rest))
        if kind in ("zeros", "letters") and 0 < int(rest) <= MOST_BYTES:
            data = (b"\0" if kind == "zeros" else b"x") * int(rest)
            if websocket and kind == "letters":
                return Action("message", text=data.decode())
            return Action("message" if websocket else "send", data)
    known = "; ".join(("---", *(f"--- {each}" for each in ORDERS)))
    raise ClientError(f"no such instruction: {words!r}. They are {known}", line)


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
