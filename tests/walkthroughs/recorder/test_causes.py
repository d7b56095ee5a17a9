"""Each hop of random programs has the cause that a plain instrumented loop saw.

A larger number of programs is run by hand, with the environment variable
`RANDOM_PROGRAMS`.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from typing import Any

import pytest

from tests.walkthroughs.recorder import random_programs
from tests.walkthroughs.recorder.compared import compare
from tests.walkthroughs.recorder.random_programs import FOCUS, WATCH, Running, program
from tests.walkthroughs.recorder.witness import Witness, WitnessLoop
from walkthroughs.focus import Focus
from walkthroughs.recorder import Recorder, event_log, places, scheduling
from walkthroughs.recorder.event_log import EventLog
from walkthroughs.recorder.places import IO, Origin, Place, ThreadState
from walkthroughs.trace import Hop, Trace

PROGRAMS = int(os.environ.get("RANDOM_PROGRAMS", "100"))
"""How many programs each test runs."""

EAGER = sys.version_info >= (3, 12)
"""Whether this Python can begin tasks at once."""


def run(seed: int, eager: bool) -> tuple[Witness, Running, Trace]:
    """Records a program."""
    witness = random_programs.witness = Witness()
    recorder = Recorder(Focus.of(FOCUS), WATCH)
    with witness.watching():
        recorder.start()
        loop = WitnessLoop(witness)
        if eager:
            loop.set_task_factory(vars(asyncio)["eager_task_factory"])
        running = Running(loop)
        try:
            loop.run_until_complete(running.main(program(seed)))
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            recorder.stop()
            loop.close()
    return witness, running, recorder.trace()


def check(seed: int, eager: bool = False) -> int:
    """Compares what was recorded with what was seen; how many hops there were."""
    witness, running, trace = run(seed, eager)
    lanes = compare(witness, trace)
    for task, name in running.names.items():
        if task in lanes.lane:
            assert trace.lanes[lanes.lane[task] or 0].label == f"task: {name}"
    return sum(isinstance(event, Hop) for event in trace.events)


@pytest.mark.parametrize("eager", [False, True] if EAGER else [False])
def test_each_hop_has_the_cause_that_was_seen(eager: bool) -> None:
    assert sum(check(seed, eager) for seed in range(PROGRAMS)) > PROGRAMS


def chained_through_tasks(
    self: EventLog, state: ThreadState, how: str | None
) -> Origin:
    self.locate(state)
    if state.pending is None or state.pending is IO:
        return state.place.origin(how, self.open)
    return (how, *state.pending[1:])


class ByNumber:
    """What is known of a thread, kept by a number that the system uses again."""

    def __init__(self) -> None:
        self.known: dict[int, ThreadState] = {}

    @property
    def state(self) -> ThreadState:
        return self.known.setdefault(threading.get_ident(), ThreadState())


Break = tuple[Any, str, Any]

BREAKS: dict[str, Break] = {
    "the first hop of a task is its creation": (
        scheduling,
        "is_step",
        lambda callback: hasattr(callback, "__self__"),
    ),
    "no hop is": (scheduling, "is_step", lambda callback: False),
    "a task is passed over": (EventLog, "origin", chained_through_tasks),
    "threads are known by number": (event_log, "Threads", ByNumber),
    "tasks have no names": (places, "_UNNAMED", re.compile(".*")),
    "all steps are forgotten": (
        Place,
        "origin",
        lambda self, how, _: (how, self, None, None),
    ),
}


if EAGER:
    BREAKS["nobody comes back"] = (EventLog, "task_made", lambda self, state: None)


@pytest.mark.parametrize("name", BREAKS)
def test_a_recorder_that_errs_is_found_out(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*BREAKS[name])
    with pytest.raises(AssertionError):  # noqa: PT012 - on any of them
        for seed in range(PROGRAMS):
            check(seed, eager=name == "nobody comes back")
