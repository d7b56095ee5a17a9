"""The walkthroughs of the book, one file each.

A file here holds one `Scenario`, in a variable `scenario`: what is told, which
application runs, what the client does, and which calls the page speaks of.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

from ..errors import RecordingError
from ..focus import Focus
from ..servers.application import describe_error

SCOPES: Mapping[str, tuple[str, ...]] = {
    f"{server}.server.Server.create_application": ("scope[]",)
    for server in ("daphne", "minidaphne")
}
"""Where a scope has just been made: its entries are looked at in every recording."""

VALUES = (
    *("command", "path", "sql", "status", "status_text", "url", "version"),
    *("body", "bytes", "bytes_data", "chunk", "content", "data", "line", "text_data"),
    *("key", "name", "prefix", "subprotocol", "value"),
    *("code", "framing", "isBinary", "is_binary", "opcode", "payload", "reason"),
    *("event", "eventType", "message", "number", "phase"),
    *("channel", "group"),
    *("func", "request", "response", "sender", "view"),
    *("error", "exc", "exception", "wasClean"),
    *("delay", "length", "period", "seconds", "size"),
    *("backlog", "description", "interface"),
)
"""Names of arguments that carry what a reader follows: bytes, events, codes, times."""

WATCHED: Mapping[str, tuple[str, ...]] = {"*": VALUES, **SCOPES}
"""What is looked at in the book's recordings.

To show a value runs its `repr`.  That of a stranger's object may do anything, such as a
query, so for applications that are not the book's own only the scope is looked at.
"""


SITE: Mapping[str, object] = {
    "environment": {"DJANGO_SETTINGS_MODULE": "walkthroughs.scenarios.mysite.settings"}
}
"""Orders for the recorded process of the book's scenarios: the settings are those of the
example site, whatever the reader's environment names."""


@dataclass(frozen=True)
class Scenario:
    """One walkthrough.

    Args:
        name: as a listing names it, "http-get".
        story: one sentence that says what happens.
        application: the ASGI application, "module:name".
        client: given the port, talks to the server until the story is told.
        focus: server -> the dotted names in focus there; the application's own
            names stand in each.
        watch: dotted name, or "*" for every other one -> names of the arguments whose
            short repr is kept; with `[]` after it, that of each entry of a dict.
        background: what has to run around the server, such as a Redis.
        options: of the server, by the names that its own code has for them.
        patience: seconds to wait at the end for an application that still runs.
        process: more orders for the recorded process, see
            `walkthroughs.servers.child.Child`: how the application is found and what is
            done before it is served.
    """

    name: str
    story: str
    application: str
    client: Callable[[int], object]
    focus: Mapping[str, tuple[str, ...]]
    watch: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: WATCHED)
    background: Callable[[], AbstractContextManager[object]] = nullcontext
    options: Mapping[str, object] = field(default_factory=dict)
    patience: float = 0
    process: Mapping[str, object] = field(default_factory=dict)

    def focus_on(self, server: str) -> Focus:
        """Return the focus when `server` serves.

        Raises:
            RecordingError: the scenario says nothing of that server.
        """
        if server not in self.focus:
            raise RecordingError(
                f"scenario {self.name!r} does not run on {server!r}, "
                f"only on {', '.join(self.focus)}"
            )
        return Focus.of(self.focus[server])


def expect(holds: object, seen: object) -> None:
    """End a client if the server has not done what its scenario tells.

    pytest rewrites `assert`, so that a client with one would be other code there than in
    a build of the site, and each would have a recording of its own.

    Args:
        holds: whether it has.
        seen: what was seen instead.

    Raises:
        AssertionError: it has not.
    """
    if not holds:
        raise AssertionError(seen)


def names() -> tuple[str, ...]:
    """Return the names of the book's scenarios."""
    folder = str(Path(__file__).parent)
    modules = (each for each in pkgutil.iter_modules([folder]) if not each.ispkg)
    return tuple(module.name.replace("_", "-") for module in modules)


def load(name: str) -> Scenario:
    """Return the scenario of that name.

    Args:
        name: of one of the book's, or "module:variable" for one of your own.

    Raises:
        RecordingError: there is none.
    """
    if ":" in name:
        return _own(*name.split(":", 1))
    if name not in names():
        raise RecordingError(
            f"there is no scenario {name!r}: name one of your own as module:variable, or "
            f"one of the book's: {', '.join(names())}"
        )
    module = import_module(f".{name.replace('-', '_')}", __name__)
    scenario: Scenario = module.scenario
    return replace(scenario, process=SITE)


def _own(module: str, variable: str) -> Scenario:
    try:
        scenario = getattr(import_module(module), variable, None)
    except ModuleNotFoundError as error:
        raise RecordingError(
            f"scenario {module}:{variable}: {error}, neither in this folder nor installed"
        ) from error
    except Exception as error:
        # It is the reader's own code: whatever it raises, there is no scenario.
        raise RecordingError(
            f"scenario {module}:{variable}: {describe_error(error)}"
        ) from error
    if not isinstance(scenario, Scenario):
        raise RecordingError(
            f"{module}:{variable} is not a scenario: make one with walkthroughs.scenario()"
        )
    return scenario
