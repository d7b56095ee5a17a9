"""A browser opens a WebSocket, says something, hears it back, and leaves."""

from ..clients import raw as clients
from ..servers import daphne, minidaphne
from . import Scenario, expect

APPLICATION = (
    "channels.consumer.AsyncConsumer",
    "channels.consumer.AsyncConsumer.__call__",
    "channels.generic.websocket.AsyncWebsocketConsumer",
    "walkthroughs.scenarios.mysite",
)


def client(port: int) -> None:
    """Open /ws/echo/, send one text, read the answer, close."""
    with clients.websocket(port, "/ws/echo/") as browser:
        browser.send("good morning")
        heard = browser.recv(clients.TIMEOUT)
        expect(heard == "good morning", heard)


scenario = Scenario(
    name="websocket-echo",
    story="A browser opens a WebSocket, says good morning, and hears it back.",
    application="walkthroughs.scenarios.mysite.asgi:application",
    client=client,
    focus={
        "daphne": (
            *daphne.FOCUS,
            "autobahn.twisted.websocket",
            *daphne.TRANSPORT,
            *APPLICATION,
        ),
        "minidaphne": (*minidaphne.FOCUS, *minidaphne.TRANSPORT, *APPLICATION),
    },
)
