"""What servers leave out or hide, said where somebody may miss it."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

NO_LIFESPAN = ("daphne",)
"""The servers that do not tell an application that they start and end."""

UNSEEN: Mapping[str, str] = {
    "granian": "granian reads, parses and writes HTTP and WebSockets in Rust: none of "
    "its own steps can be recorded, only what it has Python do; Python calls its "
    "threads Dummy",
}
"""Server -> what no recording of it has, in a sentence."""

KEYS = frozenset(
    {
        *("asgi", "client", "extensions", "headers", "http_version", "method", "path"),
        *("query_string", "raw_path", "root_path", "scheme", "server", "state"),
        "subprotocols",
    }
)
"""What the specification knows in the scope of a request or a WebSocket."""

_START_UP = re.compile(
    r"lifespan\.startup|\blifespan\s*=|\bon_startup\b|on_event\(.startup|"
    r"\bbefore_serving\b|\b(?:before|after)_server_start\b"
)
"""How code that runs at start-up is written, in the frameworks there are."""


def missing(
    server: str, scope: MutableMapping[str, Any], error: BaseException
) -> str | None:
    """Name what the server leaves out of a scope, if an application raised for it."""
    if not isinstance(error, KeyError) or not error.args:
        return None
    key = error.args[0]
    if not isinstance(key, str) or key not in KEYS or key in scope:
        return None
    kind = {"http": "HTTP", "websocket": "WebSocket"}.get(scope["type"], scope["type"])
    return f"{server}'s {kind} scope has no {key!r}"


def unoffered(
    scope: MutableMapping[str, Any], message: MutableMapping[str, Any]
) -> str | None:
    """Say what is wrong with an accepted WebSocket, if the server does not say it."""
    chosen = message.get("subprotocol")
    if message["type"] != "websocket.accept" or chosen is None:
        return None
    if chosen in scope.get("subprotocols", ()):
        return None
    return (
        f"the application chose the subprotocol {chosen!r}, which the client did not "
        f"offer: add --subprotocol {chosen}"
    )


def without_uvloop(loop: str) -> str | None:
    """Say that the application may need another event loop than it was given.

    Args:
        loop: the name of the loop that it was given.
    """
    if loop == "uvloop" or "uvloop" not in sys.modules:
        return None
    return (
        "the application imports uvloop, but was recorded on asyncio's event loop: "
        "if it insists on uvloop, add --loop uvloop"
    )


def raiser(error: BaseException) -> str:
    """Name the module in which an exception was raised."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", ""))


def without_lifespan(
    server: str, own: Sequence[str], raisers: Iterable[str] = ()
) -> str | None:
    """Say what an application may miss on a server that runs no lifespan.

    Args:
        server: its name.
        own: dotted names of the application's own modules and packages.
        raisers: names of the modules in which an exception was raised.
    """
    if server not in NO_LIFESPAN:
        return None
    if (where := next(_start_up(own), None)) is not None:
        return f"{server} runs no lifespan, so the start-up code in {where} did not run"
    # A framework may need its start-up even if the application has none to add.
    for package in sorted({each.partition(".")[0] for each in raisers}):
        if next(_start_up([package]), None) is not None:
            return f"{server} runs no lifespan, so {package} was not started"
    return None


def _start_up(own: Sequence[str]) -> Iterator[str]:
    """Yield the files of some modules and packages that say what to do at start-up."""
    for name, module in sorted(sys.modules.items()):
        if not any(f"{name}.".startswith(f"{each}.") for each in own):
            continue
        path = Path(getattr(module, "__file__", None) or "")
        if path.suffix == ".py" and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if _START_UP.search(text):
                yield "/".join(path.parts[-2:])
