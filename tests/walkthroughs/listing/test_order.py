"""A first listing holds in the next run, whichever of several threads is faster then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from itertools import cycle, permutations
from typing import Any

import pytest

from tests.walkthroughs.listing import racing
from walkthroughs.focus import Focus
from walkthroughs.listing import Match, find, parse, write
from walkthroughs.listing.order import Order
from walkthroughs.pages.first_listing import first_listing
from walkthroughs.recorder import Recorder
from walkthroughs.trace import Trace

OWN = Focus.of([racing.__name__, f"-{racing.__name__}.Turns"])

Program = Callable[[str], Coroutine[Any, Any, None]]


def record(program: Program, order: str) -> Trace:
    recorder = Recorder(OWN)
    recorder.start()
    try:
        asyncio.run(program(order))
    finally:
        recorder.stop()
    return recorder.trace()


def record_all(program: Program, turns: str) -> list[Trace]:
    orders = sorted({"".join(each) for each in permutations(turns)})
    return [record(program, order) for order in orders]


def careful(trace: Trace) -> str:
    return write(trace, OWN, careful=True)


def told(text: str) -> list[str]:
    """The names in a listing, without their module."""
    claims = parse(text).claims
    return [each.line.text.removeprefix(f"{racing.__name__}.") for each in claims]


def false(traces: list[Trace]) -> list[str]:
    """The careful listings of these that do not hold in another."""
    texts = {careful(each) for each in traces}
    return [text for text in texts for trace in traces if not holds(text, trace)]


RACES: dict[str, tuple[Program, str]] = {
    "a thread beside the loop": (racing.race, "lltt"),
    "two threads of a pool": (racing.pool, "ttuu"),
    "a thread that wakes a task": (racing.woken, "lt"),
}


@pytest.mark.parametrize("name", RACES)
def test_a_careful_listing_holds_in_any_order(name: str) -> None:
    traces = record_all(*RACES[name])
    assert false(traces) == []
    for text in map(careful, traces):
        assert told(text)[0] == RACES[name][0].__name__
        assert len(told(text)) >= 2


@pytest.mark.parametrize("name", ["a thread beside the loop", "two threads of a pool"])
def test_what_has_no_place_is_said_to_run_meanwhile(name: str) -> None:
    for text in map(careful, record_all(*RACES[name])):
        assert "...  # meanwhile, not always in this order: thread: " in text


@pytest.mark.parametrize("name", RACES)
def test_taken_as_it_was_once_seen_it_does_not(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    see_no_chance(monkeypatch)
    assert false(record_all(*RACES[name]))


def see_no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Order, "is_sure", lambda *each: True)
    monkeypatch.setattr(Order, "may_part", lambda *each: False)
    monkeypatch.setattr(Order, "racing", lambda *each: set())


def test_work_that_is_waited_for_is_named() -> None:
    trace = record(racing.handed_over, "tt")
    text = careful(trace)
    assert told(text) == ["handed_over", "first", "view", "work", "more_work", "end"]
    assert "..." not in text
    assert text == write(trace, OWN)


def test_so_is_work_of_a_task_without_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = record(racing.relayed, "")
    names = ["relayed", "first", "work", "more_work", "end"]
    assert told(write(trace, OWN)) == names
    monkeypatch.setattr(Order, "_handed_before", lambda *each: ())
    assert told(write(trace, OWN)) != names


@pytest.mark.parametrize("name", ["a thread beside the loop", "two threads of a pool"])
def test_one_recording_is_enough_to_see_threads_beside_each_other(name: str) -> None:
    traces = [on_server(each) for each in record_all(*RACES[name])]
    for text in map(first_listing, traces):
        assert all(holds(text, each) for each in traces)


def test_several_recordings_show_what_a_thread_brings_about() -> None:
    traces = [on_server(each) for each in record_all(racing.woken, "lt")]
    assert not all(holds(first_listing(each), traces[0]) for each in traces)
    for trace in traces:
        text = first_listing(trace, partial(next, cycle(traces)))
        assert all(holds(text, each) for each in traces)


def test_what_they_do_not_change_stays() -> None:
    trace = on_server(record(racing.woken, "lt"))
    whole = first_listing(trace, lambda: trace)
    assert set(told(whole)) == {"woken", "first", "second", "work", "more_work", "end"}
    assert set(told(whole)) > set(told(careful(trace)))


def on_server(trace: Trace) -> Trace:
    return replace(trace, header=replace(trace.header, server="uvicorn"))


def holds(text: str, trace: Trace) -> bool:
    return isinstance(find(parse(text), trace), Match)
