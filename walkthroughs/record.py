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
import json
import logging
import os
import platform
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Self, TextIO

from .errors import RecordingError, TraceError
from .scenarios import Scenario, load
from .servers.serving import free_port
from .trace import Trace

logger = logging.getLogger("walkthroughs")

START_LIMIT = 30.0
"""Seconds that a server may take to listen."""

STOP_LIMIT = 15.0
"""Seconds that it may take to come to rest and write its trace."""

SOURCES = ("recorder", "servers", "scenarios", "clients.py", "focus.py", "trace.py")


def record(scenario: Scenario | str, server: str, fresh: bool = False) -> Trace:
    """The trace of a scenario on a server.

    Args:
        scenario: the scenario, or the name of one of the book's.
        server: name of the server, see `walkthroughs.servers`.
        fresh: whether to record even if the cache has it.

    Raises:
        RecordingError: there is no such scenario or server, the server did not start,
            or the client did not get what it expected; the text says which.
    """
    story = load(scenario) if isinstance(scenario, str) else scenario
    path = cache_folder() / f"{story.name}-{server}-{_key(story, server)}.json"
    if not fresh and path.exists():
        try:
            return Trace.from_json(path.read_text(encoding="utf-8"))
        except TraceError:
            logger.warning("the cached recording %s is damaged: made again", path.name)
    logger.info("recording %s on %s", story.name, server)
    text = _record(story, server)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be making the same recording: each file appears whole.
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return Trace.from_json(text)


def cache_folder() -> Path:
    """Where recordings are kept: `$WALKTHROUGHS_CACHE`, or `.cache/walkthroughs`."""
    return Path(os.environ.get("WALKTHROUGHS_CACHE") or ".cache/walkthroughs")


def _record(story: Scenario, server: str) -> str:
    with (
        tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        output = Path(folder) / "trace.json"
        port = free_port()
        orders: dict[str, object] = {
            "scenario": story.name,
            "server": server,
            "application": story.application,
            "focus": story.focus_on(server).patterns,
            "watch": story.watch,
            "port": port,
            "output": str(output),
        }
        with _Child(orders, errors) as child:
            child.expect("ready", START_LIMIT)
            _drive(story, server, port)
            child.say("stop")
            child.expect("done", STOP_LIMIT)
        return output.read_text(encoding="utf-8")


def _drive(story: Scenario, server: str, port: int) -> None:
    try:
        story.client(port)
    except Exception as error:
        raise RecordingError(
            f"{story.name} on {server}: the client failed: {error!r}"
        ) from error


class _Child:
    """The recorded process; leaving the `with` ends it, whatever happened."""

    def __init__(self, orders: dict[str, object], errors: TextIO) -> None:
        self._what = f"{orders['scenario']} on {orders['server']}"
        self._errors = errors
        self._process = subprocess.Popen(
            [sys.executable, "-m", "walkthroughs.servers.child", json.dumps(orders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def say(self, word: str) -> None:
        """Sends the child a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def expect(self, word: str, limit: float) -> None:
        """Waits for that line from the child.

        Raises:
            RecordingError: it ended, or `limit` seconds went by, without.
        """
        try:
            answer = self._answers.get(timeout=limit)
        except queue.Empty:
            raise RecordingError(
                f"{self._what}: the server did not say {word!r} within {limit:g} "
                f"seconds{self._last_words()}"
            ) from None
        if answer != word:
            self._process.wait()
            raise RecordingError(f"{self._what}: the server ended{self._last_words()}")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line.strip())
        self._answers.put("")

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return f": {lines[-1]}" if lines else ""


def _key(story: Scenario, server: str) -> str:
    digest = hashlib.sha256(_environment())
    orders = (story.name, story.application, server, story.focus_on(server).patterns)
    digest.update(repr((orders, sorted(story.watch.items()))).encode())
    for path in _sources(story, server):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _environment() -> bytes:
    installed = {f"{each.name}=={each.version}" for each in distributions()}
    return repr((platform.python_version(), sorted(installed))).encode()


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
