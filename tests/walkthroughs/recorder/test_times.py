"""When something was scheduled and when it began, in recordings of small programs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from walkthroughs.focus import Focus
from walkthroughs.recorder import Recorder
from walkthroughs.recorder.event_log import EventLog
from walkthroughs.recorder.places import Origin, ThreadState
from walkthroughs.render.waits import Waits
from walkthroughs.trace import Call, Hop, Trace

LONG = 0.2
SHORT = LONG / 2
"""Seconds that the programs sleep: other work of the machine takes less than half of it."""


def busy() -> None:
    block()


def block() -> None:
    time.sleep(LONG)


async def blocks() -> None:
    busy()


async def waits() -> None:
    pass


async def behind() -> None:
    await asyncio.gather(
        asyncio.create_task(blocks(), name="blocks"),
        asyncio.create_task(waits(), name="waits"),
    )


async def sleeps() -> None:
    await asyncio.sleep(LONG)


async def in_thread() -> None:
    await asyncio.to_thread(busy)


async def by_timer() -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(LONG, ends, done)
    await done.wait()


def ends(done: asyncio.Event) -> None:
    done.set()


def record(program: Callable[[], Any]) -> Trace:
    recorder = Recorder(Focus.of([__name__]))
    recorder.start()
    try:
        asyncio.run(program())
    finally:
        recorder.stop()
    return recorder.trace("test", "none")


def hops(trace: Trace, how: str, name: str = "") -> list[Hop]:
    return [
        each
        for each in trace.events
        if isinstance(each, Hop)
        and each.how == how
        and trace.lanes[each.lane].name.startswith(name)
    ]


def seconds(nanoseconds: int) -> float:
    return nanoseconds / 1e9


@pytest.mark.parametrize("program", [behind, sleeps, in_thread, by_timer])
def test_a_hop_is_scheduled_then_begins_then_leaves_its_mark(
    program: Callable[[], Any],
) -> None:
    trace = record(program)
    found = [each for each in trace.events if isinstance(each, Hop)]
    assert found
    for hop in found:
        assert hop.scheduled is not None and hop.began is not None
        assert 0 <= hop.scheduled <= hop.began <= hop.time


def test_a_task_is_queued_behind_the_one_that_blocks_the_loop() -> None:
    trace = record(behind)
    (hop,) = hops(trace, "create_task", "waits")
    queued = Waits(trace).queued(hop)
    assert queued is not None and queued.behind is not None
    assert trace.lanes[queued.behind].name == "blocks"
    assert SHORT < seconds(queued.for_long) <= seconds(queued.waited)


def test_what_sleeps_is_suspended_and_not_queued() -> None:
    trace = record(sleeps)
    waits = Waits(trace)
    (hop,) = hops(trace, "wake")
    queued = waits.queued(hop)
    assert queued is None or seconds(queued.waited) < SHORT
    call = next(each for each in trace.events if isinstance(each, Call))
    (suspension,) = waits.suspensions(call.seq)
    assert seconds(suspension.waited) > SHORT
    assert suspension.hop is hop


def test_a_recorder_that_takes_the_first_link_of_a_chain_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = EventLog.origin

    def first_link(self: EventLog, state: ThreadState, how: str | None) -> Origin:
        origin, cause = real(self, state, how), state.pending
        chained = cause is not None and cause[3] is not None and state.task is None
        return (*origin[:3], cause[3]) if cause and chained else origin

    monkeypatch.setattr(EventLog, "origin", first_link)
    with pytest.raises(AssertionError):
        test_what_sleeps_is_suspended_and_not_queued()


def test_a_timer_is_not_queued_while_it_waits() -> None:
    trace = record(by_timer)
    (hop,) = hops(trace, "call_later")
    waits = Waits(trace)
    timer = waits.timer(hop)
    assert timer is not None and seconds(timer) > SHORT
    assert waits.queued(hop) is None


def test_threads_are_told_apart() -> None:
    trace = record(in_thread)
    threads = Waits(trace).threads
    labels = {trace.lanes[lane].label: number for lane, number in threads.items()}
    assert labels == {"task: in_thread": 0, "thread: executor": 1}
    (hop,) = hops(trace, "executor")
    queued = Waits(trace).queued(hop)
    assert queued is not None and queued.behind is None


def test_a_thread_that_blocks_runs_while_its_task_is_suspended() -> None:
    trace = record(in_thread)
    waits = Waits(trace)
    lanes = {lane.label: number for number, lane in enumerate(trace.lanes)}
    thread = waits.stretches(lanes["thread: executor"])
    task = waits.stretches(lanes["task: in_thread"])
    assert [each.state for each in thread] == ["queued", "running"]
    ran = thread[-1]
    assert seconds(ran.end - ran.start) > SHORT
    suspended = next(each for each in task if each.state == "suspended")
    assert suspended.end > ran.end
    assert seconds(suspended.end - max(suspended.start, ran.start)) > SHORT


def test_what_begins_before_the_first_recorded_call_counts_as_running() -> None:
    async def unrecorded() -> None:
        block()
        await waits()

    recorder = Recorder(Focus.of([f"{__name__}.waits"]))
    recorder.start()
    try:
        asyncio.run(unrecorded())
    finally:
        recorder.stop()
    trace = recorder.trace()
    (hop,) = hops(trace, "create_task")
    assert hop.began is not None
    assert seconds(hop.time - hop.began) > SHORT
    queued = Waits(trace).queued(hop)
    assert queued is None or seconds(queued.waited) < SHORT
    (run,) = Waits(trace).runs(hop.lane)
    assert seconds(run.end - run.start) > SHORT


def test_two_threads_have_two_numbers() -> None:
    recorder = Recorder(Focus.of([f"{__name__}.busy"]))
    recorder.start()
    try:
        threads = [threading.Thread(target=busy) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    finally:
        recorder.stop()
    assert {each.thread for each in hops(recorder.trace(), "thread")} == {0, 1}
