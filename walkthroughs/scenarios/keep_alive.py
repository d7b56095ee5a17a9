"""Two requests on one connection."""

import socket

from ..clients import raw as clients
from . import Scenario, http_get


def client(port: int) -> None:
    """Asks twice on one socket, the second time when the first answer is there."""
    first = b"GET /hello/ HTTP/1.1\r\nHost: example.com\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), clients.TIMEOUT) as peer:
        for request in (first, clients.request("GET", "/hello/")):
            peer.sendall(request)
            reply = b""
            while not reply.endswith((b"0\r\n\r\n", b"view\n")):
                reply += peer.recv(65536)


scenario = Scenario(
    name="keep-alive",
    story="A browser asks twice on one connection.",
    application=http_get.scenario.application,
    client=client,
    # Django closes a request in a thread, at a moment that differs from run to run.
    focus={
        server: (*names, "-django.core.handlers.asgi.ASGIRequest.close")
        for server, names in http_get.scenario.focus.items()
    },
)
