"""A small browser: requests and WebSockets in a row, with the cookies that it is given.

A header, a body or a text may say `{name}` for the value of the cookie of that name, so
that a form can be sent which asks for a token.  Laws: one exchange after the other, each
with a time limit; what was answered is kept in words, without any value of a header.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import CookieError, SimpleCookie

from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from .errors import WalkthroughError

HOST = "localhost"
"""The host that requests are for, which frameworks allow while one develops."""

LIMIT = 10.0
"""Seconds that an exchange may take, unless told."""

QUIET = 0.3
"""Seconds of silence after which a WebSocket is taken to have said all."""

Headers = tuple[tuple[str, str], ...]


class Unanswered(WalkthroughError):
    """An exchange that did not come to its end: which, and why."""


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
        """The request that "GET /polls/?page=2" says; the method may be left out.

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
class Talk:
    """A WebSocket, its messages, and its end.

    Args:
        target: path and query.
        texts: what is sent, one message each; after each the browser listens.
        headers: as in a request.
    """

    target: str
    texts: tuple[str, ...] = ()
    headers: Headers = ()

    def __str__(self) -> str:
        return f"WebSocket {self.target}"


Exchange = Request | Talk


def path_of(text: str) -> str:
    """The text, if it is a path.

    Raises:
        ValueError: it is none.
    """
    if not text.startswith("/") or not text.isascii() or " " in text:
        raise ValueError(f"a path begins with / and is ASCII, not {text!r}")
    return text


class Browser:
    """Does its exchanges when called with a port: a client for `walkthroughs.record`.

    Args:
        exchanges: what to do, in order.
        limit: seconds that each may take.
        tell: is called with a line on each exchange that is done.
    """

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        limit: float = LIMIT,
        tell: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.exchanges = exchanges
        self.limit = limit
        self.tell = tell
        self.cookies: dict[str, str] = {}
        self.refused: list[str] = []

    def __call__(self, port: int) -> None:
        """Talks to the server on that port of the loopback address.

        Raises:
            Unanswered: an exchange came to no end; the later ones are not tried.
        """
        for exchange in self.exchanges:
            if isinstance(exchange, Request):
                self._ask(port, exchange)
            else:
                self._talk(port, exchange)

    # HTTP

    def _ask(self, port: int, request: Request) -> None:
        deadline = time.monotonic() + self.limit
        connection = HTTPConnection("127.0.0.1", port, timeout=self.limit)
        size, response = 0, None
        try:
            body = self._filled(request.body.decode("latin-1")).encode("latin-1")
            connection.request(
                request.method, request.target, body or None, self._headers(request)
            )
            peer = connection.sock
            response = connection.getresponse()
            while part := response.read1(65536):
                size += len(part)
                # From Python 3.13 on the last part closes the answer, and its socket.
                if not response.isclosed():
                    peer.settimeout(max(deadline - time.monotonic(), 0.001))
        except TimeoutError:
            raise Unanswered(self._late(request, response, size)) from None
        except (OSError, HTTPException) as error:
            raise Unanswered(f"{request}: {_broken(error)}") from None
        finally:
            connection.close()
        self._keep_cookies(response)
        self._answered(request, response.status, size)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Host": HOST, "Connection": "close", **self._cookie_header()}
        if request.body:
            form = not request.body.lstrip().startswith((b"{", b"["))
            kind = "x-www-form-urlencoded" if form else "json"
            headers["Content-Type"] = f"application/{kind}"
        for name, value in request.headers:
            # As a reader of theirs wrote it: two that differ in case are one.
            for known in [each for each in headers if each.lower() == name.lower()]:
                del headers[known]
            headers[name] = self._filled(value)
        return headers

    def _late(self, request: Request, response: HTTPResponse | None, size: int) -> str:
        seconds = f"within {self.limit:g} seconds"
        if response is None:
            return f"{request}: no answer {seconds}"
        return (
            f"{request}: answered {response.status}, but was not done {seconds}, "
            f"after {size:,} bytes"
        )

    def _answered(self, request: Request, status: int, size: int) -> None:
        line = f"{request}: {status}, {size:,} bytes"
        if status >= 500:
            self.refused.append(line)
        self.tell(line)

    # WebSocket

    def _talk(self, port: int, talk: Talk) -> None:
        try:
            with self._opened(port, talk) as peer:
                heard = self._conversation(peer, talk)
        except InvalidStatus as error:
            status = error.response.status_code
            raise Unanswered(f"{talk}: refused with status {status}") from None
        except TimeoutError:
            raise Unanswered(
                f"{talk}: no answer within {self.limit:g} seconds"
            ) from None
        except (OSError, EOFError, InvalidMessage) as error:
            raise Unanswered(f"{talk}: {_broken(error)}") from None
        self.tell(f"{talk}: {len(talk.texts)} sent, {heard} received")

    def _opened(self, port: int, talk: Talk) -> ClientConnection:
        headers = {**self._cookie_header(), **dict(talk.headers)}
        own = {name.lower(): name for name in headers}.get("origin")
        return connect(
            f"ws://{HOST}:{port}{talk.target}",
            sock=socket.create_connection(("127.0.0.1", port), timeout=self.limit),
            # Who guards against other sites asks where the page came from.
            origin=Origin(headers.pop(own) if own else f"http://{HOST}:{port}"),
            additional_headers={n: self._filled(v) for n, v in headers.items()},
            open_timeout=self.limit,
            close_timeout=self.limit,
            compression=None,
            proxy=None,
        )

    def _conversation(self, peer: ClientConnection, talk: Talk) -> int:
        deadline = time.monotonic() + self.limit
        # A server that closes has said all it wanted to.
        heard = 0
        with suppress(ConnectionClosed):
            for text in ("", *talk.texts):
                if text:
                    peer.send(self._filled(text))
                for _ in _messages(peer, deadline):
                    heard += 1
        return heard

    # Cookies

    def _cookie_header(self) -> dict[str, str]:
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": pairs} if pairs else {}

    def _keep_cookies(self, response: HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or ():
            with suppress(CookieError):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value

    def _filled(self, text: str) -> str:
        for name, value in self.cookies.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def _messages(peer: ClientConnection, deadline: float) -> Iterator[str | bytes]:
    """What the server says until it is quiet for a while, or time is up."""
    while (left := deadline - time.monotonic()) > 0:
        try:
            yield peer.recv(min(QUIET, left))
        except TimeoutError:
            return


def _broken(error: Exception) -> str:
    if isinstance(error, ConnectionError | EOFError | InvalidMessage):
        return "the server closed the connection without an answer"
    return f"what came is no answer: {error!r}"
