"""The parts with no connection: scopes, proxies, endpoint strings, the access log."""

import io
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from minidaphne.access import AccessLogGenerator
from minidaphne.endpoints import (
    AdoptedStreamServerEndpoint,
    TCP4ServerEndpoint,
    UNIXServerEndpoint,
    build_endpoint_description_strings,
    server_from_string,
)
from minidaphne.errors import OperatorError, PeerError
from minidaphne.proxy import Proxies
from minidaphne.scope import (
    NOTED,
    Request,
    build_scope,
    build_websocket_scope,
    header_list,
)
from minidaphne.settings import Settings


def request(target: bytes = b"/", *headers: tuple[bytes, bytes]) -> Request:
    head = Request()
    head.target = target
    for name, value in [(name.lower(), value) for name, value in headers]:
        ordinary = name not in NOTED and b"_" not in name
        if ordinary or head.note(name, value.strip()):
            head.headers.append((name, value.strip()))
    return head


def scope(
    target: bytes = b"/", *headers: tuple[bytes, bytes], scheme: str = "http"
) -> dict[str, Any]:
    head = request(target, *headers)
    head.client, head.scheme = ["c", 1], scheme
    return build_scope(head, ["s", 2], "/r")


def test_a_scope_has_the_keys_of_the_specification() -> None:
    assert scope(b"/a%20b%2Fc?d=%20", (b"x-a", b"b")) == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a b/c",
        "raw_path": b"/a%20b%2Fc",
        "query_string": b"d=%20",
        "root_path": "/r",
        "headers": [(b"x-a", b"b")],
        "client": ["c", 1],
        "server": ["s", 2],
    }


@pytest.mark.parametrize(
    ("target", "raw_path", "query"),
    [
        (b"/x?y", b"/x", b"y"),
        (b"//a/b", b"//a/b", b""),
        (b"*", b"*", b""),
    ],
)
def test_a_target_is_a_path_and_a_query(
    target: bytes, raw_path: bytes, query: bytes
) -> None:
    built = scope(target)
    assert (built["raw_path"], built["query_string"]) == (raw_path, query)


@pytest.mark.parametrize(
    ("target", "host", "rest"),
    [
        (b"http://a.b:80/x?y", b"a.b:80", b"/x?y"),
        (b"http://a.b", b"a.b", b"/"),
        (b"HTTPS://a.b?y?z", b"a.b", b"/?y?z"),
        (b"http://[::1]//x", b"[::1]", b"//x"),
    ],
)
def test_an_absolute_target_has_the_host(
    target: bytes, host: bytes, rest: bytes
) -> None:
    head = request(target, (b"Host", b"other"), (b"a", b"b"))
    head.use_origin()
    assert head.target == rest
    assert head.headers == [(b"host", host), (b"a", b"b")]


@pytest.mark.parametrize(
    "target", [b"", b"x", b"*x", b"http:///x", b"http://", b"http://u@h/", b"h:80"]
)
def test_what_is_no_target_is_refused(target: bytes) -> None:
    with pytest.raises(PeerError, match="target"):
        request(target).use_origin()


def test_daphne_root_path_is_noted_and_not_passed_on() -> None:
    head = request(b"/", (b"daphne-root-path", b"/caf%C3%A9"))
    assert head.root_path == "/café" and head.headers == []
    assert scope(b"/", (b"daphne-root-path", b"/evil"))["root_path"] == "/r"


@pytest.mark.parametrize("value", [b"", b"x", b"-1", b"0" * 5000, b"1" * 19])
def test_a_content_length_is_a_number_of_bytes(value: bytes) -> None:
    with pytest.raises(PeerError, match="Content-Length"):
        request(b"/", (b"content-length", value))


def test_headers_with_an_underscore_are_dropped_and_values_stripped() -> None:
    assert scope(b"/", (b"a_b", b"c"), (b"d", b" e\t "))["headers"] == [(b"d", b"e")]


