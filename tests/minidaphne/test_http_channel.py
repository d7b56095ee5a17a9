"""What clients send, well or badly: order, limits, and the time it may take."""

import asyncio
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from minidaphne import flow_control, http_channel
from minidaphne.proxy import Proxies
from minidaphne.scope import Request

from .memory import (
    GET,
    Connection,
    body,
    break_it,
    echo,
    hello,
    http,
    make_server,
    reply,
    start,
)
from .memory import run_virtually as run

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

#: Options of a server that believes the proxy that its connections come from.
BELIEVE: Any = {
    "trusted_proxies": "10.0.0.1",
    "proxy_forwarded_address_header": "X-Forwarded-For",
    "proxy_forwarded_port_header": "X-Forwarded-Port",
}

SMUGGLED = {
    "both lengths": POST
    + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both, turned": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "length list": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "signed length": POST + b"Content-Length: +3\r\n\r\nabc",
    "no length": POST + b"Content-Length:\r\n\r\n",
    "long length": POST + b"Content-Length: %b3\r\n\r\nabc" % (b"0" * 5000),
    "huge length": POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "chunked not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "gzip, chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "nearly chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF behind a header": b"GET / HTTP/1.1\r\nHost: a\n\r\n",
    "bare CR": HEAD + b"A: b\rC: d\r\n\r\n",
    "space before colon": HEAD + b"A : b\r\n\r\n",
    "obs-fold": HEAD + b"A: b\r\n c\r\n\r\n",
    "NUL": HEAD + b"A: b\0c\r\n\r\n",
    "NEL": HEAD + b"A: b\x85c\r\n\r\n",
    "vertical tab": HEAD + b"A: b\x0bc\r\n\r\n",
    "two hosts": HEAD + b"Host: a\r\n\r\n",
    "host with a space": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host with path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "path beyond ASCII": b"GET /\xc3\xa4 HTTP/1.0\r\n\r\n",
    "query beyond ASCII": b"GET /?\xc3\xa4 HTTP/1.0\r\n\r\n",
    "no host in the target": b"GET http:///x HTTP/1.1\r\n\r\n",
    "no target": b"GET *x HTTP/1.1\r\n\r\n",
    "no method": b"\x16\x03\x01\x02\x00\x01",
    "name beyond ASCII": b"GET / HTTP/1.1\r\nfoo\xff: a\r\n\r\n",
    "CONNECT": b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "upgrade with body": POST
    + b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc",
}


@pytest.mark.parametrize("request_", SMUGGLED.values(), ids=SMUGGLED)
def test_what_can_be_read_in_two_ways_is_refused(request_: bytes) -> None:
    async def scenario() -> None:
        calls = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            calls.append(scope)

        connection = Connection(make_server(application))
        written = await connection.send(request_ + GET)
        assert written.split(b" ", 2)[1] == b"400" and written.count(b"HTTP/1.") == 1
        assert connection.transport.ended and not calls
        assert await connection.send(GET) == written
        assert not connection.server.connections

    run(scenario)


CHUNKS = [
    b"zz\r\n",
    b"0x1\r\na\r\n",
    b"1\na\r\n",
    b"1\r\naa\r\n",
    b" 1\r\na\r\n",
    b"-1\r\n",
]


@pytest.mark.parametrize("chunk", CHUNKS)
def test_bad_chunks_are_refused(chunk: bytes) -> None:
    response = http(echo, CHUNKED + b"3\r\nabc\r\n" + chunk, GET)
    assert response.startswith(b"HTTP/1.1 400 ") and response.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9"])
def test_other_versions_are_refused(version: bytes) -> None:
    assert http(hello, b"GET / " + version + b"\r\n\r\n").startswith(b"HTTP/1.1 505 ")


def test_an_error_to_a_1_0_client_is_a_1_0_response() -> None:
    assert http(hello, b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n").startswith(
        b"HTTP/1.0 400 "
    )


def test_a_head_that_is_refused_gets_no_body() -> None:
    seen: list[Any] = []
    options: Any = {"action_logger": lambda *action: seen.append(action)}
    response = http(hello, b"HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n", **options)
    assert response.startswith(b"HTTP/1.1 400 ") and response.endswith(b"\r\n\r\n")
    assert seen[0][2]["method"] == "HEAD"


