"""Which calls an experiment speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import RecordingError
from ..servers import Server

MODULE = "experiment"
"""The module that the reader's code becomes."""

FOCUSES: Mapping[str, str] = {
    "path": "Server, Django and application",
    "server": "Server",
    "application": "Application",
    "everything": "Everything",
}
"""Focus -> what the page calls it."""

FRAMEWORK = (
    "django.core.handlers.asgi",
    "django.core.handlers.asgi.ASGIHandler.__call__",
    "channels.consumer.AsyncConsumer",
    "channels.consumer.AsyncConsumer.__call__",
    "channels.generic.websocket.AsyncWebsocketConsumer",
    "autobahn.twisted.websocket",
)
"""What the book speaks of between the server and an application."""

EVERYTHING = (
    "twisted",
    "autobahn",
    "channels",
    "django",
    "asgiref",
    "h11",
    "*.__call__",
)


def names(focus: str | Sequence[str], server: Server) -> tuple[str, ...]:
    """Return the dotted names in a focus.

    Args:
        focus: a key of `FOCUSES`, or the names themselves.
        server: the server that runs.

    Raises:
        RecordingError: there is no such focus.
    """
    if not isinstance(focus, str):
        return tuple(focus)
    ours = (*server.FOCUS, *server.TRANSPORT)
    known = {
        "path": (*ours, *FRAMEWORK, MODULE),
        "server": ours,
        "application": (MODULE, f"{MODULE}.__call__"),
        "everything": (*ours, *EVERYTHING, MODULE),
    }
    if focus not in known:
        raise RecordingError(f"no such focus: {focus!r}, only {', '.join(known)}")
    return known[focus]


def ranked(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the names, those that matter most first: the reader's own code."""
    own = tuple(each for each in names if each.lstrip("-").startswith(MODULE))
    return [own, names] if own else [names]
