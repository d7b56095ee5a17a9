"""A view, on one connection, makes the browser on another connection hear of it."""

import time

from .. import clients
from ..servers import daphne, minidaphne
from . import Scenario
from .websocket_echo import APPLICATION


def client(port: int) -> None:
    """Waits in the room; asks for /announce/ on the side; hears the announcement."""
    with clients.websocket(port, "/ws/room/") as browser:
        reply = clients.http(port, clients.request("GET", "/announce/"))
        assert b"announced" in reply, reply
        heard = browser.recv(clients.TIMEOUT)
        assert heard == "dinner is ready", heard
        # Django ends the other request in a thread, which takes its own time: that it is
        # over before we leave makes every recording the same.
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
