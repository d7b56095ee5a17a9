"""A small browser: requests and WebSockets in a row, with the cookies that it is given.

A header, a body or a text may say `{name}` for the value of the cookie of that name, so
that a form can be sent which asks for a token.  Its invariants:

* a session does one exchange after the other, each within a time limit;
* several sessions run at the same time and share nothing;
* what was answered is kept in words, without any value of a header.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse
from math import inf
from typing import Any, cast

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    NegotiationError,
)
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from ..errors import WalkthroughError
from .cookies import Cookies
from .exchanges import Exchange, Receive, Request, WebSocket, is_host

HOST = "localhost"
"""The host that requests are for, which frameworks allow while one develops."""

LIMIT = 10.0
"""Seconds that an exchange may take, by default."""

QUIET = 0.3
"""Seconds of silence after which a WebSocket is taken to have said all, once it has
answered and unless a number of messages is waited for."""

LISTEN = 1.0
"""Seconds of silence after which a WebSocket is left that is sent nothing, and of which
no number of messages is waited for."""

MOST_AT_ONCE = 100
"""How many sessions there may be at once."""

LONGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes that a message from a WebSocket may have."""


class Unanswered(WalkthroughError):
    """An exchange that did not come to its end: which, and why."""


class SessionClient:
    """Does its exchanges when called with a port: a client for `walkthroughs.recording`.

    Args:
        exchanges: what to do, in order.
        limit: seconds that each may take.
        tell: is called with a line on each exchange that is done.
        at_once: how many sessions do all of that at the same time.
    """

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        limit: float = LIMIT,
        tell: Callable[[str], object] = lambda line: None,
        at_once: int = 1,
    ) -> None:
        self.exchanges = exchanges
        self.limit = limit
        self.tell = tell
        self.at_once = at_once
        self.refused: list[str] = []

    def __str__(self) -> str:
        asked = ", ".join(map(str, self.exchanges))
        return asked if self.at_once == 1 else f"{asked}, {self.at_once} at once"

    def __call__(self, port: int) -> None:
        """Talk to the server on that port of the loopback address, from the beginning.

        Raises:
            Unanswered: an exchange came to no end; the later ones of its session are
                not tried.
        """
        self.refused.clear()

        def one() -> None:
            session = Session(port, self.limit)
            for exchange in self.exchanges:
                self._done(session.do(exchange))

        with ThreadPoolExecutor(self.at_once) as pool:
            sessions = [pool.submit(one) for _ in range(self.at_once)]
        for each in sessions:
            each.result()

    def _done(self, answer: Answer) -> None:
        if answer.status >= 500 and answer.words not in self.refused:
            self.refused.append(answer.words)
        self.tell(answer.words)


@dataclass(frozen=True)
class Answer:
    """How an exchange ended: the status of the response, and all of it in words."""

    status: int
    words: str


