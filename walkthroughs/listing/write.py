"""Writes a first listing of a recording, for an author to cut down.

It names the application's own calls and the ASGI events between them.  It holds as it
is written: an ellipsis stands wherever a step that counts is left out, and a step whose
lane nothing was seen to lead to is left out as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..focus import Focus
from ..trace import Call, Message, Trace
from .match import Search
from .parser import ELLIPSES, Listing, is_name

LINES = 40
"""How many steps a first listing names at most: those furthest out."""

Step = Call | Message


def write(trace: Trace, own: Focus, counting: Focus | None = None) -> str:
    """Write a listing of what the application did; "" if it made no call.

    Args:
        trace: the recording.
        own: the calls to name.
        counting: the focus of the recording that the listing will be held against;
            by default that of `trace`.
    """
    steps = [step for step in trace.steps if _counts(trace, step, counting)]
    left = _after_leaving(trace, steps)
    named = [
        n
        for n, step in enumerate(steps)
        if n not in left and _is_told(trace, step, own)
    ]
    if not any(isinstance(steps[place], Call) for place in named):
        return ""
    picked = _picked(trace, steps, named)
    return "".join(f"{line}\n" for line in _lines(trace, steps, picked))


def _counts(trace: Trace, step: Step, counting: Focus | None) -> bool:
    if counting is None or isinstance(step, Message):
        return True
    return counting.takes(trace.name(step), step.own)


def _is_told(trace: Trace, step: Step, own: Focus) -> bool:
    if isinstance(step, Message):
        # The start is the same in every listing; the end of a client is a race.
        return not step.type.startswith("lifespan.") and step.type != "http.disconnect"
    names = trace.names(step)
    return is_name(names[0]) and any(own.takes(name, step.own) for name in names)


def _after_leaving(trace: Trace, steps: Sequence[Step]) -> set[int]:
    """Find the places after the end of a WebSocket, up to the next application call.

    The server clears away the connection while the application hears of its end, now
    before it and now after: no ellipsis is right each time.
    """
    found: set[int] = set()
    called: set[int] = set()
    left = False
    for place, step in enumerate(steps):
        if trace.lanes[step.lane].label.startswith("task: application"):
            left = left and step.lane in called
            called.add(step.lane)
        left = left or (isinstance(step, Message) and step.type == WEBSOCKET_END)
        if left:
            found.add(place)
    return found


WEBSOCKET_END = "websocket.disconnect"


def _picked(trace: Trace, steps: Sequence[Step], named: Sequence[int]) -> list[int]:
    """Pick the places to name: no repeats, at most `LINES`, in proven lanes."""
    fresh: list[int] = []
    for place in named:
        before = steps[fresh[-1]] if fresh else None
        if before is None or _differ(trace, before, steps[place]):
            fresh.append(place)
    outer = sorted(fresh, key=lambda place: len(_above(trace, steps[place])))[:LINES]
    search = Search(Listing((), (), None), trace)
    picked: list[int] = []
    for place in sorted(outer):
        step, before = steps[place], steps[picked[-1]] if picked else None
        if before and step.lane != before.lane and not search.led_to(step, before):
            continue
        picked.append(place)
    return picked


def _differ(trace: Trace, one: Step, other: Step) -> bool:
    return trace.name(one) != trace.name(other) or one.lane != other.lane


def _above(trace: Trace, step: Step) -> list[int]:
    return list(trace.ancestors(step))


def _lines(trace: Trace, steps: Sequence[Step], picked: Sequence[int]) -> Iterator[str]:
    several = len({steps[place].lane for place in picked}) > 1
    nest: list[int] = []  # the numbers of the steps that the line is indented under
    before, lane, column = -1, -1, 0
    for place in picked:
        step = steps[place]
        crosses = step.lane != lane
        above = _above(trace, step)
        nest = [] if crosses else [seq for seq in nest if seq in above]
        indent = 4 * len(nest)
        if before >= 0 and place > before + 1:
            yield " " * min(indent, column) + ELLIPSES[0]
        if crosses and several:
            yield f"--- {trace.lanes[step.lane].label}"
        yield " " * indent + trace.name(step)
        nest.append(step.seq)
        before, lane, column = place, step.lane, indent
