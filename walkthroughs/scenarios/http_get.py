"""One GET request, answered by an async Django view."""

from ..clients import raw as clients
from ..servers import daphne, minidaphne
from . import Scenario, expect

DJANGO = (
    "django.core.handlers.asgi",
    "django.core.handlers.asgi.ASGIHandler.__call__",
    "walkthroughs.scenarios.mysite",
)


def client(port: int) -> None:
    """Asks for /hello/ and reads the answer to its end."""
    reply = clients.http(port, clients.request("GET", "/hello/?name=reader"))
    expect(b"Hello from a Django view" in reply, reply)


scenario = Scenario(
    name="http-get",
    story="A browser asks for /hello/ and a Django view answers.",
    application="walkthroughs.scenarios.mysite.asgi:django_application",
    client=client,
    focus={
        "daphne": (
            *daphne.FOCUS,
            *daphne.TRANSPORT,
            "twisted.internet.tcp.Port",
            "twisted.internet.endpoints",
            "twisted.web.http.HTTPChannel",
            *DJANGO,
        ),
        "minidaphne": (*minidaphne.FOCUS, *minidaphne.TRANSPORT, *DJANGO),
    },
)
