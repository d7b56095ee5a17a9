"""A server starts, listens and waits; no client comes."""

from ..servers import daphne, minidaphne
from . import Scenario

# The name of asyncio's loop on Unix; it is private, so it is named to its end.
LOOP = ("asyncio.unix_events._UnixSelectorEventLoop.run_forever",)

scenario = Scenario(
    name="main-loop",
    story="The server is started with a Django application and begins to wait.",
    application="walkthroughs.scenarios.mysite.asgi:django_application",
    client=lambda port: None,
    focus={
        "daphne": (
            *daphne.FOCUS,
            "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
            "-twisted.internet.asyncioreactor.AsyncioSelectorReactor.timeout",
            "twisted.internet.endpoints",
            "twisted.internet.tcp.Port",
            *LOOP,
        ),
        "minidaphne": (
            *minidaphne.FOCUS,
            *LOOP,
        ),
    },
)
