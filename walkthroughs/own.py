"""Scenarios of your own: a request to your application, to be told in your pages.

    from walkthroughs.own import scenario

    polls = scenario("polls", "mysite.asgi:application", "GET /polls/", focus=["polls"])

In a module `paths`, that is what a listing calls `scenario=paths:polls`.
"""

from __future__ import annotations

from collections.abc import Iterable

from .browser import Browser, Exchange, Request, Unanswered
from .scenarios import Scenario
from .servers import load


def scenario(
    name: str,
    application: str,
    *asked: str | Exchange,
    focus: Iterable[str],
    servers: Iterable[str] = ("uvicorn",),
) -> Scenario:
    """A scenario in which a browser asks an application for something.

    Args:
        name: what it is called, in a line above its recording.
        application: the ASGI application, "module:name".
        asked: requests such as "GET /polls/", or exchanges with headers, bodies or
            messages; by default "GET /".
        focus: dotted names of what listings speak of; the server's own are added.
        servers: the names of the servers that it can run on.

    Raises:
        ValueError: a request is none.
        RecordingError: there is no such server.
    """
    exchanges = [
        Request.of(each) if isinstance(each, str) else each
        for each in asked or ("GET /",)
    ]

    def client(port: int) -> None:
        browser = Browser(exchanges)
        browser(port)
        if browser.refused:
            raise Unanswered(", ".join(browser.refused))

    return Scenario(
        name=name,
        story=f"{', '.join(map(repr, exchanges))}.",
        application=application,
        client=client,
        focus={
            server: (*load(server).FOCUS, *load(server).TRANSPORT, *focus)
            for server in servers
        },
    )
