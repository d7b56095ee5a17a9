"""Writes a first listing of a recording, for an author to cut down.

It names the application's own calls and the ASGI events between them.  It holds as it
is written: an ellipsis stands wherever a step that counts is left out, and a step whose
lane nothing was seen to lead to is left out as well.

Threads that run at the same time do so in another order next time.  A careful listing
leaves out what has no fixed place among the other lines, and says so in a comment; and in
it no two lines stand where an ellipsis between them would be right in one run and wrong
in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..focus import Focus
from ..trace import Call, Message, Trace
from .match import Match, Near, Search, find
from .order import Order
from .parser import ELLIPSES, Listing, is_name, parse

LINES = 40
"""How many steps a first listing names at most: those furthest out."""

Step = Call | Message


def write(
    trace: Trace, own: Focus, counting: Focus | None = None, careful: bool = False
) -> str:
    """Write a listing of what the application did; "" if it made no call.

    Args:
        trace: the recording.
        own: the calls to name.
        counting: the focus of the recording that the listing will be held against;
            by default that of `trace`.
        careful: whether to leave out all that comes in this order by chance, as far as
            can be told, and not only what surely does.  Of what is ordered by means that
            were not recorded, such as a lock, that leaves out too much.
    """
    steps = counted(trace, counting)
    left = _after_leaving(trace, steps)
    named = [
        n
        for n, step in enumerate(steps)
        if n not in left and _is_told(trace, step, own)
    ]
    if not any(isinstance(steps[place], Call) for place in named):
        return ""
    picked, loose = _picked(trace, steps, named, careful)
    lines = _lines(trace, steps, picked, loose)
    return "".join(f"{line}\n" for line in lines)


def counted(trace: Trace, counting: Focus | None) -> list[Step]:
    """Return the steps of a recording that count, as `write` takes them."""
    return [step for step in trace.steps if _counts(trace, step, counting)]


def holds(text: str, runs: Iterable[tuple[Trace, Sequence[Step]]]) -> bool:
    """Whether a listing holds in all of some runs, which are as `sure_part` takes them."""
    return all(isinstance(find(parse(text), *run), Match) for run in runs)


def sure_part(text: str, runs: Iterable[tuple[Trace, Sequence[Step]]]) -> str:
    """Cut a listing after the last line up to which it holds in all of some runs.

    Args:
        text: the listing.
        runs: the recordings, each with the steps that count.
    """
    for trace, steps in runs:
        listing = parse(text)
        found = find(listing, trace, steps)
        if isinstance(found, Near):
            last = listing.claims[max(len(found.places), 1) - 1].line.number
            text = "".join(f"{line.raw}\n" for line in listing.lines[:last])
    return text


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


def _picked(
    trace: Trace, steps: Sequence[Step], named: Sequence[int], careful: bool
) -> tuple[list[int], list[int]]:
    """Pick the places to name: no repeats, at most `LINES`, in proven lanes.

    Returns:
        those; and those that would be named if they had a fixed place among them.
    """
    outer = _outermost(trace, steps, named)
    order = Order(trace)
    racing = order.racing(steps)
    fixed = [place for place in outer if steps[place].seq not in racing]
    if careful:
        fixed = _fixed(trace, steps, order, fixed)
    # One line is true in any case.
    fixed = fixed or outer[:1]
    rivals = [step for step in steps if careful or step.seq in racing]
    search = Search(Listing((), (), None), trace)
    picked: list[int] = []
    for place in fixed:
        step, before = steps[place], steps[picked[-1]] if picked else None
        if before and step.lane != before.lane and not search.led_to(step, before):
            continue
        if before and not _is_sure_gap(steps, rivals, order, picked[-1], place):
            continue
        picked.append(place)
    return picked, sorted({*outer} - {*fixed})


def _outermost(trace: Trace, steps: Sequence[Step], named: Sequence[int]) -> list[int]:
    """Pick at most `LINES` of the places, and of repeats the first."""
    fresh: list[int] = []
    for place in named:
        before = steps[fresh[-1]] if fresh else None
        if before is None or _differ(trace, before, steps[place]):
            fresh.append(place)
    outer = sorted(fresh, key=lambda place: len(_above(trace, steps[place])))
    return sorted(outer[:LINES])


def _fixed(
    trace: Trace, steps: Sequence[Step], order: Order, places: Sequence[int]
) -> list[int]:
    """Keep the places that come in the same order in every run."""

    def worth(place: int) -> tuple[bool, bool, int]:
        step = steps[place]
        received = isinstance(step, Message) and step.direction == "receive"
        return received, _is_thread(trace, step), place

    kept: list[int] = []
    for place in sorted(places, key=worth):
        step = steps[place]
        if all(order.is_sure(steps[each], step) for each in kept):
            kept.append(place)
    return sorted(kept)


def _is_thread(trace: Trace, step: Step) -> bool:
    return trace.lanes[step.lane].kind == "thread"


def _is_sure_gap(
    steps: Sequence[Step], rivals: Sequence[Step], order: Order, first: int, second: int
) -> bool:
    """Whether there is something between two places in every run, or in none.

    Args:
        steps: those that count.
        rivals: those that may come now here, now there.
        order: what is known of that.
        first: the one place.
        second: the other.
    """
    one, other = steps[first], steps[second]
    between = steps[first + 1 : second]
    if any(order.behind(step, one) and order.before(step, other) for step in between):
        return True
    return not any(order.may_part(step, one, other) for step in rivals)


def _differ(trace: Trace, one: Step, other: Step) -> bool:
    return trace.name(one) != trace.name(other) or one.lane != other.lane


def _above(trace: Trace, step: Step) -> list[int]:
    return list(trace.ancestors(step))


def _lines(
    trace: Trace, steps: Sequence[Step], picked: Sequence[int], loose: Sequence[int]
) -> Iterator[str]:
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
            lanes = [steps[each].lane for each in loose if before < each < place]
            yield " " * min(indent, column) + ELLIPSES[0] + _meanwhile(trace, lanes)
        if crosses and several:
            yield f"--- {trace.lanes[step.lane].label}"
        yield " " * indent + trace.name(step)
        nest.append(step.seq)
        before, lane, column = place, step.lane, indent


def _meanwhile(trace: Trace, lanes: Sequence[int]) -> str:
    """Say in which lanes something was left out that has no fixed place."""
    labels = ", ".join(dict.fromkeys(trace.lanes[lane].label for lane in lanes))
    return f"  # meanwhile, not always in this order: {labels}" if labels else ""
