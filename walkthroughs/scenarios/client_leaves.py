"""A browser asks for something slow, and leaves before it is there."""

import socket
import time

from ..clients import raw as clients
from . import Scenario, http_get


def client(port: int) -> None:
    """Asks for /slow/, waits for the view to be in the middle of it, and closes."""
    with socket.create_connection(("127.0.0.1", port), clients.TIMEOUT) as peer:
        peer.sendall(clients.request("GET", "/slow/"))
        # Nothing tells a client that the view has begun; it takes a few milliseconds.
        time.sleep(0.5)


scenario = Scenario(
    name="client-leaves",
    story="A browser asks for a slow page and leaves while the view is at work.",
    application=http_get.scenario.application,
    client=client,
    focus={
        server: (*names, "twisted.web.http.Request.connectionLost")
        for server, names in http_get.scenario.focus.items()
    },
    # A server may take a moment to believe that the client has left.
    patience=10,
)
