"""An application never answers, and the time limit for requests passes."""

from ..clients import raw as clients
from ..servers import daphne, minidaphne
from . import Scenario, expect

OURS = "walkthroughs.scenarios.mysite.stuck"


def client(port: int) -> None:
    """Asks, and reads what the server says in the application's place."""
    reply = clients.http(port, clients.request("GET", "/"))
    expect(reply.startswith(b"HTTP/1.1 503"), reply)


CHECKS = (
    "daphne.server.Server.timeout_checker",
    "daphne.http_protocol.WebRequest.check_timeouts",
)

scenario = Scenario(
    name="http-timeout",
    story="An application never answers, and the server does not wait for ever.",
    application=f"{OURS}:stuck",
    client=client,
    focus={
        "daphne": (
            *(name for name in daphne.FOCUS if name.strip("-") not in CHECKS),
            OURS,
        ),
        "minidaphne": (*minidaphne.FOCUS, OURS),
    },
    options={"http_timeout": 0.5, "application_close_timeout": 0.5},
    patience=10,
)
