"""Deferreds, delayed calls and threads of Twisted are hops that say who wanted them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.selectreactor import SelectReactor

from tests.walkthroughs.recorder import random_reactions
from tests.walkthroughs.recorder import twisted_programs as programs
from tests.walkthroughs.recorder.compared import compare
from tests.walkthroughs.recorder.random_reactions import FOCUS, WATCH, Reacting, program
from tests.walkthroughs.recorder.test_recorder import starts
from tests.walkthroughs.recorder.witness import Witness
from walkthroughs.focus import Focus
from walkthroughs.recorder import Recorder
from walkthroughs.recorder import twisted as module
from walkthroughs.trace import Hop

HERE = programs.__name__

STORIES: dict[str, tuple[Callable[[Any], object], list[str]]] = {
    "a delayed call": (
        programs.calls_later,
        [
            "calls_later",
            "    another",
            "-> reactor (call_later by another)",
            "got",
            "-> reactor (call_later by calls_later)",
            "stops",
        ],
    ),
    "a Deferred that is fired later": (
        programs.fires_later,
        ["fires_later", "-> reactor (deferred by fires_later)", "got"],
    ),
    "a Deferred that is fired at once": (
        programs.fires,
        ["fires", "-> reactor (deferred by fires)", "    got"],
    ),
    "a Deferred that waits for a thread": (
        programs.defers_to_thread,
        [
            "defers_to_thread",
            "-> thread: executor (executor by defers_to_thread)",
            "slow",
            "-> reactor (deferred)",
            "got",
        ],
    ),
    "a call from a thread": (
        programs.calls_from_thread,
        [
            "calls_from_thread",
            "-> thread: executor (executor by calls_from_thread)",
            "in_thread",
            "-> reactor (call_from_thread by in_thread)",
            "stops",
        ],
    ),
    "a generator that waits for Deferreds": (
        programs.waits,
        ["waits", "-> reactor (deferred by waits)", "got", "    got"],
    ),
}


@pytest.fixture(params=["asyncio", "select"])
def reactor(request: pytest.FixtureRequest) -> Iterator[Any]:
    with new_reactor(request.param) as made:
        yield made


@contextmanager
def new_reactor(kind: str) -> Iterator[Any]:
    loop = asyncio.new_event_loop()
    made: Any = SelectReactor() if kind == "select" else AsyncioSelectorReactor(loop)
    yield made
    # The sockets by which it wakes itself live as long as a process, usually.
    for each in {*made.removeAll(), *made._internalReaders}:
        each.connectionLost(None)
    loop.close()


@pytest.mark.parametrize("story", STORIES)
def test_what_a_reactor_runs_says_who_wanted_it(story: str, reactor: Any) -> None:
    program, expected = STORIES[story]
    recorder = Recorder(Focus.of([HERE]), loop_name="reactor")
    recorder.start()
    try:
        reactor.callWhenRunning(program, reactor)
        reactor.run(installSignalHandlers=False)
    finally:
        recorder.stop()
    found = [each.replace(f"{HERE}.", "") for each in starts(recorder.trace())]
    assert [each for each in found if "(io" not in each] == expected


def test_which_timer_is_due_first_does_not_hang_on_the_machine(
    reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*args: Any) -> Any:
        time.sleep(0.03)
        # The class has it, for there it is listened to.
        return type(reactor).callLater(reactor, *args)

    monkeypatch.setattr(reactor, "callLater", late)
    test_what_a_reactor_runs_says_who_wanted_it("a delayed call", reactor)


def check(seed: int, kind: str) -> int:
    """Compares what was recorded with what was seen; how many hops there were."""
    witness = random_reactions.witness = Witness()
    recorder = Recorder(Focus.of(FOCUS), WATCH, loop_name="reactor")
    with new_reactor(kind) as reactor:
        recorder.start()
        try:
            main = Reacting(reactor).main
            reactor.callWhenRunning(main, program(seed))
            reactor.run(installSignalHandlers=False)
        finally:
            recorder.stop()
    trace = recorder.trace()
    compare(witness, trace)
    return sum(isinstance(event, Hop) for event in trace.events)


PROGRAMS = int(os.environ.get("RANDOM_PROGRAMS", "40"))
"""How many programs are run on each reactor."""


@pytest.mark.parametrize("kind", ["asyncio", "select"])
def test_each_hop_has_the_cause_that_was_seen(kind: str) -> None:
    assert sum(check(seed, kind) for seed in range(PROGRAMS)) > PROGRAMS


@pytest.mark.parametrize("kind", ["asyncio", "select"])
def test_a_road_that_is_not_heard_is_found_out(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORK", module.WORK[:1])
    with pytest.raises((AssertionError, KeyError)):  # noqa: PT012 - on any
        for seed in range(PROGRAMS):
            check(seed, kind)


def test_twisted_is_put_back_as_it_was() -> None:
    before = (ReactorBase.callLater, Deferred.callback)
    recorder = Recorder(Focus.of([HERE]), loop_name="reactor")
    recorder.start()
    assert ReactorBase.callLater is not before[0]
    assert Deferred.callback is not before[1]
    recorder.stop()
    assert (ReactorBase.callLater, Deferred.callback) == before