def test_expect_and_upgrade_are_noted() -> None:
    head = request(b"/", (b"expect", b"100-continue"), (b"upgrade", b"h2c , WebSocket"))
    assert head.expect_continue and head.websocket


@pytest.mark.parametrize(
    "host", [b"a", b"a:80", b"", b"[::1]:80", b"1.2.3.4", b"a-b.c_d"]
)
def test_hosts_that_are_hosts(host: bytes) -> None:
    assert request(b"/", (b"host", host)).headers == [(b"host", host)]


@pytest.mark.parametrize(
    "host", [b"a b", b"a/b", b"a:b", b"a@b", b"a:80:90", b"[::1", b"a,b"]
)
def test_hosts_that_are_none(host: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        request(b"/", (b"host", host))
    assert caught.value.status == 400


def test_a_websocket_scope_is_secure_behind_https() -> None:
    for scheme, result in [
        ("http", "ws"),
        ("https", "wss"),
        ("ws", "ws"),
        ("wss", "wss"),
    ]:
        assert build_websocket_scope(scope(scheme=scheme), ["a"])["scheme"] == result


def test_header_lists_join_and_split() -> None:
    headers = [(b"a", b"b, c"), (b"x", b"y"), (b"a", b",d ")]
    assert (
        header_list(headers, "A") == ["b", "c", "d"]
        and header_list(headers, None) == []
    )


def proxies(trusted: str = "10.0.0.0/8, ::1") -> Proxies:
    return Proxies(
        Settings(
            trusted_proxies=trusted,
            proxy_forwarded_address_header="X-Forwarded-For",
            proxy_forwarded_port_header="X-Forwarded-Port",
            proxy_forwarded_proto_header="X-Forwarded-Proto",
        )
    )


def forwarded(
    value: bytes, *more: tuple[bytes, bytes], trusted: str = "10.0.0.0/8"
) -> Any:
    return believed(
        ["10.0.0.1", 5], (b"x-forwarded-for", value), *more, trusted=trusted
    )


def believed(
    peer: Any, *headers: tuple[bytes, bytes], trusted: str = "10.0.0.0/8"
) -> tuple[Any, str]:
    head = request(b"/", *headers)
    head.client = peer
    proxies(trusted).parse_x_forwarded_for(head)
    return head.client, head.scheme


def test_the_client_is_the_first_from_the_right_that_is_no_proxy() -> None:
    assert forwarded(b"6.6.6.6, 1.2.3.4, 10.0.0.2") == (["1.2.3.4", 0], "http")
    assert forwarded(b"10.0.0.3, 10.0.0.2") == (["10.0.0.3", 0], "http")
    assert forwarded(b"unknown") == (["unknown", 0], "http")
    assert forwarded(b"1043::a321:0001, 10.0.5.6")[0] == ["1043::a321:0001", 0]
    assert forwarded(b"1.2.3.4, 5.6.7.8", trusted="*")[0] == ["1.2.3.4", 0]
    assert forwarded(b"unknown, 5.6.7.8", trusted="*")[0] == ["unknown", 0]


def test_port_and_scheme_come_with_the_address() -> None:
    port, proto = (b"x-forwarded-port", b"80"), (b"x-forwarded-proto", b"HTTPS")
    assert forwarded(b"1.2.3.4", port, proto) == (["1.2.3.4", 80], "https")
    for number in (b"-1", b"65536", b"1" * 5000, b"\xb2"):
        bad = [(b"x-forwarded-port", number), (b"x-forwarded-proto", b"gopher")]
        assert forwarded(b"1.2.3.4", *bad) == (["1.2.3.4", 0], "http")


def test_nobody_else_is_believed() -> None:
    known = proxies()
    assert known.trusts_peer(["10.0.0.1", 5]) and known.trusts_peer(None)
    assert not known.trusts_peer(["9.9.9.9", 5])
    assert believed(["10.0.0.1", 5]) == (["10.0.0.1", 5], "http")
    assert believed(None, (b"x-forwarded-for", b"1.2.3.4")) == (["1.2.3.4", 0], "http")


@pytest.mark.parametrize("trusted", ["10.0.0.0/8", "::ffff:10.0.0.0/104"])
def test_an_ipv4_address_may_be_written_as_ipv6(trusted: str) -> None:
    assert proxies(trusted).trusts("::ffff:10.0.0.1")
    assert not proxies(trusted).trusts("::ffff:11.0.0.1")


def test_trusted_proxies_must_be_addresses() -> None:
    with pytest.raises(OperatorError, match="nonsense"):
        proxies("nonsense")


def test_endpoint_strings_are_daphnes() -> None:
    build = build_endpoint_description_strings
    assert build() == []
    assert build("[200a::1]", 8000) == [r"tcp:port=8000:interface=200a\:\:1"]
    assert build("a", 0, "/s", 3) == [
        "tcp:port=0:interface=a",
        "unix:/s",
        "fd:fileno=3",
    ]
    for host, port in [("a", None), (None, 80)]:
        with pytest.raises(ValueError, match="both"):
            build(host, port)


def test_endpoint_strings_make_endpoints() -> None:
    tcp = server_from_string(r"tcp:port=80:interface=200a\:\:1:backlog=5")
    assert isinstance(tcp, TCP4ServerEndpoint)
    assert (tcp.port, tcp.interface, tcp.backlog) == (80, "200a::1", 5)
    assert server_from_string("tcp:80").interface == "0.0.0.0"
    unix = server_from_string("unix:/run/a.sock:mode=660")
    assert isinstance(unix, UNIXServerEndpoint)
    assert (unix.address, unix.mode) == ("/run/a.sock", 0o660)
    assert isinstance(server_from_string("fd:fileno=7"), AdoptedStreamServerEndpoint)
    with pytest.raises(OperatorError, match="needs a path"):
        server_from_string("unix:")


@pytest.mark.parametrize(
    "text",
    [
        "tcp:x",
        "tcp:99999",
        "tcp:80:a=b",
        "tcp",
        "unix",
        "fd:x",
        "ssl:443:/none",
    ],
)
def test_bad_endpoint_strings_are_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="bad endpoint"):
        server_from_string(text)


