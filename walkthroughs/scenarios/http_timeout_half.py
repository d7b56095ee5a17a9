"""An application sticks in the middle of its response, and the time limit passes."""

from ..clients import raw as clients
from . import Scenario, expect, http_timeout

LAST_CHUNK = b"0\r\n\r\n"


def client(port: int) -> None:
    """Asks, would keep its connection, and reads until the server ends the response."""
    with clients.connected(port) as peer:
        peer.sendall(clients.request("GET", "/", keep_alive=True))
        reply = b""
        while not reply.endswith(LAST_CHUNK) and (part := peer.recv(65536)):
            reply += part
    expect(b"4\r\nhalf\r\n" in reply, reply)


WRITES = {"daphne": ("twisted.web.http.HTTPChannel.write",)}

scenario = Scenario(
    name="http-timeout-half",
    story="Half a response is sent, and the server does not wait for the other half.",
    application=f"{http_timeout.OURS}:half",
    client=client,
    focus={
        server: (*names, *WRITES.get(server, ()))
        for server, names in http_timeout.scenario.focus.items()
    },
    options=http_timeout.scenario.options,
    patience=10,
)
