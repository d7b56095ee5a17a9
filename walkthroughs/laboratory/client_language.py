r"""The language that says what the client of an experiment does.

Each line is sent followed by CRLF; end it with a backslash to leave the CRLF out.
`\xNN`, `\n`, `\r`, `\t` and `\\` stand for bytes.  If a connection begins with
`WebSocket /path`, each line is a message.  A line that begins with `---` is an
instruction; a bare `---` waits until the server has nothing more to do.  `ORDERS` has
the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from ..errors import WalkthroughError

MOST_BYTES = 4 << 20
"""Bytes that one experiment may send."""

MOST_CONNECTIONS = 20

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
    "back": "return to the first connection",
    "wait SECONDS": "do nothing for SECONDS seconds",
    "zeros N": "send N zero bytes (WebSocket: as one binary message)",
    "letters N": "send N letters (WebSocket: as one text message)",
    "header NAME: VALUE": "add a header to the WebSocket handshake",
    "ping": "send a WebSocket ping",
    "close CODE REASON": "close: a WebSocket with its handshake, else the connection",
    "end": "send no more, but go on reading",
    "leave": "close the connection at once",
    "stop reading": "take nothing more from the server",
    "read again": "take what the server has sent",
}
"""Instruction -> what it does."""

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
            "a backslash must be followed by x and two hexadecimal digits, by n, r or "
            "t, or by another backslash",
            line,
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
