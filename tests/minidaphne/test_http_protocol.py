"""One request and its response: what goes in, what comes out, and what goes wrong."""

import asyncio
import logging
import re
from functools import partial
from typing import Any

import pytest

from minidaphne import http_channel
from minidaphne.errors import ClientDisconnected, UnexpectedMessage

from .memory import (
    GET,
    Connection,
    body,
    echo,
    head_and_body,
    hello,
    http,
    make_server,
    reply,
    start,
)
from .memory import run_virtually as run


def get(line: bytes = b"GET / HTTP/1.1", *headers: bytes) -> bytes:
    return b"\r\n".join([line, *headers, b"", b""])


def test_a_response_of_known_length_has_it_in_its_head() -> None:
    head, rest = head_and_body(http(hello, GET))
    assert head.startswith(b"http/1.1 200 ok\r\n")
    assert b"content-length: 5" in head
    assert b"server: daphne" in head and b"\r\ndate: " in head
    assert b"connection" not in head and rest == b"hello"


def test_a_streamed_response_is_chunked() -> None:
    application = reply(start(), body(b"one", True), body(b"", True), body(b"two"))
    head, rest = head_and_body(http(application, GET))
    assert b"transfer-encoding: chunked" in head
    assert rest == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


def test_a_streamed_response_may_end_with_nothing() -> None:
    application = reply(start(), body(b"one", True), body())
    assert http(application, GET).endswith(b"3\r\none\r\n0\r\n\r\n")


def test_a_streamed_response_to_http_1_0_ends_with_the_connection() -> None:
    application = reply(start(), body(b"one", True), body(b"two"))
    line = b"GET / HTTP/1.0"
    head, rest = head_and_body(http(application, get(line, b"Connection: keep-alive")))
    assert head.startswith(b"http/1.0 200") and b"connection: close" in head
    assert rest == b"onetwo"


def test_http_1_0_lives_on_if_it_asks_to() -> None:
    request = get(b"GET / HTTP/1.0", b"Connection: keep-alive")
    response = http(hello, request, request)
    assert response.lower().count(b"connection: keep-alive") == 2
    assert http(hello, get(b"GET / HTTP/1.0"), GET).count(b"hello") == 1


@pytest.mark.parametrize("status", [204, 304, 103])
def test_some_statuses_have_no_body(status: int) -> None:
    head, rest = head_and_body(http(reply(start(status), body(b"text")), GET))
    assert b"content-length" not in head and b"chunked" not in head and rest == b""


@pytest.mark.parametrize("status", [204, 103])
def test_what_never_has_a_body_has_no_length(status: int) -> None:
    head, _ = head_and_body(http(reply(start(status, content_length="4"), body()), GET))
    assert b"content-length" not in head


def test_reset_content_has_a_length_of_nothing() -> None:
    application = reply(start(205, content_length="4"), body(b"text"))
    head, rest = head_and_body(http(application, GET))
    assert b"content-length: 0" in head and rest == b""


def test_an_interim_status_ends_the_connection() -> None:
    assert b"connection: close" in http(reply(start(103), body()), GET)


def test_head_has_the_length_and_not_the_body() -> None:
    application = reply(start(content_length="5"), body(b"hello"))
    head, rest = head_and_body(http(application, get(b"HEAD / HTTP/1.1")))
    assert b"content-length: 5" in head and rest == b""


def test_date_and_server_of_the_application_win() -> None:
    head, _ = head_and_body(http(reply(start(date="x", server="y"), body()), GET))
    assert head.count(b"date:") == 1 and head.count(b"server:") == 1


def test_framing_headers_of_the_application_are_not_sent() -> None:
    application = reply(start(transfer_encoding="gzip", upgrade="h2c"), body(b"x"))
    assert b"gzip" not in http(application, GET) and b"h2c" not in http(
        application, GET
    )


def test_the_application_may_close_the_connection() -> None:
    application = reply(start(connection="close"), body(b"hello"))
    assert http(application, GET, GET).count(b"hello") == 1


def test_an_unknown_status_has_no_phrase() -> None:
    assert http(reply(start(299), body()), GET).startswith(b"HTTP/1.1 299 \r\n")


def test_body_may_be_any_bytes() -> None:
    for data in (b"abc", bytearray(b"abc"), memoryview(b"abc")):
        assert http(reply(start(), body(data)), GET).endswith(b"\r\n\r\nabc")


