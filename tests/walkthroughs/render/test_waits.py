"""When lanes ran and waited, by traces made by hand: an event each microsecond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from walkthroughs.render import waits as waits_module
from walkthroughs.render.sentences import plain
from walkthroughs.render.view import Arrival, Step, View
from walkthroughs.render.waiting import Waiting
from walkthroughs.render.waits import Queued, Stretch, Waits
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
        "Suspended for 6 µs: it awaited receive(); what led to it came from the client "
        "after 2 µs."
    )
    assert told["receive -> http.request"] == (
        "The application waited 7 µs for it; what led to it came from the client after "
        "2 µs."
    )


def test_what_no_io_has_led_to_is_not_said_to_come_from_the_client() -> None:
    trace = awaited("call_soon").trace()
    assert "client" not in [state for state, *_ in states(trace, TASK)]
    assert said(trace)["made.app"] == (
        "Suspended for 6 µs: it awaited receive(), until it was woken by made.read "
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
    s.call("made:away", REACTOR)
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
        "Suspended for 12 µs in 2 pauses; the longest lasted 8 µs, until it was woken by "
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
        f"while other lanes of its thread ran {waits_module.MANY + 1} times."
    )


def test_stretches_do_not_overlap() -> None:
    known = [Stretch("running", 0, 2), Stretch("running", 4, 6)]
    filled = waits_module._filled(known, [("queued", 1, 5), ("suspended", 3, 9)])
    assert filled == [
        Stretch("running", 0, 2),
        Stretch("queued", 2, 4),
        Stretch("running", 4, 6),
        Stretch("suspended", 6, 9),
    ]