class Session:
    """One visitor of the server, with the cookies that it has been given.

    Args:
        port: of the server, on the loopback address.
        limit: seconds that each exchange may take.
    """

    def __init__(self, port: int, limit: float = LIMIT) -> None:
        self.port = port
        self.limit = limit
        self.cookies = Cookies()

    def do(self, exchange: Exchange) -> Answer:
        """Do one exchange.

        Raises:
            Unanswered: it came to no end.
        """
        if isinstance(exchange, Request):
            return self._run_request(exchange)
        return self._run_websocket(exchange)

    # HTTP

    def _run_request(self, request: Request) -> Answer:
        deadline = time.monotonic() + self.limit
        connection = HTTPConnection("127.0.0.1", self.port, timeout=self.limit)
        size, response = 0, None
        try:
            body = self.cookies.fill(request.body.decode("latin-1")).encode("latin-1")
            headers = self._headers(request)
            connection.request(request.method, request.target, body or None, headers)
            peer = connection.sock
            response = connection.getresponse()
            while part := response.read1(65536):
                size += len(part)
                # From Python 3.13 on the last part closes the answer, and its socket.
                if not response.isclosed():
                    peer.settimeout(max(deadline - time.monotonic(), 0.001))
        except TimeoutError:
            raise Unanswered(self._describe_timeout(request, response, size)) from None
        except (OSError, HTTPException) as error:
            raise Unanswered(f"{request}: {_describe_failure(error)}") from None
        finally:
            connection.close()
            if response is not None:
                response.close()  # it holds the socket where the server said "close"
        self.cookies.keep(self._url(request), response.headers)
        return Answer(response.status, f"{request}: {response.status}, {size:,} bytes")

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Connection": "close"}
        if request.body:
            form = not request.body.lstrip().startswith((b"{", b"["))
            kind = "x-www-form-urlencoded" if form else "json"
            headers["Content-Type"] = f"application/{kind}"
        return self._merge_headers(headers, request)

    def _merge_headers(
        self, headers: dict[str, str], exchange: Exchange
    ) -> dict[str, str]:
        """Those headers, and what all exchanges have, and what this one says itself."""
        headers = {
            "Host": self._host(exchange),
            **headers,
            **self.cookies.header(self._url(exchange)),
        }
        for name, value in exchange.headers:
            # As a reader of theirs wrote it: two that differ in case are one.
            for known in [each for each in headers if each.lower() == name.lower()]:
                del headers[known]
            headers[name] = self.cookies.fill(value)
        return headers

    def _host(self, exchange: Exchange) -> str:
        said = (value for name, value in exchange.headers if name.lower() == "host")
        return next(said, f"{HOST}:{self.port}")

    def _url(self, exchange: Exchange) -> str:
        """Return the URL that decides which cookies an exchange gets."""
        host = self._host(exchange)
        return f"http://{host if is_host(host) else HOST}{exchange.target}"

    def _describe_timeout(
        self, request: Request, response: HTTPResponse | None, size: int
    ) -> str:
        seconds = f"within {self.limit:g} seconds"
        if response is None:
            return f"{request}: no answer {seconds}"
        return (
            f"{request}: answered {response.status}, but was not done {seconds}, "
            f"after {size:,} bytes"
        )

    # WebSocket

    def _run_websocket(self, websocket: WebSocket) -> Answer:
        handshakes: list[ClientConnection] = []
        try:
            with self._open_websocket(websocket, handshakes) as peer:
                self.cookies.keep(self._url(websocket), _headers_of(peer))
                sent, heard = self._exchange_messages(peer, websocket)
        except InvalidStatus as error:
            status = error.response.status_code
            raise Unanswered(f"{websocket}: refused with status {status}") from None
        except NegotiationError:
            chosen = _headers_of(handshakes[0])["Sec-WebSocket-Protocol"]
            raise Unanswered(
                f"{websocket}: the server chose the subprotocol {chosen!r}, which was not "
                f"offered: add --subprotocol {chosen}"
            ) from None
        except TimeoutError:
            raise Unanswered(
                f"{websocket}: no answer within {self.limit:g} seconds"
            ) from None
        except (OSError, EOFError, InvalidHandshake) as error:
            raise Unanswered(f"{websocket}: {_describe_failure(error)}") from None
        chosen = f", subprotocol {peer.subprotocol}" if peer.subprotocol else ""
        return Answer(101, f"{websocket}: {sent} sent, {heard} received{chosen}")

    def _open_websocket(
        self, websocket: WebSocket, handshakes: list[ClientConnection]
    ) -> ClientConnection:
        headers = self._merge_headers({}, websocket)
        own = {name.lower(): name for name in headers}

        def kept(*args: Any, **kwargs: Any) -> ClientConnection:
            # A handshake that fails gives nobody else its response.
            handshakes.append(ClientConnection(*args, **kwargs))
            return handshakes[0]

        host = headers.pop(own["host"])
        if not is_host(host):
            raise Unanswered(f"{websocket}: the Host header {host!r} is not a host")
        origin = headers.pop(own["origin"]) if "origin" in own else f"http://{host}"
        return connect(
            # The host and port of this become the header Host.
            f"ws://{host}{websocket.target}",
            sock=socket.create_connection(("127.0.0.1", self.port), self.limit),
            # Whatever guards against other sites asks where the page came from.
            origin=Origin(origin),
            additional_headers=headers,
            subprotocols=[Subprotocol(each) for each in websocket.subprotocols] or None,
            create_connection=cast(type[ClientConnection], kept),
            open_timeout=self.limit,
            close_timeout=self.limit,
            max_size=LONGEST_MESSAGE,
            compression=None,
            proxy=None,
        )

    def _exchange_messages(
        self, peer: ClientConnection, websocket: WebSocket
    ) -> tuple[int, int]:
        """Do the steps; how many messages were sent, and how many came.

        Raises:
            Unanswered: a message that was waited for did not come.
        """
        deadline = time.monotonic() + self.limit
        sent = heard = 0
        if not websocket.literal:
            quiet = QUIET if websocket.steps else LISTEN
            heard += _receive_messages(peer, deadline, quiet=quiet)
        for step in websocket.steps:
            if isinstance(step, Receive):
                came = _receive_messages(peer, deadline, step.count)
                heard += came
                if came < step.count:
                    raise Unanswered(
                        f"{websocket}: {came} of {step.count} messages came "
                        f"{self._describe_end(peer, deadline)}"
                    )
                continue
            try:
                peer.send(self.cookies.fill(step) if isinstance(step, str) else step)
            except ConnectionClosed:
                break
            sent += 1
            if not websocket.literal:
                came = _receive_messages(peer, deadline, 1)
                if not came and time.monotonic() >= deadline:
                    raise Unanswered(
                        f"{websocket}: no answer to message {sent} within {self.limit:g} "
                        "seconds: --receive 0 waits for none"
                    )
                heard += came + _receive_messages(peer, deadline, quiet=QUIET)
        return sent, heard

    def _describe_end(self, peer: ClientConnection, deadline: float) -> str:
        if time.monotonic() >= deadline:
            return f"within {self.limit:g} seconds"
        return f"before the server closed the WebSocket with code {peer.close_code}"


def _headers_of(peer: ClientConnection) -> Message:
    """Return the headers with which the server accepted a WebSocket."""
    headers = Message()
    response = peer.response
    for name, value in response.headers.raw_items() if response else ():
        headers[name] = value
    return headers


def _receive_messages(
    peer: ClientConnection, deadline: float, wanted: float = inf, quiet: float = inf
) -> int:
    """Receive messages until there are enough, and return how many came.

    Stop, too, when time is up, the server closes, or it has been quiet for `quiet`
    seconds.
    """
    heard = 0
    with suppress(ConnectionClosed, TimeoutError):
        while heard < wanted:
            peer.recv(max(min(deadline - time.monotonic(), quiet), 0))
            heard += 1
    return heard


def _describe_failure(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the server does not listen any more"
    if isinstance(error, ConnectionError | EOFError | InvalidMessage):
        return "the server closed the connection without an answer"
    return f"what arrived is not a response: {error!r}"