@pytest.mark.parametrize("text", ["", "imap:", "htp:8000"])
def test_what_is_not_an_endpoint_is_told_what_would_be_one(text: str) -> None:
    with pytest.raises(OperatorError) as caught:
        server_from_string(text)
    expected = f"{text!r} is not an endpoint: expected tcp:, ssl:, unix: or fd:"
    assert str(caught.value) == expected


def test_tls_endpoints_load_key_and_certificate(tmp_path: Path) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    options = [
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=a",
        "-keyout",
    ]
    command = ["openssl", "req", *options, key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    tls = server_from_string(f"ssl:443:privateKey={key}:certKey={certificate}")
    assert isinstance(tls, TCP4ServerEndpoint) and tls.tls is not None


def test_the_access_log_has_a_line_for_each_action() -> None:
    stream = io.StringIO()
    log = AccessLogGenerator(stream)
    details = {"client": "1.2.3.4:5", "path": "/a"}
    log(
        "http",
        "complete",
        {**details, "method": "GET", "status": 200, "size": 7, "time": 1},
    )
    for action in ("connecting", "connected", "rejected", "disconnected"):
        log("websocket", action, {**details, "client": None})
    lines = stream.getvalue().splitlines()
    assert re.fullmatch(r'1\.2\.3\.4:5 - - \[.{20}\] "GET /a" 200 7', lines[0])
    assert lines[1].startswith("- - - [") and lines[1].endswith('"WSCONNECTING /a" - -')
    assert [line.split('"')[1].split()[0] for line in lines[1:]] == [
        "WSCONNECTING",
        "WSCONNECT",
        "WSREJECT",
        "WSDISCONNECT",
    ]