def test_the_host_of_an_absolute_target_wins() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        value = repr((scope["headers"], scope["path"])).encode()
        await reply(start(), body(value))(scope, receive, send)

    request = b"GET http://in.side/x HTTP/1.1\r\nHost: out.side\r\n\r\n"
    assert b"([(b'host', b'in.side')], '/x')" in http(application, request)
    assert b"'*'" in http(application, b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")


def test_an_error_comes_behind_the_responses_before_it() -> None:
    response = http(hello, GET + GET + b"nonsense\r\n\r\n" + GET)
    assert response.count(b"hello") == 2 and response.count(b"HTTP/1.1") == 3
    assert response.index(b" 400 ") > response.rindex(b"hello")


def test_pipelined_requests_are_answered_in_order() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.02 if scope["path"] == "/page0" else 0)
        await send(start())
        await send(body(scope["path"].encode()))

    async def scenario() -> bytes:
        connection = Connection(make_server(application))
        requests = [b"GET /page%d HTTP/1.1\r\n\r\n" % number for number in range(4)]
        await connection.send(b"".join(requests))
        assert connection.transport.paused
        written = await connection.settle(0.05)
        assert not connection.transport.paused
        return written

    written = run(scenario)
    places = [written.index(b"/page%d" % number) for number in range(4)]
    assert places == sorted(places)


def test_many_pipelined_requests_are_parsed_piece_by_piece() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(hello))
        connection.protocol.data_received(GET * 3000)
        assert len(connection.protocol.unparsed) > 10000
        while connection.transport.written.count(b"hello") < 3000:
            await connection.settle()

    run(scenario)


def test_bytes_that_come_while_others_wait_are_kept() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(hello))
        connection.protocol.data_received(GET * 3000)
        connection.protocol.data_received(GET)
        while connection.transport.written.count(b"hello") < 3001:
            await connection.settle()

    run(scenario)


def test_a_request_may_come_byte_by_byte() -> None:
    request = CHUNKED + b"3;ext=1\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"
    pieces = [bytes([byte]) for byte in request]
    assert http(echo, *pieces, GET).count(b"HTTP/1.1 200") == 2


def test_trailers_do_not_become_headers() -> None:
    scopes = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await send(start())
        await send(body())

    http(application, CHUNKED + b"0\r\nEvil: x\r\n\r\n", GET)
    assert all(b"evil" not in dict(scope["headers"]) for scope in scopes)
    assert len(scopes) == 2


def test_what_comes_behind_the_last_request_is_not_read() -> None:
    last = HEAD + b"Connection: close\r\n\r\n"
    assert http(hello, last + GET, GET).count(b"HTTP/1.1") == 1


def test_an_upgrade_we_do_not_know_is_ignored() -> None:
    request = HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    assert http(hello, request + GET).count(b"hello") == 2


def test_an_upgrade_we_do_not_know_may_have_a_body() -> None:
    request = POST + b"Connection: upgrade\r\nUpgrade: h2c\r\n"
    length = request + b"Content-Length: 3\r\n\r\nabc"
    chunks = request + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert http(echo, length + chunks + length).count(b"\r\n\r\nabc") == 3


def test_who_connects_to_a_path_is_answered_and_then_left() -> None:
    scopes = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append((scope["method"], scope["path"], scope["root_path"]))
        await echo(scope, receive, send)

    head = b"CONNECT /a HTTP/1.1\r\nDaphne-Root-Path: /b\r\n"
    request = head + b"Content-Length: 3\r\n\r\nabc"
    response = http(application, request + GET, **BELIEVE)
    assert response.endswith(b"\r\n\r\nabc")
    assert scopes == [("CONNECT", "/a", "/b")]


def test_an_upgrade_in_http_1_0_is_ignored() -> None:
    request = b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert http(hello, request).startswith(b"HTTP/1.0 200 ")


def test_an_upgrade_that_connection_does_not_name_is_ignored() -> None:
    assert http(hello, HEAD + b"Upgrade: websocket\r\n\r\n").startswith(
        b"HTTP/1.1 200 "
    )


def limits(request: bytes, **options: Any) -> bytes:
    response = http(echo, request, GET, **options)
    assert response.count(b"HTTP/1.1") == 1
    return response.split(b" ", 2)[1]


