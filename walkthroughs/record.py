"""`record`: runs a scenario on a server, in a fresh interpreter, and gives the trace.

A recording is kept in a cache, under a key made of everything it depends on: the code
of the recorder, the scenarios and minidaphne, the interpreter, and the version of every
installed distribution.  So one run of the tests or of the site makes each recording
once, and a new version of anything makes it again.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from .errors import RecordingError, TraceError
from .scenarios import Scenario, load
from .servers.process import Process
from .servers.serving import free_port
from .trace import Trace

logger = logging.getLogger("walkthroughs")

START_LIMIT = 30.0
"""Seconds that a server may take to listen."""

STOP_LIMIT = 15.0
"""Seconds that it may take to come to rest and write its trace."""

MAX_EVENTS = 1_000_000
"""How many events a recording keeps, unless told."""

ORDERS: Mapping[str, object] = {
    "focus": None,
    "own": False,
    "watch": {},
    "max_events": MAX_EVENTS,
    "patience": 0,
    "options": {},
}
"""What the recorded process is told where nobody says otherwise."""

SOURCES = ("recorder", "servers", "scenarios", "clients.py", "focus.py", "trace.py")


@dataclass(frozen=True)
class Environment:
    """Where a server is recorded: an interpreter, and what is installed for it.

    Args:
        python: the interpreter.
        installed: what recordings depend on: its version, and those of all packages.
        variables: of the operating system, beside those of this process.
    """

    python: Path
    installed: str
    variables: Mapping[str, str] = field(default_factory=dict)


def record(
    scenario: Scenario | str,
    server: str,
    fresh: bool = False,
    environment: Environment | None = None,
) -> Trace:
    """The trace of a scenario on a server.

    Args:
        scenario: the scenario, or the name of one of the book's.
        server: name of the server, see `walkthroughs.servers`.
        fresh: whether to record even if the cache has it.
        environment: where to record it, by default here.

    Raises:
        RecordingError: there is no such scenario or server, the server did not start,
            or the client did not get what it expected; the text says which.
    """
    story = load(scenario) if isinstance(scenario, str) else scenario
    environment = environment or _here()
    path = _place(story, server, environment)
    if not fresh and path.exists():
        try:
            return Trace.from_json(path.read_text(encoding="utf-8"))
        except TraceError:
            logger.warning("the cached recording %s is damaged: made again", path.name)
    logger.info("recording %s on %s", story.name, server)
    text = _record(story, server, environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be making the same recording: each file appears whole.
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return Trace.from_json(text)


def is_recorded(scenario: str, server: str) -> bool:
    """Whether the cache has that recording of the book's.

    Raises:
        RecordingError: there is no such scenario or server.
    """
    return _place(load(scenario), server, _here()).exists()


def _place(story: Scenario, server: str, environment: Environment) -> Path:
    key = _key(story, server, environment)
    return cache_folder() / f"{story.name}-{server}-{key}.json"


def cache_folder() -> Path:
    """Where recordings are kept: `$WALKTHROUGHS_CACHE`, or `.cache/walkthroughs`."""
    return Path(os.environ.get("WALKTHROUGHS_CACHE") or ".cache/walkthroughs")


def _record(story: Scenario, server: str, environment: Environment) -> str:
    orders = {
        "scenario": story.name,
        "server": server,
        "application": story.application,
        "focus": story.focus_on(server).patterns,
        "watch": story.watch,
        "options": story.options,
        "patience": story.patience,
    }
    with story.background():
        seen = observe(orders, story.client, environment)
    if seen.error is not None:
        raise RecordingError(
            f"{story.name} on {server}: the client failed: {seen.error!r}"
        ) from seen.error
    return seen.json


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
    """

    json: str
    roles: Mapping[str, Sequence[str]]
    listening: int
    failures: Sequence[str]
    running: int
    printed: str
    error: Exception | None


def observe(
    orders: Mapping[str, object],
    client: Callable[[int], object],
    environment: Environment | None = None,
) -> Observation:
    """Starts a server in a fresh interpreter, lets the client talk to it, and looks on.

    Args:
        orders: see `walkthroughs.servers.child.Child`; what is left out is sensible.
        client: given the port, talks to the server.
        environment: where to do so, by default here.

    Raises:
        RecordingError: the server did not start, or ended before its time.
    """
    with (
        tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed,
    ):
        output, port = Path(folder) / "trace.json", free_port()
        whole = {**ORDERS, **orders, "port": port, "output": str(output)}
        where = environment or _here()
        with Process(whole, printed, where.python, where.variables) as process:
            ready = process.expect("ready", START_LIMIT)
            error = _drive(client, port)
            process.say("stop")
            patience = float(str(whole["patience"]))
            done = process.expect("done", STOP_LIMIT + patience)
            return Observation(
                json=output.read_text(encoding="utf-8"),
                roles=ready["roles"],
                listening=ready["so_far"],
                failures=done["failures"],
                running=done["running"],
                printed=process.printed(),
                error=error,
            )


def _drive(client: Callable[[int], object], port: int) -> Exception | None:
    try:
        client(port)
    except Exception as error:  # noqa: BLE001 - a client may raise anything
        return error
    return None


def _key(story: Scenario, server: str, environment: Environment) -> str:
    digest = hashlib.sha256(environment.installed.encode())
    orders = (story.name, story.story, story.application, server)
    looked = (story.focus_on(server).patterns, sorted(story.watch.items()))
    more = (sorted(story.options.items()), story.patience)
    digest.update(repr((orders, looked, more)).encode())
    for path in _sources(story, server):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _here() -> Environment:
    """The environment of this process."""
    installed = {f"{each.name}=={each.version}" for each in distributions()}
    return Environment(
        Path(sys.executable), repr((platform.python_version(), sorted(installed)))
    )


def _sources(story: Scenario, server: str) -> Iterator[Path]:
    here = Path(__file__).parent
    for name in SOURCES:
        yield from _python_files(here / name)
    # Installed packages are told apart by their versions; others by their text.
    for top in sorted({story.application.partition(".")[0].partition(":")[0], server}):
        spec = importlib.util.find_spec(top) if top != __package__ else None
        if spec is not None and spec.origin and "site-packages" not in spec.origin:
            path = Path(spec.origin)
            yield from _python_files(path.parent if path.stem == "__init__" else path)


def _python_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]
