"""`record`: runs a scenario on a server, in a fresh interpreter, and gives the trace.

A recording is kept in a cache, under a key made of all that is known of it beforehand:
the scenario, the code of its client and of this package that drives it, the interpreter,
and the version of every installed distribution.  With it is kept what is known only
afterwards: the files that the recorded process ran and no installer put there.  As long as
none of them has changed, the recording is taken from the cache.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import distributions
from pathlib import Path
from typing import IO, cast

from .errors import RecordingError, TraceError
from .kept import alone
from .packages import is_own
from .scenarios import Scenario, load
from .servers.process import Process
from .sources import Sources, description, digest, modules_of, texts
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

VARIABLES = ("PYTHON", "DJANGO_", "ASGI_")
"""How variables of the environment begin that the interpreter, Django and asgiref read."""


@dataclass(frozen=True)
class Environment:
    """Where a server is recorded: an interpreter, and what is installed for it.

    Args:
        python: the interpreter.
        installed: what recordings depend on: its version, and those of all packages.
        variables: of the operating system, beside those of this process.
        folders: where its packages lie, and hence their source; None for `sys.path`.
    """

    python: Path
    installed: str
    variables: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] | None = None


def record(
    scenario: Scenario | str,
    server: str,
    fresh: bool = False,
    environment: Environment | None = None,
) -> Trace:
    """Return the trace of a scenario on a server.

    Args:
        scenario: the scenario, or the name of one of the book's.
        server: name of the server, see `walkthroughs.servers`.
        fresh: whether to record it even if the cache has it.
        environment: where to record it, by default here.

    Raises:
        RecordingError: there is no such scenario or server, the server did not start,
            or the client did not get what it expected; the text says which.
    """
    story, modules = _story(scenario)
    environment = environment or _here()
    path = _place(story, modules, server, environment)
    kept = None if fresh else _read(path)
    if kept is not None:
        return kept
    with alone(path):
        kept = None if fresh else _read(path)  # another process may have made it
        return _make(path, story, server, environment) if kept is None else kept


def _make(path: Path, story: Scenario, server: str, environment: Environment) -> Trace:
    """Record a scenario on a server, and keep that if it can be kept."""
    logger.info("recording %s on %s", story.name, server)
    began = time.time()
    seen = _record(story, server, environment)
    if seen.sources is None:
        logger.info(
            "%s is not kept: code changed meanwhile, or cannot be read", path.name
        )
        path.unlink(missing_ok=True)
    else:
        _keep(path, {"began": began, "sources": asdict(seen.sources)}, seen.json)
    return seen.trace


def is_recorded(
    scenario: str, server: str, environment: Environment | None = None
) -> bool:
    """Whether the cache has that recording, and nothing that it depends on has changed.

    Raises:
        RecordingError: there is no such scenario or server.
    """
    story, modules = _story(scenario)
    return _is_kept(_place(story, modules, server, environment or _here()))


def _is_kept(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return _holds(file.readline())
    except OSError:
        return False


def digest_of(
    scenario: str, server: str, environment: Environment | None = None
) -> str:
    """Give a text that is another one when the recording is; it is made if need be.

    Returns:
        "" for a recording that is not kept, which may be another one each time.

    Raises:
        RecordingError: there is no such scenario or server, or it cannot be recorded.
    """
    story, modules = _story(scenario)
    path = _place(story, modules, server, environment or _here())
    if not _is_kept(path):
        record(scenario, server, environment=environment)
    try:
        return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        return ""


def installed() -> str:
    """Give the version of this Python and of all that is installed for it."""
    return _here().installed


def record_all_again() -> None:
    """From now on, take no recording from the cache that is older than this moment."""
    global _oldest
    _oldest = time.time()


_oldest = 0.0


def _story(scenario: Scenario | str) -> tuple[Scenario, set[str]]:
    """Return a scenario, and the modules that it is known to stand in."""
    if isinstance(scenario, str):
        module = scenario.partition(":")[0] if ":" in scenario else ""
        story = load(scenario)
        return story, {module, *modules_of(story)}
    return scenario, modules_of(scenario)


def _read(path: Path) -> Trace | None:
    """Read the recording in a file of the cache, if it is there and holds."""
    try:
        first, _, text = path.read_text(encoding="utf-8").partition("\n")
        return Trace.from_json(text) if _holds(first) else None
    except OSError:
        return None
    except TraceError:
        logger.warning("the cached recording %s is damaged: made again", path.name)
        return None


def _holds(line: str) -> bool:
    """Return whether what a recording depends on is unchanged.

    What it depends on is in the first line of its file.
    """
    try:
        head = json.loads(line)
        return head["began"] >= _oldest and Sources(**head["sources"]).unchanged()
    except (ValueError, TypeError, KeyError):
        return False


def _keep(path: Path, head: Mapping[str, object], text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be making the same recording: each file appears whole.
    beside, name = tempfile.mkstemp(prefix=path.stem, dir=path.parent)
    try:
        with open(beside, "w", encoding="utf-8") as file:
            file.write(f"{json.dumps(head)}\n{text}")
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _place(
    story: Scenario, modules: set[str], server: str, environment: Environment
) -> Path:
    key = _key(story, modules, server, environment)
    name = re.sub(r"[^\w-]+", "-", story.name)
    return cache_folder() / f"{name}-{server}-{key}.json"


def cache_folder() -> Path:
    """Where recordings are kept: `$WALKTHROUGHS_CACHE`, or `.cache/walkthroughs`."""
    return Path(os.environ.get("WALKTHROUGHS_CACHE") or ".cache/walkthroughs")


def _record(story: Scenario, server: str, environment: Environment) -> Observation:
    orders = {
        "scenario": story.name,
        "server": server,
        "application": story.application,
        "focus": story.focus_on(server).patterns,
        "watch": story.watch,
        "options": story.options,
        "patience": story.patience,
        **story.process,
    }
    with story.background():
        seen = observe(orders, story.client, environment)
    if seen.error is not None:
        raise RecordingError(
            f"{story.name} on {server}: the client failed: {seen.error!r}"
        ) from seen.error
    return seen


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
    where = environment or _here()
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


def _key(
    story: Scenario, modules: set[str], server: str, environment: Environment
) -> str:
    story.focus_on(server)  # which raises if the scenario does not run there
    driving = texts({__name__, *modules})
    set_by_scenario = cast(Mapping[str, str], story.process.get("environment", {}))
    everywhere = {**os.environ, **environment.variables, **set_by_scenario}
    variables = {
        name: value for name, value in everywhere.items() if name.startswith(VARIABLES)
    }
    depends_on = (
        (server, environment.installed, str(environment.python)),
        (sorted(variables.items()), sorted(driving.items()), description(story)),
        digest("manage.py"),  # which may say where the settings are
    )
    return hashlib.sha256(repr(depends_on).encode()).hexdigest()[:16]


def _here() -> Environment:
    """Return the environment of this process."""
    # A folder of installed distributions changes when one comes or goes.
    changes = tuple(
        (path, os.stat(path).st_mtime_ns)
        for path in sys.path
        if os.path.isdir(path) and not is_own(Path(path, "module.py"))
    )
    return Environment(Path(sys.executable), _installed(changes))


@functools.lru_cache(maxsize=1)
def _installed(changes: tuple[tuple[str, int], ...]) -> str:
    installed = {f"{each.name}=={each.version}" for each in distributions()}
    return repr((sys.version, sorted(installed)))
