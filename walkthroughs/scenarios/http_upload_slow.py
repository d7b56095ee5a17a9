"""A browser sends an upload in two halves; the application may be called in between."""

from ..clients import raw as clients
from ..servers import daphne, minidaphne
from . import Scenario, expect
from .http_get import DJANGO

HEAD = (
    b"POST /hello/ HTTP/1.1\r\n"
    b"Host: example.com\r\n"
    b"Connection: close\r\n"
    b"Content-Length: 12000\r\n"
    b"\r\n"
)


def client(port: int) -> None:
    """Send half of the body, and the rest when the server has surely read that.

    It has, when it has answered what came later on another connection.  That is no HTTP,
    so that no application has part in it.
    """
    with clients.connected(port) as peer:
        peer.sendall(HEAD + bytes(6000))
        clients.http(port, b"good morning\r\n\r\n")
        peer.sendall(bytes(6000))
        reply = clients.read_all(peer)
    expect(b"Hello from a Django view" in reply, reply)


scenario = Scenario(
    name="http-upload-slow",
    story="A browser sends half an upload, and the rest later; a Django view answers.",
    application="walkthroughs.scenarios.mysite.asgi:django_application",
    client=client,
    focus={
        "daphne": (
            *daphne.FOCUS,
            *daphne.TRANSPORT,
            "twisted.web.http.HTTPChannel.dataReceived",
            "twisted.web.http.HTTPChannel.allHeadersReceived",
            "twisted.web.http.HTTPChannel.allContentReceived",
            *DJANGO,
        ),
        "minidaphne": (*minidaphne.FOCUS, *minidaphne.TRANSPORT, *DJANGO),
    },
)
