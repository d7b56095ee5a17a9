"""Takes a stretch out of a recording: what a warm-up left in it.

What ran before and goes on afterwards stays one call; only the events in between are
gone.  A call that began in between is gone with all that it did later, and so is a lane
in which nothing else happened.  Lanes that were numbered because of it get the names
that they would have had without.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from .trace import Call, Event, Exit, Hop, Lane, Message, Trace


def without(trace: Trace, first: int, last: int) -> Trace:
    """Return the trace without the events from number `first` up to before `last`."""
    kept = [
        event
        for event in trace.events
        if not first <= event.seq < last
        and not (isinstance(event, Exit) and first <= event.call < last)
    ]
    used = sorted({event.lane for event in kept} | set(_origins(kept)))
    lanes = {before: now for now, before in enumerate(used)}
    numbers = {event.seq: number for number, event in enumerate(kept)}
    events: list[Event] = []
    for event in kept:
        events.append(_moved(event, numbers, lanes, events))
    return replace(trace, lanes=_renamed(trace.lanes, used), events=tuple(events))


def _origins(events: list[Event]) -> Iterator[int]:
    """Return the lanes that hops name as their origin."""
    for event in events:
        if isinstance(event, Hop) and event.origin_lane is not None:
            yield event.origin_lane


def _moved(
    event: Event, numbers: dict[int, int], lanes: dict[int, int], before: list[Event]
) -> Event:
    """Return the event with its new number, and those of what it refers to."""
    event = replace(event, lane=lanes[event.lane], seq=numbers[event.seq])
    if isinstance(event, Exit):
        return replace(event, call=numbers[event.call])
    if isinstance(event, Hop):
        lane = event.origin_lane
        origin = numbers.get(event.origin) if event.origin is not None else None
        known = None if lane is None else lanes[lane]
        return replace(event, origin_lane=known, origin=origin)
    assert isinstance(event, Call | Message)
    parent = numbers.get(event.parent) if event.parent is not None else None
    if isinstance(event, Message):
        return replace(event, parent=parent)
    line = event.line if parent is not None else None
    return replace(event, parent=parent, line=line, depth=_depth(parent, before))


def _depth(parent: int | None, before: list[Event]) -> int:
    """How many steps are open above one that has this parent."""
    depth = 0
    while parent is not None:
        above = before[parent]
        assert isinstance(above, Call | Message)
        parent, depth = above.parent, depth + 1
    return depth


def _renamed(lanes: tuple[Lane, ...], used: list[int]) -> tuple[Lane, ...]:
    """Return the lanes that are still used; of lanes with one name, numbered again."""
    still = set(used)
    everywhere: dict[Lane, list[int]] = defaultdict(list)
    for number, lane in enumerate(lanes):
        everywhere[_unnumbered(lane)].append(number)
    renamed = []
    for number in used:
        bare = _unnumbered(lanes[number])
        alike = everywhere[bare]
        left = [each for each in alike if each in still]
        if len(left) == len(alike):
            renamed.append(lanes[number])
            continue
        turn = left.index(number) + 1
        renamed.append(bare if turn == 1 else Lane(bare.kind, f"{bare.name} {turn}"))
    return tuple(renamed)


def _unnumbered(lane: Lane) -> Lane:
    """Return the lane, less the number that tells it from others of its name."""
    name, _, number = lane.name.rpartition(" ")
    return Lane(lane.kind, name) if name and number.isdigit() else lane