WRONG: dict[str, list[dict[str, Any]]] = {
    "no status": [{"type": "http.response.start"}],
    "status 0": [start(0)],
    "status 99999": [start(99999)],
    "status as text": [start("200")],
    "body first": [body(b"x")],
    "start twice": [start(), start()],
    "unknown type": [{"type": "http.response.zip"}],
    "no type": [{}],
    "text for bytes": [start(), body("text")],
    "two lengths": [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"1"), (b"content-length", b"1")],
        }
    ],
    "length no number": [start(content_length="+1")],
    "body too long": [start(content_length="1"), body(b"xx")],
    "body too short": [start(content_length="3"), body(b"xx")],
    "newline in value": [start(x="a\r\nb: c")],
    "nul in value": [start(x="a\0b")],
    "bad name": [
        {"type": "http.response.start", "status": 200, "headers": [(b"a b", b"")]}
    ],
    "no pairs": [{"type": "http.response.start", "status": 200, "headers": [b"abc"]}],
    "text name": [
        {"type": "http.response.start", "status": 200, "headers": [("a", b"b")]}
    ],
    "text value": [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", 1)]}
    ],
    "nothing at all": [],
    "start alone": [start()],
}


@pytest.mark.parametrize("messages", WRONG.values(), ids=WRONG)
def test_misuse_is_answered_with_500_and_the_next_request_as_well(
    messages: Any,
) -> None:
    response = http(reply(*messages), GET, GET)
    assert response.count(b"HTTP/1.1 500 Internal Server Error\r\n") == 2
    assert response.count(b"HTTP/1.1") == 2 and b"a\r\nb" not in response


def test_misuse_is_answered_at_once_though_the_application_goes_on() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(
            ValueError, match="Header name 'foo' expected to be `bytes`"
        ):
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [("foo", b"")],
                }
            )
        await asyncio.sleep(3600)

    assert b" 500 " in http(application, GET)


def test_the_errors_keep_daphnes_words() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        with pytest.raises(
            UnexpectedMessage, match="has already been started"
        ) as caught:
            await send(start())
        assert caught.value.state.name == "STARTED"
        assert caught.value.kind == "http.response.start"
        await send(body(b"ignored"))  # behind the end

    assert http(application, GET).count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("more", [[], [body("text")]])
def test_what_goes_wrong_behind_the_head_ends_the_connection(more: Any) -> None:
    chunked = http(reply(start(), body(b"part", True), *more), GET, GET)
    assert chunked.count(b"HTTP/1.1") == 1 and chunked.endswith(b"part\r\n")
    more = [*more, body(b"x" * 9)]
    lengthy = http(
        reply(start(content_length="9"), body(b"part", True), *more), GET, GET
    )
    assert lengthy.endswith(b"part") and lengthy.count(b"HTTP/1.1") == 1


def test_a_broken_response_to_http_1_0_is_reset() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(reply(start(), body(b"part", True))))
        await connection.send(get(b"GET / HTTP/1.0"))
        assert connection.transport.aborted

    run(scenario)


def test_an_exception_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("broken")

    assert b" 500 " in http(application, GET)
    assert "Exception inside application: broken" in caplog.text


