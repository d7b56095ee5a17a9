"""One GET request, answered by a plain function with a query."""

from functools import partial

from ..clients import raw as clients
from . import Scenario, expect

DJANGO = (
    "asgiref.sync.SyncToAsync.__call__",
    "asgiref.sync.SyncToAsync.thread_handler",
    "django.core.handlers",
    "django.core.handlers.asgi.ASGIHandler.__call__",
    "django.core.handlers.base.BaseHandler._get_response_async",
    "django.db.backends.utils.CursorWrapper.execute",
    "django.db.models.query.QuerySet.acount",
    "django.db.models.query.QuerySet.count",
    "django.dispatch.dispatcher.Signal.asend",
    "django.middleware",
    "django.urls.resolvers.URLResolver.resolve",
    "django.utils.deprecation.MiddlewareMixin.__acall__",
    "walkthroughs.scenarios.mysite.views",
)


def client(path: str, port: int) -> None:
    """Asks for the number of guests."""
    reply = clients.http(port, clients.request("GET", path))
    expect(b"0 guests" in reply, reply)


def scenario_at(name: str, story: str, path: str) -> Scenario:
    """Return the scenario that asks the full example site for `path`."""
    return Scenario(
        name=name,
        story=story,
        application="walkthroughs.scenarios.mysite.full_asgi:application",
        client=partial(client, path),
        focus={
            "daphne": ("daphne.server.Server.handle_reply", *DJANGO),
            "minidaphne": ("minidaphne.server.Server.handle_reply", *DJANGO),
        },
    )


scenario = scenario_at(
    "django-sync-view",
    "A view that is a plain function counts the rows of a table.",
    "/guests/",
)
