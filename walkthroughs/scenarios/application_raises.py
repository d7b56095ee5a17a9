"""An application raises before it has begun its answer."""

from ..clients import raw as clients
from ..servers import daphne, minidaphne
from . import Scenario, expect

OURS = "walkthroughs.scenarios.mysite.raising"


def client(port: int) -> None:
    """Asks, and reads the answer that the server has to make by itself."""
    reply = clients.http(port, clients.request("GET", "/"))
    expect(reply.startswith(b"HTTP/1.1 500"), reply)


CHECKER = "daphne.server.Server.application_checker"

scenario = Scenario(
    name="application-raises",
    story="An application raises, and the server answers in its place.",
    application=f"{OURS}:application",
    client=client,
    focus={
        "daphne": (
            *(name for name in daphne.FOCUS if name != f"-{CHECKER}"),
            *daphne.TRANSPORT,
            OURS,
        ),
        "minidaphne": (*minidaphne.FOCUS, *minidaphne.TRANSPORT, OURS),
    },
)
