"""A server starts, listens and waits; no client comes."""

from ..servers import daphne, minidaphne
from . import Scenario

scenario = Scenario(
    name="main-loop",
    story="The server is started with a Django application and begins to wait.",
    application="walkthroughs.scenarios.mysite.asgi:django_application",
    client=lambda port: None,
    focus={"daphne": daphne.FOCUS, "minidaphne": minidaphne.FOCUS},
)
