"""A view, on one connection, makes the browser on another connection hear of it."""

import time

from ..clients import raw as clients
from ..servers import daphne, minidaphne
from . import Scenario, expect
from .websocket_echo import APPLICATION


def client(port: int) -> None:
    """Wait in the room; ask for /announce/ on the side; hear the announcement."""
    # Channels and Django do parts of this in threads, which take their own time: that each
    # is over before the next thing happens makes every recording the same.
    with clients.websocket(port, "/ws/room/") as browser:
        with clients.connected(port) as other:
            other.sendall(b"GET /announce/ HTTP/1.1\r\nHost: example.com\r\n\r\n")
            heard = browser.recv(clients.TIMEOUT)
            expect(heard == "dinner is ready", heard)
            reply = other.recv(65536)
            expect(b"announced" in reply, reply)
            time.sleep(0.3)
        time.sleep(0.3)


APPLICATIONS = (
    *APPLICATION,
    "channels.layers.InMemoryChannelLayer",
    # Checks of names and counts, which say nothing of the way.
    "-channels.layers.InMemoryChannelLayer.get_capacity",
    "-channels.layers.InMemoryChannelLayer.match_type_and_length",
    "-channels.layers.InMemoryChannelLayer.require_valid_channel_name",
    "-channels.layers.InMemoryChannelLayer.require_valid_group_name",
    "django.core.handlers.asgi.ASGIHandler.__call__",
)

scenario = Scenario(
    name="websocket-push",
    story="A Django view tells a room; the browser in that room hears it.",
    application="walkthroughs.scenarios.mysite.asgi:application",
    client=client,
    focus={
        "daphne": (
            *daphne.FOCUS,
            *daphne.TRANSPORT,
            "autobahn.twisted.websocket",
            *APPLICATIONS,
        ),
        "minidaphne": (*minidaphne.FOCUS, *minidaphne.TRANSPORT, *APPLICATIONS),
    },
)
