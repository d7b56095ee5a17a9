"""One run of a server in a fresh interpreter, while a client talks to it."""

from __future__ import annotations

import functools
import logging
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, cast

from .environment import Environment, here
from .own_sources import Sources
from .servers.process import Process
from .trace import Trace
from .warm_up import without

logger = logging.getLogger("walkthroughs")

IMPORT_LIMIT = 300.0
"""Seconds that an application may take to be imported."""

START_LIMIT = 60.0
"""Seconds that a server, and the start-up code it runs, may take until it listens."""

STOP_LIMIT = 15.0
"""Seconds that it may take to come to rest."""

WRITE_LIMIT = 15.0
"""Seconds that it may take to write a small trace."""

WRITE_EVENT_LIMIT = 0.001
"""Seconds more for each event: about ten times what it takes."""

MANY_EVENTS = 50_000
"""How many events take longer than about a second to write and to read."""

MAX_EVENTS = 1_000_000
"""How many events a recording keeps, by default."""

ORDERS: Mapping[str, object] = {
    "focus": None,
    "own": False,
    "watch": {},
    "max_events": MAX_EVENTS,
    "patience": 0,
    "options": {},
    "factory": False,
    "app_dir": None,
    "environment": {},
    "set_up": None,
    "database": False,
    "warm_up": False,
}
"""The orders that the recorded process gets by default."""


@dataclass(frozen=True)
class Observation:
    """What was seen of one run of a server.

    Args:
        json: the trace, as JSON.
        roles: whose code ran: "server", "framework", "own", "rest" -> dotted names.
        listening: the number of the first event after the server began to listen.
        failures: what the application raised, a line each.
        running: how many calls of the application had not ended.
        printed: what the application and the server printed.
        error: what the client raised, None if it got what it wanted.
        sources: the code that ran and no installer put there; None if it was changed
            meanwhile.
        reasons: what the server does not do that may be why something failed.
    """

    json: str
    roles: Mapping[str, Sequence[str]]
    listening: int
    failures: Sequence[str]
    running: int
    printed: str
    error: Exception | None
    sources: Sources | None = None
    reasons: Sequence[str] = ()

    @functools.cached_property
    def trace(self) -> Trace:
        """The trace that the JSON holds."""
        return Trace.from_json(self.json)


def observe(
    orders: Mapping[str, object],
    client: Callable[[int], object],
    environment: Environment | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> Observation:
    """Start a server in a fresh interpreter, let the client talk to it, and record.

    Args:
        orders: see `walkthroughs.servers.child.Child`; what is left out is sensible.
        client: given the port, talks to the server.
        environment: where to do so, by default here.
        tell: is called with a line on what takes longer than a moment.

    Raises:
        RecordingError: the server did not start, or ended before its time.
    """
    where = environment or here()
    whole = {**ORDERS, **orders, "began": time.time()}
    # Some variables count only when the interpreter starts.
    variables = {**where.variables, **cast(Mapping[str, str], whole["environment"])}
    # Files without a name: however this process ends, none of them is left.
    with _unnamed() as output, _unnamed() as printed:
        with Process(whole, printed, output, where.python, variables) as process:
            process.expect("imported", IMPORT_LIMIT)
            ready = process.expect("ready", START_LIMIT)
            patience = float(str(whole["patience"]))
            error = warm = None
            if whole["warm_up"]:
                error = _drive(client, ready["port"])
                if error is None:
                    process.pause()
                    warm = process.expect("paused", STOP_LIMIT + patience)[
                        "event_count"
                    ]
            error = error or _drive(client, ready["port"])
            process.stop()
            writing = process.expect("writing", STOP_LIMIT + patience)
            events = writing["events"]
            logger.info("writing %d events", events)
            if events > MANY_EVENTS:
                tell(f"writing {events:,} events")
            limit = WRITE_LIMIT + WRITE_EVENT_LIMIT * events
            done = process.expect("done", limit)
        output.seek(0)
        recorded = output.read()
        if warm is not None:
            trace = without(Trace.from_json(recorded), ready["event_count"], warm)
            recorded = trace.to_json()
        return Observation(
            json=recorded,
            roles=ready["roles"],
            listening=ready["event_count"],
            failures=done["failures"],
            running=done["running"],
            printed=process.printed(),
            error=error,
            sources=Sources(**done["sources"]) if done["sources"] else None,
            reasons=done["reasons"],
        )


def _unnamed() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")


def _drive(client: Callable[[int], object], port: int) -> Exception | None:
    try:
        client(port)
    except Exception as error:  # noqa: BLE001 - a client may raise anything
        return error
    return None
