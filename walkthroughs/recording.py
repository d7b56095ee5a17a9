"""`record`: runs a scenario on a server, in a fresh interpreter, and gives the trace.

A recording is kept in a cache, under a key made of all that is known of it beforehand:
the scenario, the code of its client and of this package that drives it, the interpreter,
and the version of every installed distribution.  With it is kept what is known only
afterwards: the files that the recorded process ran and no installer put there.  As long as
none of them has changed, the recording is taken from the cache.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

from .build_memo import fresh_answers, remembered
from .environment import Environment, here
from .errors import RecordingError, TraceError
from .file_lock import alone
from .observation import Observation, observe
from .own_sources import Sources, digest, texts
from .scenarios import Scenario, load
from .trace import Trace
from .value_digest import description, modules_of

logger = logging.getLogger("walkthroughs")

VARIABLES = ("PYTHON", "DJANGO_", "ASGI_")
"""How variables of the environment begin that the interpreter, Django and asgiref read."""


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
    path = _place(story, modules, server, environment or here())
    kept = None if fresh else _read(path)
    if kept is not None:
        return kept
    with (
        fresh_answers()
    ):  # a build may have begun minutes ago, and what it remembers changed
        where = environment or here()
        path = _place(story, modules, server, where)
        with alone(path):
            kept = None if fresh else _read(path)  # another process may have made it
            return _make(path, story, server, where) if kept is None else kept


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
    return _is_kept(_place(story, modules, server, environment or here()))


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
    path = _place(story, modules, server, environment or here())
    if not _is_kept(path):
        record(scenario, server, environment=environment)
    try:
        return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        return ""


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


@remembered
def _texts(modules: frozenset[str]) -> dict[str, str]:
    return texts(modules)


def _key(
    story: Scenario, modules: set[str], server: str, environment: Environment
) -> str:
    story.focus_on(server)  # which raises if the scenario does not run there
    driving = _texts(frozenset({__name__, *modules}))
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
