"""The pure-Python parser calls what httptools calls."""

from typing import Any

import httptools
import pytest

from walkthroughs.laboratory import http_parser

CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"

REQUESTS = [
    b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nrest",
]


class Calls:
    """Writes down what a parser calls."""

    parser: Any

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []

    def on_message_begin(self) -> None:
        self.seen.append(("begin",))

    def on_url(self, url: bytes) -> None:
        self.seen.append(("url", url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self.seen.append(("header", name, value))

    def on_headers_complete(self) -> None:
        parser = self.parser
        known = (parser.get_method(), parser.get_http_version())
        asked = (parser.should_keep_alive(), bool(parser.should_upgrade()))
        self.seen.append(("headers", *known, *asked))

    def on_body(self, body: bytes) -> None:
        self.seen.append(("body", body))

    def on_message_complete(self) -> None:
        self.seen.append(("complete",))


def calls(module: object, pieces: list[bytes]) -> list[tuple[object, ...]]:
    seen = Calls()
    parser = seen.parser = module.HttpRequestParser(seen)  # type: ignore[attr-defined]
    try:
        for piece in pieces:
            parser.feed_data(piece)
    except module.HttpParserUpgrade as upgrade:  # type: ignore[attr-defined]
        seen.seen.append(("upgrade", upgrade.args[0]))
    return seen.seen


@pytest.mark.parametrize("request_bytes", REQUESTS)
def test_it_calls_the_same(request_bytes: bytes) -> None:
    ours, theirs = (calls(each, [request_bytes]) for each in (http_parser, httptools))
    assert ours == theirs


def test_a_request_may_come_byte_by_byte() -> None:
    whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    pieces = [whole[n : n + 1] for n in range(len(whole))]
    seen = calls(http_parser, pieces)
    assert seen.count(("begin",)) == seen.count(("complete",)) == 1
    assert ("header", b"Content-Length", b"2") in seen


def test_what_is_no_http_is_an_error() -> None:
    with pytest.raises(http_parser.HttpParserError):
        calls(http_parser, [b"\0\0\0\r\n\r\n"])


def test_the_error_of_a_callback_is_the_context() -> None:
    class Refuses(Calls):
        def on_url(self, url: bytes) -> None:
            raise ZeroDivisionError

    parser = http_parser.HttpRequestParser(Refuses())
    with pytest.raises(http_parser.HttpParserError) as error:
        parser.feed_data(REQUESTS[0])
    assert isinstance(error.value.__context__, ZeroDivisionError)
