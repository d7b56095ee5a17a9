"""A stretch is taken out of a recording, and what is left is a recording."""

from __future__ import annotations

from walkthroughs.trace import Call, Event, Exit, Function, Header, Hop, Lane, Trace
from walkthroughs.warm_up import without

FUNCTIONS = tuple(Function("m", name, "m.py", n) for n, name in enumerate("abc"))
LANES = tuple(
    Lane("task", name) if name else Lane("loop")
    for name in ("", "application", "application 2", "worker")
)
A, B, C = range(3)


def trace(*events: Event) -> Trace:
    return Trace(Header("s", "uvicorn", (), "3", "x"), LANES, FUNCTIONS, events)


def test_what_is_left_is_numbered_again_and_refers_to_what_is_left() -> None:
    before = trace(
        Call(0, 0, 0, function=A),
        Hop(1, 1, 1, how="create_task", origin_lane=0, origin=0),
        Call(2, 2, 1, function=B),
        Exit(3, 3, 1, how="return", call=2),
        Hop(4, 4, 2, how="create_task", origin_lane=0, origin=0),
        Call(5, 5, 2, function=B),
        Call(6, 6, 2, function=C, parent=5, depth=1, line=7),
        Exit(7, 7, 2, how="return", call=6),
    )
    after = without(before, 1, 4)
    assert [event.seq for event in after.events] == [0, 1, 2, 3, 4]
    assert [lane.label for lane in after.lanes] == ["loop", "task: application"]
    assert after.events[1:] == (
        Hop(1, 4, 1, how="create_task", origin_lane=0, origin=0),
        Call(2, 5, 1, function=B),
        Call(3, 6, 1, function=C, parent=2, depth=1, line=7),
        Exit(4, 7, 1, how="return", call=3),
    )
    assert Trace.from_json(after.to_json()) == after


def test_a_call_of_the_warm_up_is_gone_with_all_that_it_did_later() -> None:
    before = trace(
        Call(0, 0, 3, function=A),
        Exit(1, 1, 3, how="suspend", call=0),
        Hop(2, 2, 1, how="wake", origin_lane=3, origin=0),
        Exit(3, 3, 3, how="resume", call=0),
        Call(4, 4, 3, function=B, parent=0, depth=1, line=5),
    )
    after = without(before, 0, 2)
    assert after.events == (
        Hop(0, 2, 0, how="wake", origin_lane=1, origin=None),
        Call(1, 4, 1, function=B),
    )


def test_a_name_that_has_a_number_of_its_own_keeps_it() -> None:
    lanes = (Lane("thread", "worker 7"), Lane("task", "application"))
    before = Trace(
        Header("s", "uvicorn", (), "3", "x"),
        lanes,
        FUNCTIONS,
        (Call(0, 0, 1, function=A), Call(1, 1, 0, function=B)),
    )
    assert without(before, 0, 1).lanes == (Lane("thread", "worker 7"),)
