"""A server is told to stop while an application is at work."""

from ..clients import raw as clients
from ..servers import daphne, minidaphne
from . import Scenario, expect

OURS = "walkthroughs.scenarios.mysite.stuck"


def client(port: int) -> None:
    """Asks, would keep the connection, and hears what comes before the server has gone."""
    with clients.connected(port) as peer:
        peer.sendall(clients.request("GET", "/", keep_alive=True))
        _, closed = clients.hear(peer, clients.TIMEOUT)
        expect(closed, "the server has not stopped")


scenario = Scenario(
    name="server-stops",
    story="A server is told to stop while an application works on an answer.",
    application=f"{OURS}:stopped",
    client=client,
    focus={
        "daphne": (
            *daphne.FOCUS,
            # What is open is in a set: whether port or connection goes first, is chance.
            "-daphne.http_protocol.HTTPFactory.doStop",
            "-daphne.http_protocol.HTTPFactory.stopFactory",
            "twisted.internet.asyncioreactor.AsyncioSelectorReactor.sigTerm",
            "twisted.internet.asyncioreactor.AsyncioSelectorReactor.stop",
            "twisted.internet.asyncioreactor.AsyncioSelectorReactor.fireSystemEvent",
            "twisted.internet.asyncioreactor.AsyncioSelectorReactor.disconnectAll",
            OURS,
        ),
        "minidaphne": (*minidaphne.FOCUS, OURS),
    },
    options={"signal_handlers": True},
    patience=10,
)
