"""One recording of this process, from `start` to `stop`."""

from __future__ import annotations

import platform
import sys
import threading
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal

from ..focus import Focus
from ..packages import owner
from ..trace import Header, Package, Trace
from . import monitoring, profile
from .builder import Builder
from .door import Application, door
from .hops import Hops


def event_source() -> ModuleType:
    """The module that hears this interpreter's calls: `monitoring` from 3.12 on."""
    return monitoring if sys.version_info >= (3, 12) else profile


class Recorder:
    """Records this process.

    Args:
        focus: which calls to keep.
        watch: dotted name -> names of the arguments whose repr is kept.
        loop_name: what the lane of the main thread's callbacks is called.
        max_events: how many events are kept; later ones are only counted.
        source: the module that hears calls, by default the interpreter's best.
    """

    def __init__(
        self,
        focus: Focus,
        watch: Mapping[str, tuple[str, ...]] | None = None,
        loop_name: Literal["loop", "reactor"] = "loop",
        max_events: int = 1_000_000,
        source: ModuleType | None = None,
    ) -> None:
        self._builder = Builder(focus, watch or {}, loop_name, max_events)
        self._module = source or event_source()
        self._source = self._module.Source(self._builder)
        self._hops = Hops(self._builder)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins to record; a second call does nothing."""
        with self._lock:
            if not self._builder.recording:
                self._builder.recording = True
                self._hops.start()
                self._source.start()

    def stop(self) -> None:
        """Ends the recording; a second call does nothing."""
        with self._lock:
            if self._builder.recording:
                self._source.stop()
                self._hops.stop()
                self._builder.recording = False

    def settle(self, quiet: float = 0.1, at_most: float = 2.0) -> None:
        """Waits until nothing was recorded for `quiet` seconds, or `at_most` passed."""
        deadline = time.monotonic() + at_most
        before = -1
        while time.monotonic() < deadline and before != len(self._builder.events):
            before = len(self._builder.events)
            time.sleep(quiet)

    @property
    def so_far(self) -> int:
        """How many events there are so far: the number of the next one."""
        return len(self._builder.events)

    def door(self, application: Application) -> Application:
        """The application, with its ASGI events recorded."""
        return door(application, self._builder)

    def trace(self, scenario: str = "", server: str = "") -> Trace:
        """What was recorded up to now."""
        builder = self._builder
        return Trace(
            header=Header(
                scenario=scenario,
                server=server,
                focus=builder.focus.patterns,
                python=platform.python_version(),
                source=self._module.NAME,
                packages=_packages(builder.focus.packages),
                dropped=builder.dropped,
            ),
            lanes=builder.lanes,
            functions=tuple(builder.functions),
            events=tuple(builder.events),
        )


def _packages(names: frozenset[str]) -> tuple[Package, ...]:
    """The distributions that hold the given top-level packages."""
    found = set()
    for name in names:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            found.add(owner(name, Path(spec.origin)))
    return tuple(sorted((each for each in found if each), key=lambda each: each.name))
