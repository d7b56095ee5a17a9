"""What a session does: requests and WebSockets, and what is sent over them."""

from __future__ import annotations

import re
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """An HTTP request.

    Args:
        method: "GET".
        target: path and query, "/polls/?page=2".
        headers: (name, value) of each, beside those that every request has.
        body: what is sent after them.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.target}"

    @classmethod
    def of(cls, line: str) -> Request:
        """Return the request that "GET /polls/?page=2" says; "GET" may be left out.

        Raises:
            ValueError: it says none.
        """
        words = line.split()
        if len(words) not in (1, 2) or (len(words) == 2 and not words[0].isalpha()):
            raise ValueError(
                f"a request is 'METHOD PATH', as in 'GET /polls/', not {line!r}"
            )
        method = words[0].upper() if len(words) == 2 else "GET"
        return cls(method, path_of(words[-1]))


@dataclass(frozen=True)
class Receive:
    """Wait for messages from the server.

    Args:
        count: how many to wait for.
    """

    count: int


@dataclass(frozen=True)
class WebSocket:
    """A WebSocket, its messages, and its end.

    Without a `Receive` among the steps, each message is expected to be answered: after
    it the browser waits for an answer, and for more until there is silence for `QUIET`
    seconds.  With one, the steps are done as they stand, and nothing else is waited for.
    Without any step, it listens until there is silence for `LISTEN` seconds.

    Args:
        target: path and query.
        steps: what is sent, a text or bytes for each message, and what is waited for.
        headers: as in a request.
        subprotocols: those offered to the server, the best first.
    """

    target: str
    steps: tuple[str | bytes | Receive, ...] = ()
    headers: Headers = ()
    subprotocols: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"WebSocket {self.target}"

    @property
    def literal(self) -> bool:
        """Whether it says itself what to wait for."""
        return any(isinstance(step, Receive) for step in self.steps)


Exchange = Request | WebSocket


def path_of(text: str) -> str:
    """Return the text, if it is a path.

    Raises:
        ValueError: it is none.
    """
    if not text.startswith("/") or not text.isascii() or " " in text:
        raise ValueError(f"{text!r} is not a path: a path begins with / and is ASCII")
    return text


def is_host(text: str) -> bool:
    """Return whether a text is a host, or a host and a port, as in a URL."""
    found = re.fullmatch(
        r"(\[[\da-fA-F:.]+\]|[\w.-]+)(:(?P<port>\d{1,5}))?", text, re.ASCII
    )
    return found is not None and int(found["port"] or 0) < 65536
