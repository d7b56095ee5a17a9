"""When lanes ran and waited, by traces made by hand: an event each microsecond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from walkthroughs.render import waits as waits_module
from walkthroughs.render.lane_runs import Run
from walkthroughs.render.sentences import plain
from walkthroughs.render.stretches import Stretch, filled
from walkthroughs.render.view import Arrival, Step, View
from walkthroughs.render.waiting import Waiting
from walkthroughs.render.waits import Queued, Waits
from walkthroughs.trace import Hop, Message, Trace

from .scenes import REACTOR, TASK, THREAD, Scene

MAIN, OTHER = 0, 1


def states(trace: Trace, lane: int) -> list[tuple[str, float, float]]:
    """The states of a lane, in microseconds."""
    return [
        (each.state, each.start / 1000, each.end / 1000)
        for each in Waits(trace).stretches(lane)
    ]


def hop_of(trace: Trace, seq: int) -> Hop:
    hop = trace.events[seq]
    assert isinstance(hop, Hop)
    return hop


def said(trace: Trace) -> dict[str, str]:
    """What is said of each step and arrival that waited, by name or lane."""
    view = View(trace, [step.seq for step in trace.steps])
    waiting = Waiting(view)
    found = {}
    for row in view.rows:
        if isinstance(row, Step):
            found[view.name(row)] = plain(waiting.step(row))
        elif isinstance(row, Arrival):
            found[view.lane(row).label] = plain(waiting.arrival(row))
    return {name: words for name, words in found.items() if words}


def awaited(how: str = "io") -> Scene:
    """An application awaits an event, which a callback of the reactor brings."""
    s = Scene()
    s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)  # 0
    app = s.call("made:app", TASK)  # 1
    s.exit(app, "suspend", 1)  # 2
    s.call("made:away", THREAD)  # 3
    s.hop(how, REACTOR, None, None, began=3_500, thread=MAIN)  # 4
    read = s.call("made:read", REACTOR)  # 5
    s.exit(read, "return", 1)  # 6
    s.hop("wake", TASK, REACTOR, read, scheduled=5_500, began=6_500, thread=MAIN)  # 7
    s.exit(app, "resume", 1)  # 8
    s.message("receive", "http.request", 0, waited=7_200)  # 9, asked at 1.8
    s.exit(app, "return", 2)  # 10
    return s


def test_a_lane_runs_from_the_beginning_of_a_callback_to_its_last_call() -> None:
    s = Scene()
    s.hop("io", REACTOR, None, None, began=0, thread=MAIN)
    first = s.call("made:first", REACTOR)
    s.exit(first, "return", 1)
    other = s.call("made:other", THREAD)
    s.exit(other, "return", 1)
    second = s.call("made:second", REACTOR)
    s.exit(second, "return", 1)
    # With no hop between them, both calls are of one callback.
    assert states(s.trace(), REACTOR) == [("running", 0, 6)]


def test_calls_with_another_callback_of_the_thread_between_them_are_of_two() -> None:
    s = Scene()
    s.hop("io", REACTOR, None, None, began=0, thread=MAIN)  # 0
    first = s.call("made:first", REACTOR)  # 1
    s.exit(first, "return", 1)  # 2
    s.hop(
        "create_task", TASK, REACTOR, first, scheduled=1_500, began=2_500, thread=MAIN
    )
    task = s.call("made:task", TASK)  # 4
    s.exit(task, "return", 1)  # 5
    second = s.call("made:second", REACTOR)  # 6
    s.exit(second, "return", 1)  # 7
    assert states(s.trace(), REACTOR) == [("running", 0, 2), ("running", 6, 7)]


def test_a_call_that_runs_the_loop_does_not_count_as_running() -> None:
    s = Scene()
    run = s.call("made:Server.run", REACTOR)  # 0
    start = s.call("made:start", REACTOR, 1)  # 1
    s.exit(start, "return", 1)  # 2
    s.hop("io", REACTOR, None, None, began=2_600, thread=MAIN)  # 3
    read = s.call("made:read", REACTOR, 1)  # 4
    s.exit(read, "return", 1)  # 5
    s.hop("io", REACTOR, None, None, began=5_900, thread=MAIN)  # 6
    again = s.call("made:read", REACTOR, 1)  # 7
    s.exit(again, "return", 1)  # 8
    s.exit(run, "return", 1)  # 9
    assert states(s.trace(), REACTOR) == [
        ("running", 0, 2),
        ("io", 2, 2.6),
        ("running", 2.6, 5),
        ("io", 5, 5.9),
        ("running", 5.9, 9),
    ]


def test_a_task_is_queued_suspended_and_waits_for_the_client() -> None:
    trace = awaited().trace()
    assert states(trace, TASK) == [
        ("running", 0, 2),
        ("client", 2, 3.5),
        ("suspended", 3.5, 5.5),
        ("queued", 5.5, 6.5),
        ("running", 6.5, 10),
    ]
    told = said(trace)
    assert told["made.app"] == (
        "Suspended for 4 µs: it awaited receive(); the loop found a socket ready after "
        "2 µs, and that woke it."
    )
    assert told["receive -> http.request"] == (
        "The application waited 7 µs for it; the loop found a socket ready after 2 µs, "
        "and that woke it."
    )


def test_what_no_io_has_led_to_is_not_said_to_come_from_the_client() -> None:
    trace = awaited("call_soon").trace()
    assert "client" not in [state for state, *_ in states(trace, TASK)]
    assert said(trace)["made.app"] == (
        "Suspended for 4 µs: it awaited receive(), until it was woken by made.read "
        "(step 3)."
    )


def test_what_another_callback_has_led_to_is_not_said_to_come_from_the_client() -> None:
    trace = awaited().trace()
    # It was scheduled after the callback's last recorded call: whose doing, is not known.
    late = replace(hop_of(trace, 7), scheduled=6_200)
    events = (*trace.events[:7], late, *trace.events[8:])
    states_then = states(replace(trace, events=events), TASK)
    assert "client" not in [state for state, *_ in states_then]


def test_a_check_that_asks_for_no_cause_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Careless(Waits):
        def _client(self, message: Message) -> Iterator[tuple[int, int]]:
            hop = self.woken(message)
            assert hop is not None and hop.scheduled is not None
            yield message.time - message.waited, hop.scheduled

    monkeypatch.setattr(waits_module, "Waits", Careless)
    monkeypatch.setitem(globals(), "Waits", Careless)
    for check in (
        test_what_no_io_has_led_to_is_not_said_to_come_from_the_client,
        test_what_another_callback_has_led_to_is_not_said_to_come_from_the_client,
    ):
        with pytest.raises(AssertionError):
            check()


def test_a_task_without_recorded_calls_is_suspended_while_it_awaits_an_event() -> None:
    s = Scene()
    s.hop("io", REACTOR, None, None, began=0, thread=MAIN)  # 0
    read = s.call("made:read", REACTOR)  # 1
    s.exit(read, "return", 1)  # 2
    s.hop("wake", TASK, REACTOR, read, scheduled=1_500, began=2_500, thread=MAIN)  # 3
    s.message("receive", "http.request", 0, waited=3_500)  # 4, asked at 0.5
    assert states(s.trace(), TASK) == [
        ("suspended", 0.5, 1.5),
        ("queued", 1.5, 2.5),
        ("running", 2.5, 4),
    ]


def test_what_is_queued_says_behind_what() -> None:
    s = Scene()
    s.hop("io", REACTOR, None, None, began=0, thread=MAIN)  # 0
    make = s.call("made:make", REACTOR)  # 1
    s.call("made:away", THREAD)  # 2
    s.exit(make, "return", 1)  # 3
    hop = s.hop(
        "create_task", TASK, REACTOR, make, scheduled=1_000, began=3_500, thread=MAIN
    )
    s.call("made:app", TASK)  # 5
    trace = s.trace()
    assert Waits(trace).queued(hop_of(trace, hop)) == Queued(
        1_000, 3_500, REACTOR, 2_000
    )
    assert said(trace)["task: application"] == (
        "Queued for 2 µs, 2 µs of it behind the reactor, which had scheduled it."
    )


def test_what_ran_in_another_thread_is_in_nobodys_way() -> None:
    s = Scene()
    s.hop("executor", THREAD, TASK, None, scheduled=0, began=0, thread=OTHER)
    work = s.call("made:work", THREAD)
    s.call("made:more", THREAD)
    s.exit(work, "return", 1)
    s.hop("wake", TASK, THREAD, work, scheduled=1_000, began=4_000, thread=MAIN)
    s.call("made:app", TASK)
    assert said(s.trace())["task: application"] == (
        "Queued for 3 µs, behind no recorded call."
    )


def test_a_thread_is_begun_by_whoever_is_free() -> None:
    s = Scene()
    for _ in range(3):
        s.call("made:away", REACTOR)
    s.hop("executor", THREAD, TASK, None, scheduled=0, began=3_000, thread=OTHER)
    s.call("made:work", THREAD)
    assert said(s.trace())["thread: executor"] == (
        "Queued for 3 µs until a thread began it."
    )


def test_a_timer_is_not_queued() -> None:
    s = Scene()
    s.hop("call_later", REACTOR, REACTOR, None, scheduled=-5_000, began=0, thread=MAIN)
    s.call("made:later", REACTOR)
    trace = s.trace()
    assert Waits(trace).queued(hop_of(trace, 0)) is None
    assert said(trace)["reactor"] == "Run by a timer, 5 µs after that was set."


def test_a_task_that_schedules_itself_is_queued_once_it_has_stepped_aside() -> None:
    s = Scene()
    s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)
    app = s.call("made:app", TASK)  # 1
    s.exit(app, "suspend", 1)  # 2
    s.call("made:away", THREAD)  # 3
    s.hop("wake", TASK, TASK, app, scheduled=1_500, began=3_500, thread=MAIN)  # 4
    s.exit(app, "resume", 1)  # 5
    s.exit(app, "return", 1)  # 6
    assert states(s.trace(), TASK) == [
        ("running", 0, 2),
        ("queued", 2, 3.5),
        ("running", 3.5, 6),
    ]


def test_a_generator_that_gives_a_value_is_not_suspended() -> None:
    s = Scene()
    s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)
    numbers = s.call("made:numbers", TASK)
    s.exit(numbers, "suspend", 1)
    s.exit(numbers, "resume", 1)
    s.exit(numbers, "return", 1)
    trace = s.trace()
    assert states(trace, TASK) == [("running", 0, 4)]
    assert "made.numbers" not in said(trace)


def test_a_send_steps_aside_with_the_call_that_it_made() -> None:
    s = Scene()
    s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)
    sent = s.message("send", "http.response.body", None)  # 1
    drain = s.call("made:drain", TASK)  # 2
    s.exit(drain, "suspend", 1)  # 3
    s.call("made:away", THREAD)  # 4
    s.hop("wake", TASK, REACTOR, None, scheduled=4_500, began=4_800, thread=MAIN)  # 5
    s.exit(drain, "resume", 1)  # 6
    s.exit(drain, "return", 1)  # 7
    s.exit(sent, "return")  # 8
    assert states(s.trace(), TASK)[:3] == [
        ("running", 0, 3),
        ("suspended", 3, 4.5),
        ("queued", 4.5, 4.8),
    ]


def test_what_is_suspended_several_times_tells_of_the_longest() -> None:
    s = Scene()
    s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)
    app = s.call("made:app", TASK)
    work = s.call("made:work", THREAD)
    for away in (1, 3):
        s.exit(app, "suspend", 1)
        for _ in range(away):
            s.exit(s.call("made:away", THREAD), "return", 1)
        at = len(s.events) * 1000
        s.hop("wake", TASK, THREAD, work, scheduled=at, began=at, thread=MAIN)
        s.exit(app, "resume", 1)
    assert said(s.trace())["made.app"] == (
        "Suspended for 10 µs in 2 pauses; the longest lasted 7 µs, until it was woken by "
        "made.work (step 2)."
    )


def test_a_recording_that_has_no_such_times_tells_what_it_can() -> None:
    trace = awaited().trace()
    old = tuple(
        replace(each, scheduled=None, began=None, thread=None)
        if isinstance(each, Hop)
        else each
        for each in trace.events
    )
    assert states(replace(trace, events=old), TASK) == [
        ("running", 0, 2),
        ("suspended", 2, 7),
        ("running", 7, 10),
    ]


def test_what_waits_for_many_is_told_how_many() -> None:
    s = Scene()
    s.hop("io", REACTOR, None, None, began=0, thread=MAIN)
    make = s.call("made:make", REACTOR)
    s.exit(make, "return", 1)
    for _ in range(waits_module.MANY + 1):
        at = len(s.events) * 1000
        s.hop("call_soon", REACTOR, REACTOR, make, scheduled=at, began=at, thread=MAIN)
        s.exit(s.call("made:other", REACTOR), "return", 1)
    at = len(s.events) * 1000
    s.hop("create_task", TASK, REACTOR, make, scheduled=1_500, began=at, thread=MAIN)
    s.call("made:app", TASK)
    assert said(s.trace())["task: application"].endswith(
        f"while its thread ran other callbacks {waits_module.MANY + 1} times."
    )


def test_work_is_queued_behind_other_work_of_the_only_thread() -> None:
    s = Scene()
    s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)  # 0
    app = s.call("made:app", TASK)  # 1
    s.hop("executor", THREAD, TASK, app, scheduled=1_500, began=1_800, thread=OTHER)
    first = s.call("made:first", THREAD)  # 3
    for _ in range(48):
        s.call("made:more", TASK)
    s.exit(first, "return", 1)  # 52
    hop = s.hop(
        "executor", THREAD, TASK, app, scheduled=2_000, began=52_500, thread=OTHER
    )
    s.call("made:second", THREAD)  # 54
    trace = s.trace()
    assert Waits(trace).queued(hop_of(trace, hop)) == Queued(
        2_000, 52_500, THREAD, 50_000
    )
    assert said(trace)["thread: executor"] == (
        "Queued for 50 µs behind other work in the thread executor."
    )


def test_a_thread_waits_for_the_callback_that_blocks_the_loop() -> None:
    s = Scene()
    s.hop("executor", THREAD, TASK, None, scheduled=0, began=0, thread=OTHER)  # 0
    work = s.call("made:work", THREAD)  # 1
    s.hop("io", REACTOR, None, None, began=2_000, thread=MAIN)  # 2
    read = s.call("made:read", REACTOR)  # 3
    for _ in range(18):
        s.call("made:more", THREAD)
    s.exit(read, "return", 1)  # 22
    hop = s.hop(
        "call_from_thread",
        REACTOR,
        THREAD,
        work,
        scheduled=3_000,
        began=23_500,
        thread=MAIN,
    )
    s.call("made:asked", REACTOR)
    trace = s.trace()
    assert Waits(trace).queued(hop_of(trace, hop)) == Queued(
        3_000, 23_500, REACTOR, 19_000
    )


def test_a_callback_is_queued_behind_others_of_its_lane() -> None:
    s = Scene()
    s.hop("executor", THREAD, TASK, None, scheduled=0, began=0, thread=OTHER)  # 0
    work = s.call("made:work", THREAD)  # 1
    s.hop("io", REACTOR, None, None, began=2_000, thread=MAIN)  # 2
    read = s.call("made:read", REACTOR)  # 3
    for _ in range(20):
        s.call("made:more", THREAD)
    s.exit(read, "return", 1)  # 24
    # It was scheduled before the other callback began.
    s.hop(
        "call_from_thread",
        REACTOR,
        THREAD,
        work,
        scheduled=1_900,
        began=24_000,
        thread=MAIN,
    )
    s.call("made:asked", REACTOR)
    assert said(s.trace())["reactor"] == (
        "Queued for 22 µs behind other work in the reactor."
    )


def test_what_ran_in_a_thread_that_is_not_known_is_not_denied() -> None:
    def told(scheduled: int, **thread: int) -> str:
        s = Scene()
        # No hop leads to that call.
        s.exit(s.call("made:outside", REACTOR), "return", 1)
        s.exit(s.call("made:outside", REACTOR), "return", 1)
        s.hop("wake", TASK, None, None, scheduled=scheduled, began=4_000, **thread)
        s.call("made:app", TASK)
        return said(s.trace())["task: application"]

    assert told(0, thread=MAIN) == "Queued for 4 µs."
    assert told(3_000, thread=MAIN) == "Queued for 1 µs, behind no recorded call."
    assert told(3_000) == "Queued for 1 µs."


def test_a_suspension_ends_when_its_task_is_scheduled() -> None:
    def told(how: str, **when: int) -> str:
        s = Scene()
        s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)
        app = s.call("made:app", TASK)  # 1
        s.exit(app, "suspend", 1)  # 2
        read = s.call("made:read", THREAD)  # 3
        for _ in range(22):
            s.call("made:more", THREAD)
        s.hop(how, TASK, THREAD, read, thread=MAIN, **when)  # 26
        s.exit(app, "resume", 1)  # 27
        return said(s.trace())["made.app"].split(",")[0]

    assert told("wake", scheduled=5_000, began=25_500) == "Suspended for 3 µs"
    # A timer is set long before it wakes a task, and I/O is not scheduled.
    assert told("call_later", scheduled=1_500, began=25_000) == "Suspended for 23 µs"
    assert told("io", began=25_000) == "Suspended for 23 µs"
    assert told("wake") == "Suspended for 25 µs"


def loop_runner() -> Scene:
    """A call of the reactor runs the loop, and all else is in tasks."""
    s = Scene()
    s.hop("call_soon", REACTOR, None, None, scheduled=0, began=0, thread=MAIN)  # 0
    s.call("made:Server.run", REACTOR)  # 1
    for _ in range(3):
        at = len(s.events) * 1000
        s.hop("wake", TASK, None, None, scheduled=at - 900, began=at - 100, thread=MAIN)
        s.exit(s.call("made:app", TASK), "return", 1)
    return s


def test_a_call_that_runs_the_loop_is_in_nobodys_way() -> None:
    s = loop_runner()
    run = 1
    late = s.hop(
        "wake", TASK, None, None, scheduled=11_000, began=14_000, thread=MAIN
    )  # 11
    s.exit(s.call("made:app", TASK), "return", 1)  # 12, 13
    trace = s.trace()
    assert Waits(trace).queued(hop_of(trace, late)) == Queued(11_000, 14_000)
    assert [state[:2] for state in states(trace, REACTOR)] == [("running", 0)]
    assert states(trace, REACTOR)[0][2] == 1
    # It is the same if the call ends in the recording.
    s.exit(run, "return", 1)  # 14
    ended = [each for each in states(s.trace(), REACTOR) if each[0] == "running"]
    assert ended == [("running", 0, 1), ("running", 14, 14)]


def test_a_callback_goes_on_after_a_task_that_was_begun_at_once() -> None:
    s = Scene()
    s.hop("io", REACTOR, None, None, began=0, thread=MAIN)  # 0
    read = s.call("made:read", REACTOR)  # 1
    s.hop("create_task", TASK, REACTOR, read, scheduled=1_500, began=1_500, thread=MAIN)
    s.exit(s.call("made:app", TASK), "return", 1)  # 3, 4
    s.hop("return", REACTOR, TASK, None, thread=MAIN)  # 5
    s.exit(read, "return", 1)  # 6
    assert states(s.trace(), REACTOR) == [("running", 0, 6)]


def test_an_open_call_of_a_thread_that_is_not_known_does_not_run_to_the_end() -> None:
    s = Scene()
    s.call("made:Server.run", REACTOR)  # 0
    s.exit(s.call("made:start", REACTOR), "return", 1)  # 1, 2
    s.hop("wake", TASK, None, None, scheduled=0, began=3_000, thread=MAIN)  # 3
    s.call("made:app", TASK)  # 4
    assert states(s.trace(), REACTOR) == [("running", 0, 2)]


class Counted(list[tuple[int, Run]]):
    """Counts how often an entry is looked at."""

    looks = 0

    def __getitem__(self, at: Any) -> Any:
        self.looks += 1
        return super().__getitem__(at)


def test_the_work_grows_as_the_recording_does() -> None:
    def looks(count: int) -> int:
        s = Scene()
        s.hop("io", REACTOR, None, None, began=0, thread=MAIN)
        outer = s.call("made:outer", REACTOR)
        for _ in range(count):
            at = len(s.events) * 1000
            s.hop("wake", TASK, None, None, scheduled=at - 900, began=at, thread=MAIN)
            s.exit(s.call("made:app", TASK), "return", 1)
        s.hop("return", REACTOR, TASK, None, thread=MAIN)
        s.exit(outer, "return", 1)
        trace = s.trace()
        waits = Waits(trace)
        runs = Counted(waits._in_thread[MAIN])
        waits.__dict__["_in_thread"] = {MAIN: runs}
        for event in trace.events:
            if isinstance(event, Hop):
                waits.queued(event)
        return runs.looks

    assert 0 < looks(800) < 3 * looks(400)


@pytest.mark.parametrize("type", ["lifespan.shutdown", "made.up"])
def test_what_no_connection_brings_does_not_wait_for_the_client(type: str) -> None:
    trace = awaited().trace()
    message = trace.events[9]
    assert isinstance(message, Message)
    other = replace(message, type=type)
    events = (*trace.events[:9], other, *trace.events[10:])
    assert Waits(trace).client(message) > 0
    assert Waits(replace(trace, events=events)).client(other) == 0


def consumed(line: int | None = 5, *, sends: bool = False) -> str:
    """Say of a step in line 5 that it stepped aside before its caller, in some line."""
    s = Scene()
    s.hop("create_task", TASK, REACTOR, None, scheduled=0, began=0, thread=MAIN)
    app = s.call("made:app", TASK)
    numbers = s.call("made:numbers", TASK, 5)
    s.exit(numbers, "suspend", 1)
    if sends:
        s.exit(s.call("made:use", TASK, 6), "return", 1)
    s.exit(app, "suspend", line)
    for _ in range(3):
        s.call("made:more", THREAD)
    at = len(s.events) * 1000
    s.hop("wake", TASK, THREAD, None, scheduled=at, began=at, thread=MAIN)
    s.exit(app, "resume", line)
    s.exit(numbers, "resume", 1)
    return said(s.trace())["made.numbers"]


def test_a_generator_is_not_woken_by_what_wakes_its_caller() -> None:
    assert consumed() == "Suspended for 5 µs, until it was woken from thread: executor."
    assert consumed(7) == "Suspended for 7 µs."
    assert consumed(sends=True) == "Suspended for 9 µs."


def test_stretches_do_not_overlap() -> None:
    known = [Stretch("running", 0, 2), Stretch("running", 4, 6)]
    assert filled(known, [("queued", 1, 5), ("suspended", 3, 9)]) == [
        Stretch("running", 0, 2),
        Stretch("queued", 2, 4),
        Stretch("running", 4, 6),
        Stretch("suspended", 6, 9),
    ]
