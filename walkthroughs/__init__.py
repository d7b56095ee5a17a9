"""Record, check and show the code path of an ASGI application.

    from walkthroughs import record, scenario

    polls = scenario("polls", "mysite.asgi:application", "GET /polls/", focus=["polls"])
    trace = record(polls, "uvicorn")

What is here is the public interface; everything else may change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        FenceError,
        ListingError,
        Mismatch,
        RecordingError,
        TargetError,
        TraceError,
        WalkthroughError,
    )
    from .focus import Focus
    from .listing import check, parse
    from .listing.repair import repair
    from .recording import record
    from .scenarios import Scenario
    from .trace import Call, Exit, Hop, Lane, Message, Trace
    from .user_scenarios import scenario

    __version__: str

__all__ = [
    "Call",
    "Exit",
    "FenceError",
    "Focus",
    "Hop",
    "Lane",
    "ListingError",
    "Message",
    "Mismatch",
    "RecordingError",
    "Scenario",
    "TargetError",
    "Trace",
    "TraceError",
    "WalkthroughError",
    "__version__",
    "check",
    "parse",
    "record",
    "repair",
    "scenario",
]


_HOMES = {
    "errors": (
        "FenceError",
        "ListingError",
        "Mismatch",
        "RecordingError",
        "TargetError",
        "TraceError",
        "WalkthroughError",
    ),
    "focus": ("Focus",),
    "listing": ("check", "repair", "parse"),
    "recording": ("record",),
    "scenarios": ("Scenario",),
    "trace": ("Call", "Exit", "Hop", "Lane", "Message", "Trace"),
    "user_scenarios": ("scenario",),
}
"""Module -> the public names that it has."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for.

    The recorded process and the pytest plugin import this package before anything else,
    and must not bring in more than they need.

    Raises:
        AttributeError: there is no such name.
    """
    if name == "__version__":
        from importlib.metadata import version

        return version("inside-daphne")
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
