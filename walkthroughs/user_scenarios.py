"""Scenarios of your own: a request to your application, to be told in your pages.

    from walkthroughs import scenario

    polls = scenario("polls", "mysite.asgi:application", "GET /polls/", focus=["polls"])

In a module `paths`, that is what a listing calls `scenario=paths:polls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .clients.exchanges import Exchange, Request
from .clients.session import SessionClient, Unanswered
from .scenarios import SCOPES, Scenario
from .servers import load


def scenario(
    name: str,
    application: str,
    *requests: str | Exchange,
    focus: Iterable[str],
    servers: Iterable[str] = ("uvicorn",),
    set_up: str | None = None,
    environment: Mapping[str, str] | None = None,
    database: bool = False,
    factory: bool = False,
    app_dir: str | None = None,
    warm_up: bool = False,
    at_once: int = 1,
) -> Scenario:
    """Make a scenario in which a client asks an application for something.

    Args:
        name: what it is called, in a line above its recording.
        application: the ASGI application, "module:name".
        requests: such as "GET /polls/", or exchanges with headers, bodies or
            messages; by default "GET /".
        focus: dotted names of what listings speak of; the server's own are added. Of
            your own code they take in private names, nested functions, and methods that
            your classes inherit.
        servers: the names of the servers that it can run on.
        set_up: a function, "module:function", to call without arguments in the recorded
            process before the server starts; it may write to the database.
        environment: variables for the recorded process, such as
            `{"DJANGO_SETTINGS_MODULE": "mysite.test_settings"}`.
        database: whether Django gets empty test databases, as in its own tests, in
            place of those in its settings.
        factory: whether `application` names a function that makes the application.
        app_dir: the folder to import the application from, by default the current one.
        warm_up: whether everything is asked once before, which is not recorded.
        at_once: how many clients ask at the same time.

    Raises:
        ValueError: a request is none, or `set_up` names no function.
        RecordingError: there is no such server.
    """
    exchanges = [
        Request.of(each) if isinstance(each, str) else each
        for each in requests or ("GET /",)
    ]
    if set_up is not None and not all(set_up.partition(":")):
        raise ValueError(f"set_up is 'module:function', not {set_up!r}")

    def client(port: int) -> None:
        session = SessionClient(exchanges, at_once=at_once)
        session(port)
        if session.refused:
            raise Unanswered(", ".join(session.refused))

    return Scenario(
        name=name,
        story=f"{', '.join(map(repr, exchanges))}.",
        application=application,
        client=client,
        focus={
            server: (*load(server).FOCUS, *load(server).TRANSPORT, *focus)
            for server in servers
        },
        watch=SCOPES,
        process={
            "own": True,
            "set_up": set_up,
            "environment": dict(environment or {}),
            "database": database,
            "factory": factory,
            "app_dir": app_dir,
            "warm_up": warm_up,
        },
    )
