"""Runs tests inside of Pyodide, and prints what became of them as JSON.

It has no sockets and no threads.  So an event loop has nothing to wait for but its
timers, and a test that starts a thread fails with the interpreter's own words.
"""

import asyncio
import json
import os
import selectors
import sys
import time
import types
from asyncio import events, runners
from asyncio.selector_events import BaseSelectorEventLoop
from typing import Any

import pytest

HOUSE = "/house"


class Idle(selectors._BaseSelectorImpl):
    """Waits until the next timer is due: no descriptor is ever ready."""

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Sleep for some seconds."""
        time.sleep(timeout or 0)
        return []


class Loop(BaseSelectorEventLoop):
    """asyncio's own loop, without the pipe by which a thread would wake it."""

    def __init__(self) -> None:
        super().__init__(Idle())

    def _make_self_pipe(self) -> None:
        self._ssock = self._csock = None

    def _close_self_pipe(self) -> None:
        """Close nothing."""

    def _write_to_self(self) -> None:
        """Wake nobody."""


class Outcomes:
    """Remembers what became of each test: "" for a test that passed."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the report of one phase of a test."""
        failed = report.longreprtext if report.failed else ""
        self.errors[report.nodeid] = self.errors.get(report.nodeid, "") or failed


def main(words: list[str]) -> None:
    """Run tests; print the version of Python, and what became of each test."""
    # Pyodide's own loop belongs to the page, and runs only while no Python does.
    events._set_running_loop(None)
    loops: Any = events
    loops.new_event_loop = Loop
    asyncio.run = runners.run
    # It has no build for WebAssembly; a module imports it by name.
    sys.modules["uvloop"] = types.ModuleType("uvloop")
    os.chdir(HOUSE)
    outcomes = Outcomes()
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:faulthandler",
        "-c",
        os.devnull,
    ]
    code = pytest.main([*options, "--rootdir", HOUSE, *words], plugins=[outcomes])
    print(json.dumps([sys.version, int(code), outcomes.errors]))


main(sys.argv[1:])
