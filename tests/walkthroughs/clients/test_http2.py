"""The client that speaks HTTP/2, with servers that do not play along."""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from socket import create_server

import pytest

from walkthroughs.clients.http2 import http2
from walkthroughs.servers.certificate import make_certificate


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a server that accepts one connection, and closes it at once."""
    key, certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols([request.param])

    def serve() -> None:
        with closing(listener.accept()[0]) as peer:
            context.wrap_socket(peer, server_side=True).close()

    with create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        serving = pool.submit(serve)
        yield listener.getsockname()[1]
        serving.result(10)


@pytest.mark.parametrize("served", ["http/1.1"], indirect=True)
def test_a_server_without_http2_is_refused(served: int) -> None:
    with pytest.raises(ValueError, match="does not speak HTTP/2"):
        http2(served, {})


@pytest.mark.parametrize("served", ["h2"], indirect=True)
def test_a_server_that_closes_the_connection_is_an_error(served: int) -> None:
    with pytest.raises((ConnectionError, ssl.SSLError)):
        http2(served, {})