def test_an_application_that_is_no_coroutine_is_answered_with_500() -> None:
    def application(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("broken")

    assert b" 500 " in http(application, GET)


@pytest.mark.parametrize("error", [SystemExit, asyncio.CancelledError])
def test_nothing_an_application_raises_stops_the_server(
    error: type[BaseException],
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        raise error

    assert http(application, GET, GET).count(b" 500 ") == 2


def test_expect_continue_is_answered_when_the_body_is_wanted() -> None:
    request = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    response = http(echo, request, b"hello")
    assert response.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert response.endswith(b"hello")


def test_expect_continue_is_not_answered_when_the_body_is_there() -> None:
    request = (
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"
    )
    assert http(echo, request).startswith(b"HTTP/1.1 200 OK\r\n")


def test_the_body_is_not_asked_for_behind_the_head() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(body(b"a", True))
        await receive()
        await send(body(b"b"))

    request = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    response = http(application, request, b"hello")
    assert b"100 Continue" not in response and response.endswith(b"0\r\n\r\n")


def test_a_body_nobody_asked_for_ends_the_connection() -> None:
    request = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    response = http(hello, request, b"GET /", GET)
    assert b"connection: close" in response and response.count(b"HTTP/1.1") == 1


def test_a_body_that_is_not_received_is_skipped() -> None:
    request = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n"
    assert http(hello, request, b"x" * 5, b"x" * 5, GET).count(b"hello") == 2


def test_the_application_is_called_when_the_head_is_there_and_the_body_streams() -> (
    None
):
    events: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while not events or events[-1]["more_body"]:
            events.append(await receive())
        await send(start())
        await send(body())

    chunks = [b"3\r\nabc\r\n", b"2\r\nde\r\n3\r\nfgh\r\n", b"0\r\nTrailer: x\r\n\r\n"]
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    http(application, head, *chunks)
    assert [(e["body"], e["more_body"]) for e in events] == [
        (b"abc", True),
        (b"defgh", True),
        (b"", False),
    ]


def test_a_small_body_is_one_event() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert receive.__self__.qsize() == 1
        event = await receive()
        assert event == {"type": "http.request", "body": b"abc", "more_body": False}
        await send(start())
        await send(body())

    assert b" 200 " in http(
        application, b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    )


def test_disconnect_is_told_once_and_then_receive_waits() -> None:
    async def scenario() -> None:
        events = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            while True:
                events.append((await receive())["type"])

        server = make_server(application, application_close_timeout=0.01)
        connection = Connection(server)
        await connection.send(GET)
        connection.transport.lose()
        await connection.settle(0.03)
        assert events == ["http.request", "http.disconnect"]
        assert not server.connections

    run(scenario)


def test_receive_behind_the_response_says_disconnect_and_then_ends_the_application(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        events = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send(start())
            await send(body())
            while True:
                events.append((await receive())["type"])

        server = make_server(application, application_close_timeout=0.01)
        connection = Connection(server)
        await connection.send(GET)
        await connection.settle(0.03)
        assert events == ["http.disconnect"] and not server.connections

    run(scenario)
    assert "took too long to shut down and was killed" in caplog.text


def test_who_waits_for_an_event_learns_of_the_end_of_the_response() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await send(start())
        await send(body())
        assert (await waiting)["type"] == "http.disconnect"
        events.append("done")

    events: list[str] = []
    http(application, GET)
    assert events == ["done"]


def test_sending_to_a_client_that_has_left_is_an_os_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        errors = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await receive()
            try:
                await send(start())
            except OSError as error:
                errors.append(error)
                raise

        connection = Connection(make_server(application))
        await connection.send(GET)
        connection.transport.lose()
        await connection.settle()
        assert [type(error) for error in errors] == [ClientDisconnected]

    run(scenario)
    assert not caplog.records


def test_a_slow_reader_suspends_send() -> None:
    async def scenario() -> None:
        sent = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send(start())
            for number in range(4):
                await send(body(b"x" * 50000, True))
                sent.append(number)
            await send(body())

        connection = Connection(make_server(application))
        connection.transport.slow = True
        await connection.send(GET)
        assert sent == [0]
        connection.transport.take()
        await connection.settle()
        assert sent == [0, 1, 2]
        connection.transport.slow = False
        connection.transport.take()
        assert (await connection.settle()).endswith(b"0\r\n\r\n")

    run(scenario)


def test_a_client_that_leaves_while_send_waits_is_an_os_error() -> None:
    async def scenario() -> None:
        errors = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            try:
                await send(start())
                await send(body(b"x" * 100000, True))
            except OSError as error:
                errors.append(error)

        connection = Connection(make_server(application))
        connection.transport.slow = True
        await connection.send(GET)
        connection.transport.lose()
        await connection.settle()
        assert len(errors) == 1

    run(scenario)


def test_an_application_that_does_not_receive_stops_the_reading() -> None:
    async def scenario() -> None:
        go = asyncio.Event()

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await go.wait()
            await echo(scope, receive, send)

        connection = Connection(make_server(application))
        await connection.send(b"POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n")
        await connection.send(b"x" * 100000)
        assert connection.transport.paused
        go.set()
        await connection.settle()
        assert not connection.transport.paused
        assert (await connection.send(b"x" * 100000)).endswith(b"x" * 200000)

    run(scenario)


def test_http_timeout_bounds_the_application() -> None:
    async def scenario(*messages: Any) -> bytes:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            for message in messages:
                await send(message)
            await asyncio.sleep(3600)

        connection = Connection(make_server(application, http_timeout=0.02))
        await connection.send(GET)
        written = await connection.settle(0.05)
        assert connection.transport.ended
        return written

    response = run(scenario)
    assert b"503 Service Unavailable" in response
    assert b"Application failed to respond within time limit." in response
    started = run(lambda: scenario(start(), body(b"part", True)))
    assert started.endswith(b"part\r\n")


def test_http_timeout_bounds_the_whole_request() -> None:
    async def scenario(first: bytes) -> bytes:
        connection = Connection(make_server(echo, http_timeout=0.02))
        await connection.send(first)
        return await connection.settle(0.05)

    for first in (b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"):
        assert b" 408 " in run(partial(scenario, first))


def test_http_timeout_lets_quick_requests_live() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(hello, http_timeout=0.02))
        await connection.send(GET)
        await connection.settle(0.05)
        assert (await connection.send(GET)).count(b"hello") == 2

    run(scenario)


def test_requests_are_logged_when_they_are_complete() -> None:
    seen: list[Any] = []

    def log(*action: Any) -> None:
        seen.append(action)
        raise RuntimeError("a logger that fails is not the client's fault")

    http(hello, get(b"GET /a?b=c HTTP/1.1"), action_logger=log)
    protocol, action, details = seen[0]
    assert (protocol, action) == ("http", "complete")
    assert details.pop("time_taken") >= 0
    assert details == {
        "path": "/a?b=c",
        "method": "GET",
        "status": 200,
        "size": 5,
        "client": "10.0.0.1:1234",
    }


def test_the_log_names_the_client_behind_the_proxy() -> None:
    seen: list[Any] = []
    forwarded = [b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-Port: 55"]
    options: dict[str, Any] = {
        "proxy_forwarded_address_header": "X-Forwarded-For",
        "proxy_forwarded_port_header": "X-Forwarded-Port",
        "trusted_proxies": "*",
        "action_logger": lambda *action: seen.append(action),
    }
    http(hello, get(b"GET / HTTP/1.1", *forwarded), **options)
    assert seen[0][2]["client"] == "1.2.3.4:55"


def test_a_unix_peer_has_no_address() -> None:
    async def scenario() -> None:
        scopes = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            scopes.append(scope)

        lines: list[Any] = []
        server = make_server(application, action_logger=lambda *a: lines.append(a))
        connection = Connection(server, peername="", sockname="/run/app.sock")
        await connection.send(GET)
        assert scopes[0]["client"] is None and scopes[0]["server"] == [
            "/run/app.sock",
            None,
        ]
        assert lines[0][2]["client"] is None

    run(scenario)


def test_a_request_says_what_it_is() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(reply()))
        connection.protocol.data_received(GET)
        assert (
            repr(connection.protocol.active)
            == "<WebRequest GET b'/' from ['10.0.0.1', 1234]>"
        )
        await connection.settle()

    run(scenario)


def test_a_refused_body_behind_the_response_closes_the_connection() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(hello))
        await connection.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        written = await connection.send(b"zz\r\n")
        assert written.count(b"HTTP/1.1") == 1 and connection.transport.ended

    run(scenario)


def test_the_server_name_may_be_none() -> None:
    assert not re.search(b"(?i)server:", http(hello, GET, server_name=""))


def test_constants_are_sane() -> None:
    assert http_channel.HEAD_TIMEOUT <= http_channel.KEEP_ALIVE_TIMEOUT
    assert logging.getLogger("minidaphne")


def test_two_may_wait_for_events() -> None:
    async def scenario() -> None:
        events: list[Any] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            waits = [asyncio.ensure_future(receive()) for _ in range(3)]
            await asyncio.sleep(0)
            waits[0].cancel()
            events.extend(await asyncio.gather(*waits, return_exceptions=True))

        connection = Connection(make_server(application))
        await connection.send(b"POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n")
        await connection.send(b"x" * 5000)
        await connection.send(b"y" * 2000)
        await connection.send(b"z" * 2000)
        assert isinstance(events[0], asyncio.CancelledError)
        assert {event["body"][:1] for event in events[1:]} == {b"y", b"z"}

    run(scenario)