def test_every_limit_has_its_status() -> None:
    line = b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n"
    assert limits(line) == b"414"
    assert limits(line[:9000]) == b"414"
    assert limits(HEAD + b"A: %b\r\n\r\n" % (b"b" * 70000)) == b"431"
    assert limits(HEAD + b"A: b\r\n" * 20000) == b"431"
    assert limits(HEAD + b"A: " + b"b" * 200000) == b"431"
    assert limits(CHUNKED + b"1;" + b"a" * 200000) == b"431"
    assert limits(CHUNKED + b"0\r\n" + b"A: b\r\n" * 50000) == b"431"
    long = POST + b"Content-Length: 11\r\n\r\n"
    assert limits(long, limit_request_body=10) == b"413"
    assert limits(CHUNKED + b"b\r\nhello world\r\n", limit_request_body=10) == b"413"


def test_what_is_within_the_limits_is_taken() -> None:
    assert b" 200 " in http(hello, b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\n\r\n")
    assert b" 200 " in http(hello, HEAD + b"A: %b\r\n\r\n" % (b"b" * 60000))
    assert b" 200 " in http(hello, GET, limit_request_line=0, limit_request_headers=0)
    request = POST + b"Content-Length: 10\r\n\r\n0123456789"
    assert b" 200 " in http(echo, request, limit_request_body=10)


def test_a_body_in_small_chunks_is_no_attack() -> None:
    assert http(echo, CHUNKED + b"1\r\na\r\n" * 40000 + b"0\r\n\r\n").endswith(
        b"a" * 40000
    )


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_TIMEOUT", "BODY_TIMEOUT"):
        monkeypatch.setattr(http_channel, name, 0.02)
    monkeypatch.setattr(http_channel, "KEEP_ALIVE_TIMEOUT", 0.06)
    monkeypatch.setattr("minidaphne.connection.LINGER_TIMEOUT", 0.02)


@pytest.mark.parametrize(
    ("first", "answer"),
    [
        (b"", b""),
        (b"GET / HT", b" 408 "),
        (POST + b"Content-Length: 9\r\n\r\na", b" 408 "),
        (CHUNKED + b"1;", b" 408 "),
    ],
)
def test_a_client_that_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch, first: bytes, answer: bytes
) -> None:
    async def scenario() -> None:
        quick(monkeypatch)
        connection = Connection(make_server(echo))
        if first:
            await connection.send(first)
        assert answer in await connection.settle(0.04)
        await connection.settle(0.04)
        assert connection.transport.closing

    run(scenario)


def test_a_client_that_drips_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(first: bytes) -> bytes:
        connection = Connection(make_server(echo))
        await connection.send(first)
        for _ in range(10):
            await connection.send(b"a")
            await connection.settle(0.004)
        return connection.transport.written

    quick(monkeypatch)
    assert b" 408 " in run(lambda: scenario(HEAD + b"A: "))
    assert b" 408 " in run(lambda: scenario(POST + b"Content-Length: 99\r\n\r\n"))


def test_a_body_that_goes_on_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(http_channel, "BODY_TIMEOUT", 0.1)
        connection = Connection(make_server(echo))
        await connection.send(POST + b"Content-Length: 50000\r\n\r\n")
        for _ in range(10):
            await connection.send(b"a" * 5000)
            await connection.settle(0.02)
        assert b" 200 " in connection.transport.written

    run(scenario)


def test_a_body_the_application_does_not_take_may_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        quick(monkeypatch)
        go = asyncio.Event()

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await go.wait()
            await echo(scope, receive, send)

        connection = Connection(make_server(application))
        await connection.send(POST + b"Content-Length: 80000\r\n\r\n" + b"a" * 70000)
        await connection.settle(0.08)
        go.set()
        assert b" 200 " in await connection.send(b"a" * 10000)

    run(scenario)


