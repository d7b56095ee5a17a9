"""One recording of this process, from `start` to `stop`."""

from __future__ import annotations

import platform
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TextIO

from ..errors import RecordingError
from ..focus import Focus
from ..packages import owner
from ..trace import Function, Header, Lane, Package, Trace
from ..trace_json import json_lines
from . import monitoring, profile
from .asgi_wrapper import Application, wrap_application
from .build import TraceBuilder
from .event_log import EventLog
from .scheduling import Scheduling


def event_source() -> ModuleType:
    """Return the module that hears this interpreter's calls."""
    return monitoring if sys.version_info >= (3, 12) else profile


class Recorder:
    """Records this process.

    Args:
        focus: which calls to keep.
        watch: dotted name -> names of the arguments whose repr is kept; "*" for every
            other function that has them.
        loop_name: what the lane of the main thread's callbacks is called.
        max_events: how many events are kept; later ones are only counted.
        source: the module that hears calls, by default the interpreter's best.
        start_up: how many more events are kept for what comes before `begin`.
    """

    def __init__(
        self,
        focus: Focus,
        watch: Mapping[str, tuple[str, ...]] | None = None,
        loop_name: Literal["loop", "reactor"] = "loop",
        max_events: int = 1_000_000,
        source: ModuleType | None = None,
        start_up: int = 0,
    ) -> None:
        self._log = EventLog(focus, watch or {}, loop_name, start_up + max_events)
        self._start_up = start_up
        self._module = source or event_source()
        self._source = self._module.Source(self._log)
        self._scheduling = Scheduling(self._log)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins to record; a second call does nothing.

        Raises:
            RecordingError: other tools leave the recorder nothing to listen with.
        """
        with self._lock:
            if not self._log.recording:
                self._log.recording = True
                try:
                    self._source.start()
                except RecordingError:
                    self._log.recording = False
                    raise
                self._scheduling.start()

    def stop(self) -> None:
        """End the recording; do nothing the second time."""
        with self._lock:
            if self._log.recording:
                self._source.stop()
                self._scheduling.stop()
                self._log.recording = False

    def begin(self) -> None:
        """Says that start-up is over: from here on it takes no room from what comes."""
        self._log.skip(self._start_up)

    def settle(self, quiet: float = 0.1, at_most: float = 2.0) -> None:
        """Wait until nothing was recorded for `quiet` seconds, or `at_most` passed."""
        deadline = time.monotonic() + at_most
        before = -1
        while time.monotonic() < deadline and before != len(self._log.entries):
            before = len(self._log.entries)
            time.sleep(quiet)

    @property
    def event_count(self) -> int:
        """How many events there are so far: the number of the next one."""
        return len(self._log.entries)

    def wrap(self, application: Application, queues: Sequence[str] = ()) -> Application:
        """Return the application, with its ASGI events recorded.

        Args:
            application: the application.
            queues: what the server calls the queue of events behind `receive`.
        """
        return wrap_application(application, self._log, queues)

    def trace(self, scenario: str = "", server: str = "") -> Trace:
        """Return what was recorded up to now."""
        builder = TraceBuilder(self._log)
        head = self._head(builder, scenario, server)
        return Trace(*head, tuple(builder.events()))

    def write(
        self, stream: TextIO, scenario: str = "", server: str = "", **more: Any
    ) -> None:
        """Write what was recorded up to now, as `Trace.to_json` would, event by event.

        So the recording need not be there twice, as entries and as a trace.

        Args:
            stream: a text file that is open for writing.
            scenario: name of the walkthrough.
            server: name of the server that ran it.
            more: further fields of the header.
        """
        builder = TraceBuilder(self._log)
        header, lanes, functions = self._head(builder, scenario, server)
        header = replace(header, **more)
        stream.writelines(json_lines(header, lanes, functions, builder.events()))

    def _head(
        self, builder: TraceBuilder, scenario: str, server: str
    ) -> tuple[Header, tuple[Lane, ...], tuple[Function, ...]]:
        log = self._log
        header = Header(
            scenario=scenario,
            server=server,
            focus=log.focus.patterns,
            python=platform.python_version(),
            source=self._module.NAME,
            packages=_packages(log.focus.packages),
            dropped=log.dropped,
            warnings=tuple(self._warnings()),
        )
        return header, builder.lanes(), log.code_filter.functions

    def _warnings(self) -> Iterator[str]:
        """Yield what this recording could not see, a sentence each."""
        log = self._log
        if log.dropped:
            kept = len(log.entries)
            yield (
                f"The recording was full after {kept:,} events: the {log.dropped:,} "
                "that followed are missing."
            )
        for loop in sorted(
            {f"{each.__module__}.{each.__name__}" for each in log.unrecorded_loops}
        ):
            yield (
                f"The event loop is {loop}, whose scheduling cannot be recorded: tasks "
                "and callbacks run without a cause."
            )
        yield from self._source.warnings()


def _packages(names: frozenset[str]) -> tuple[Package, ...]:
    """Return the distributions that hold the given top-level packages."""
    found = set()
    for name in names:
        origin = _origin(name)
        if origin is not None:
            found.add(owner(name, origin))
    return tuple(sorted((each for each in found if each), key=lambda each: each.name))


def _origin(name: str) -> Path | None:
    try:
        spec = find_spec(name)
    except ValueError:
        return None  # a module that somebody made by hand
    return Path(spec.origin) if spec is not None and spec.origin is not None else None
