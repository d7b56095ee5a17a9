"""How to start each server under the recorder.

A server is a module here with:

* `LOOP`: what the lane of its main thread is called, "loop" or "reactor";
* `FOCUS`: the dotted names of its own code that a walkthrough speaks of;
* `TRANSPORT`: the dotted names, below it, where bytes go to the socket;
* `QUEUES`: the attributes in which whatever has `receive` keeps a queue of events;
* `MODULES`: what it is made of besides itself, to be imported before the recorder
  listens, where that takes much less time;
* `run(application, ready, **options)`: listens on a free port of loopback, calls `ready`
  with the port once it does, and serves in the main thread until the process or the
  server is told to end.

It imports its server inside `run`: import order matters to some of them, and the
process that asks for `LOOP` and `FOCUS` need not have the server installed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal, Protocol, cast

from ..errors import RecordingError

NAMES = ("daphne", "minidaphne", "uvicorn", "hypercorn", "granian")
"""The servers there are, in the order in which a page shows them."""


class Server(Protocol):
    """What a module of this package offers."""

    LOOP: Literal["loop", "reactor"]
    FOCUS: tuple[str, ...]
    TRANSPORT: tuple[str, ...]
    QUEUES: tuple[str, ...]
    MODULES: tuple[str, ...]

    @staticmethod
    def run(application: Any, ready: Callable[[int], None], **options: Any) -> None:
        """Serve until told to end; the options are the server's own."""


def load(name: str) -> Server:
    """Return the server of that name.

    Raises:
        RecordingError: there is none.
    """
    if name not in NAMES:
        raise RecordingError(
            f"there is no server {name!r}: the servers are {', '.join(NAMES)}"
        )
    return cast(Server, import_module(f".{name}", __name__))