PAUSED = POST + b"Content-Length: 80000\r\n\r\n" + b"a" * 70000


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        (PAUSED, b"a" * 10000),
        (PAUSED + b"a" * 10000 + GET[:9], GET[9:]),
        (POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", b"abc"),
    ],
    ids=["body", "head", "expected body"],
)
@pytest.mark.parametrize("late", [False, True])
def test_the_clock_of_a_client_stands_still_while_we_do_not_read(
    first: bytes, rest: bytes, late: bool
) -> None:
    """The application is slow until just before somebody looks at the time again."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(19.5)
        await echo(scope, receive, send)

    async def scenario() -> bytes:
        connection = Connection(make_server(application))
        await connection.send(first)
        await connection.settle(50 if late else 21)
        connection.protocol.data_received(rest)
        return await connection.settle(30)

    assert (b" 408 " in run(scenario)) is late


def test_a_moment_without_reading_gives_no_more_time() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.5)
        await echo(scope, receive, send)

    async def scenario() -> bytes:
        connection = Connection(make_server(application))
        await connection.send(PAUSED)
        assert connection.transport.paused
        return await connection.settle(11)

    assert b" 408 " in run(scenario)


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        quick(monkeypatch)

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(0.1)
            await hello(scope, receive, send)

        connection = Connection(make_server(application))
        await connection.send(GET)
        assert b"hello" in await connection.settle(0.12)
        assert not connection.transport.closing
        await connection.settle(0.1)
        assert connection.transport.closing

    run(scenario)


def test_a_client_that_half_closes_gets_its_answer() -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            waiting = asyncio.ensure_future(receive())
            await asyncio.sleep(0.01)
            assert not waiting.done()
            await hello(scope, receive, send)
            assert (await waiting)["type"] == "http.disconnect"

        connection = Connection(make_server(application))
        connection.protocol.data_received(GET)
        assert connection.protocol.eof_received() is True
        assert b"hello" in await connection.settle(0.03)

    run(scenario)


def test_who_leaves_while_a_view_waits_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            with pytest.raises(OSError, match="disconnect"):
                await send(start())

        monkeypatch.setattr(http_channel, "HALF_CLOSE_TIMEOUT", 0.01)
        connection = Connection(make_server(application))
        connection.protocol.data_received(GET)
        connection.protocol.eof_received()
        assert await connection.settle(0.03) == b""
        assert not caplog.text and not connection.server.connections

    run(scenario)


def test_a_client_that_has_left_is_soon_known_to_have_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        errors = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(0.05)
            try:
                await send(start())
            except OSError as error:
                errors.append(error)

        monkeypatch.setattr(http_channel, "HALF_CLOSE_TIMEOUT", 0.01)
        connection = Connection(make_server(application))
        connection.protocol.data_received(GET)
        connection.protocol.eof_received()
        await connection.settle(0.07)
        assert len(errors) == 1

    run(scenario)


def test_an_end_with_nothing_in_flight_closes() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(hello))
        assert connection.protocol.eof_received() is False
        secure = Connection(make_server(hello), sslcontext=True)
        secure.protocol.data_received(GET)
        assert secure.protocol.eof_received() is False
        await secure.settle()

    run(scenario)


def test_a_client_that_leaves_takes_waiting_requests_with_it() -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await receive()

        server = make_server(application)
        connection = Connection(server)
        await connection.send(GET + GET + POST + b"Content-Length: 3\r\n\r\na")
        assert len(server.connections) == 3
        connection.transport.lose()
        await connection.settle()
        assert not server.connections and not server.channels

    run(scenario)


def test_a_broken_body_in_line_is_answered_in_its_turn() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.01)
        await hello(scope, receive, send)

    async def scenario() -> bytes:
        connection = Connection(make_server(application))
        await connection.send(GET + CHUNKED + b"zz\r\n")
        return await connection.settle(0.03)

    written = run(scenario)
    assert written.index(b"hello") < written.index(b" 400 ")


def test_a_client_that_does_not_read_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(flow_control, "WRITE_TIMEOUT", 0.02)
        connection = Connection(make_server(reply(start(), body(b"x" * 100000, True))))
        connection.transport.slow = True
        await connection.send(GET)
        await connection.settle(0.04)
        assert connection.transport.aborted

    run(scenario)


def test_a_closing_connection_is_cut_off_if_nobody_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr("minidaphne.connection.WRITE_TIMEOUT", 0.02)
        connection = Connection(make_server(hello))
        connection.transport.slow = True
        await connection.send(HEAD + b"Connection: close\r\n\r\n")
        assert connection.transport.closing and not connection.transport.aborted
        connection.protocol.lose_connection()
        await connection.settle(0.04)
        assert connection.transport.aborted

    run(scenario)


def test_nothing_is_resumed_on_a_connection_that_closes() -> None:
    async def scenario() -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(0.01)
            await hello(scope, receive, send)

        connection = Connection(make_server(application))
        await connection.send(GET + GET)
        assert connection.transport.paused
        connection.transport.closing = True
        await connection.settle(0.03)
        assert connection.transport.paused
        connection.protocol.flow.reasons = frozenset()
        connection.protocol.flow.pause_reading(flow_control.Pause.PIPELINE)

    run(scenario)


def test_a_client_that_takes_a_little_at_a_time_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(flow_control, "WRITE_TIMEOUT", 0.1)
        monkeypatch.setattr("minidaphne.connection.WRITE_TIMEOUT", 0.1)
        connection = Connection(make_server(reply(start(), body(b"x" * 100000))))
        connection.transport.slow = True
        await connection.send(HEAD + b"Connection: close\r\n\r\n")
        for _ in range(10):
            await connection.settle(0.03)
            connection.transport.unsent -= 1000
        assert connection.transport.closing and not connection.transport.aborted
        await connection.settle(0.4)
        assert connection.transport.aborted

    run(scenario)


def test_requests_of_a_client_that_does_not_read_are_not_parsed() -> None:
    async def scenario() -> None:
        connection = Connection(make_server(reply(start(), body(b"x" * 1000))))
        connection.transport.slow = True
        connection.protocol.data_received(GET * 1000)
        while connection.transport.unsent < 65536:
            await connection.settle()
        for _ in range(50):
            await connection.settle()
        assert connection.transport.paused
        assert connection.transport.unsent < 65536 + 250 * 1200
        connection.transport.slow = False
        connection.transport.take()
        while connection.transport.written.count(b"HTTP/1.1 200") < 1000:
            await connection.settle()
        assert not connection.transport.paused

    run(scenario)


def test_a_request_without_a_host_is_answered_as_by_daphne() -> None:
    assert b" 200 " in http(hello, b"GET / HTTP/1.1\r\n\r\n")


def root_path(**options: Any) -> str:
    """The root path of a request that says one."""
    paths = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["root_path"])
        await hello(scope, receive, send)

    http(
        application, HEAD + b"Daphne-Root-Path: https://evil.example\r\n\r\n", **options
    )
    return str(paths[0])


def test_a_root_path_is_believed_of_trusted_proxies_only() -> None:
    assert root_path(root_path="/app") == "/app"
    assert root_path(root_path="/app", **BELIEVE | {"trusted_proxies": "::1"}) == "/app"
    assert root_path(root_path="/app", **BELIEVE) == "https://evil.example"


def test_a_port_without_end_poisons_no_other_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    head = HEAD + b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Port: %b\r\n\r\n"
    response = http(hello, GET + head % (b"1" * 5000) + GET, **BELIEVE)
    assert response.count(b"HTTP/1.1 200") == 3 and not caplog.text


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Proxies, "parse_x_forwarded_for"),
        (Request, "note"),
        (http_channel.HTTPChannel, "check_head_size"),
    ],
)
def test_a_mistake_of_the_server_is_logged_and_is_nobody_elses(
    owner: Any,
    name: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unbroken = getattr(owner, name)

    def once(*args: Any) -> Any:
        monkeypatch.setattr(owner, name, unbroken)
        break_it()

    async def scenario() -> None:
        connection = Connection(make_server(hello, **BELIEVE))
        await connection.send(GET)
        monkeypatch.setattr(owner, name, once)
        written = await connection.send(b"POST / HTTP/1.1\r\nHost: a")
        written = await connection.send(b"\r\nContent-Length: 0\r\n\r\n" + GET)
        assert written.count(b"HTTP/1.1 200") == 1
        assert written.count(b"HTTP/1.1 500") == 1
        assert b"connection: close" in written and connection.transport.ended
        assert not connection.server.connections

    run(scenario)
    assert caplog.text.count("Exception inside the server") == 1
    assert "Traceback" in caplog.text and "ZeroDivisionError" in caplog.text


def count_calls(act: Callable[[], Any]) -> int:
    """How many functions are called, those written in C included."""
    calls = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


def test_a_byte_of_a_head_costs_the_same_however_many_headers_came_before() -> None:
    async def scenario(headers: int) -> int:
        connection = Connection(make_server(hello))
        await connection.send(HEAD + b"a:\r\n" * headers)
        return count_calls(lambda: connection.protocol.data_received(b"b"))

    few, many = run(lambda: scenario(1)), run(lambda: scenario(9000))
    assert many < few + 20


def test_the_limits_hold_for_a_head_that_comes_byte_by_byte() -> None:
    async def scenario() -> bytes:
        connection = Connection(make_server(hello, limit_request_headers=200))
        connection.protocol.data_received(HEAD)
        for _ in range(40):
            for byte in b"a: b\r\n":
                connection.protocol.data_received(bytes([byte]))
        return await connection.settle()

    assert run(scenario).startswith(b"HTTP/1.1 431 ")


def test_a_head_behind_a_body_is_held_to_the_limits() -> None:
    long = b"GET / HTTP/1.1\r\nA: %b\r\n\r\n" % (b"b" * 70000)
    for first, rest in [
        (POST + b"Content-Length: 3\r\n\r\n", b"abc"),
        (CHUNKED, b"3\r\nabc\r\n0\r\n\r\n"),
    ]:
        response = http(echo, first, rest + long)
        assert b" 200 " in response and b" 431 " in response


@pytest.mark.parametrize("first", [POST + b"Content-Length: 3\r\n\r\n", CHUNKED])
def test_few_requests_wait_behind_a_body(first: bytes) -> None:
    async def scenario() -> None:
        connection = Connection(make_server(echo))
        await connection.send(first)
        body = b"abc" if b"Length" in first else b"3\r\nabc\r\n0\r\n\r\n"
        connection.protocol.data_received(body + GET * 9000)
        assert len(connection.protocol.waiting) < http_channel.PIECE / len(GET) + 1

    run(scenario)


def test_an_exception_that_an_application_handles_is_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        try:
            break_it()
        except ZeroDivisionError:
            await hello(scope, receive, send)

    large = HEAD + b"A: %b\r\n\r\n" % (b"b" * 1900)  # two of them are a piece
    response = http(application, large * 3 + b"GET / HTTP/2.0\r\n\r\n")
    assert response.count(b" 200 OK") == 3 and response.count(b" 505 ") == 1
    assert not caplog.text


def test_context_variables_of_one_request_do_not_reach_the_next() -> None:
    user: ContextVar[str] = ContextVar("user", default="nobody")
    seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        seen.append(user.get())
        user.set(scope["path"])
        await echo(scope, receive, send)

    large = POST + b"Content-Length: 300000\r\n\r\n" + b"a" * 300000
    http(application, large, GET + GET + GET)
    assert seen == ["nobody"] * 4


EXPECT = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"


@pytest.mark.parametrize("options", [{}, {"http_timeout": 0.05}])
def test_a_client_that_waits_to_be_asked_is_not_late(
    monkeypatch: pytest.MonkeyPatch, options: Any
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.1)
        await echo(scope, receive, send)

    async def scenario() -> bytes:
        quick(monkeypatch)
        connection = Connection(make_server(application, **options))
        await connection.send(EXPECT)
        await connection.settle(0.11)
        if not options:
            assert connection.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await connection.send(b"abc")
        return connection.transport.written

    written = run(scenario)
    assert (b" 503 " in written) if options else written.endswith(b"\r\n\r\nabc")


def test_a_client_that_was_asked_for_its_body_can_be_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> bytes:
        quick(monkeypatch)
        connection = Connection(make_server(echo))
        await connection.send(EXPECT)
        return await connection.settle(0.05)

    written = run(scenario)
    assert written.startswith(b"HTTP/1.1 100 Continue") and b" 408 " in written


def test_a_body_that_is_there_is_not_asked_for() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await hello(scope, receive, send)
        await waiting

    request = POST + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"
    assert http(application, request).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("more", [1, 1000])
def test_nothing_is_done_for_requests_behind_the_last_answer(more: int) -> None:
    async def scenario(first: bytes, second: bytes) -> None:
        paths = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            paths.append(scope["path"])
            await asyncio.sleep(0)
            await reply(start(connection="close"), body(b"bye"))(scope, receive, send)

        connection = Connection(make_server(application))
        connection.transport.slow = True
        await connection.send(first)
        await connection.send(second)
        assert await connection.send(b"x" * 9000)
        assert paths == ["/"] and not connection.protocol.unparsed
        assert not connection.server.connections

    wrong = GET.replace(b"/ ", b"/wrong ") * more
    run(lambda: scenario(GET + wrong, wrong))
    run(lambda: scenario(EXPECT, b"abc" + wrong))
