"""Two recordings of the same request side by side, stage by stage.

A stage begins where the server listens, where the application is called, and where an
ASGI event passes the application's door: these are the moments that two servers have in common, however
differently they get there.  Stages of the same name, counted from the first, are the
same stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ..trace import Call, Event, Hop, Message, Trace
from .sentences import plural
from .view import short

STARTS = "the server starts"
LISTENS = "the server listens, and the request arrives"
CALLED = "the application is called"


@dataclass(frozen=True)
class Stage:
    """What happens from one common moment to the next.

    Args:
        name: the moment: an ASGI event as a listing has it, or one of those above.
        shown: the names of the calls to show, in order.
        calls: how many calls there were.
        hops: how many hops.
    """

    name: str
    shown: tuple[str, ...]
    calls: int
    hops: int


def stages(
    trace: Trace,
    shown: Collection[int],
    listening: int,
    meant: Collection[int] | None = None,
) -> list[Stage]:
    """Return the stages of a recording; lifespan is no part of a request.

    Args:
        trace: the recording.
        shown: the numbers of the calls whose names are kept.
        listening: the number of the first event after the server began to listen.
        meant: the numbers of the events that are counted, by default all.
    """
    begins = _Beginnings(trace, listening)
    names = [STARTS]
    events: list[list[Event]] = [[]]
    for event in trace.events:
        if name := begins.at(event):
            names.append(name)
            events.append([])
        events[-1].append(event)
    return [
        Stage(
            name,
            tuple(
                short(trace.name(event))
                for event in inside
                if isinstance(event, Call) and event.seq in shown
            ),
            *(
                sum(
                    isinstance(event, kind) and (meant is None or event.seq in meant)
                    for event in inside
                )
                for kind in (Call, Hop)
            ),
        )
        for name, inside in zip(names, events, strict=True)
    ]


def leading_to(trace: Trace, steps: Collection[int]) -> set[int]:
    """Those steps, and the hops after which the first of them run in their lanes."""
    found = set(steps)
    last: dict[int, int] = {}
    for event in trace.events:
        if isinstance(event, Hop):
            last[event.lane] = event.seq
        elif event.seq in steps and event.lane in last:
            found.add(last.pop(event.lane))
    return found


class _Beginnings:
    """Knows the events at which a stage begins."""

    def __init__(self, trace: Trace, listening: int) -> None:
        self.trace = trace
        self.listening = listening
        self.seen: Counter[str] = Counter()
        self.called: set[int] = set()

    def at(self, event: Event) -> str:
        """Return the name of the stage that begins with the event, if one does."""
        name = self.name(event)
        self.seen[name] += 1
        again = name and self.seen[name] > 1
        return f"{name} ({self.seen[name]})" if again else name

    def name(self, event: Event) -> str:
        if event.seq == self.listening:
            return LISTENS
        if isinstance(event, Message) and not event.type.startswith("lifespan."):
            return event.name
        if isinstance(event, Hop) and event.lane not in self.called:
            self.called.add(event.lane)
            label = self.trace.lanes[event.lane].label
            return CALLED if label.startswith("task: application") else ""
        return ""


def compare(
    left: Sequence[Stage],
    right: Sequence[Stage],
    width: int | None = None,
    heads: tuple[str, str] = ("", ""),
) -> str:
    """Write the stages side by side, as text.

    Args:
        left: the stages on the one server.
        right: the stages on the other.
        width: how many characters fit in a line; None for as many as there are.
        heads: what stands above the two.
    """
    rows: list[tuple[str, str] | str] = [heads] if any(heads) else []
    for one, other in _paired(left, right):
        rows += [f"--- {(one or other or left[0]).name}"]
        rows += [(_counted(one), _counted(other))]
        names = zip_longest(
            one.shown if one else (), other.shown if other else (), fillvalue=""
        )
        rows += [(f"  {a}", f"  {b}") for a, b in names]
    pairs = [row for row in rows if isinstance(row, tuple)]
    half = max(len(a) for a, _ in pairs) if width is None else (width - 3) // 2
    cut = max(map(len, (text for pair in pairs for text in pair)))
    cut = cut if width is None else half
    lines = (r if isinstance(r, str) else _row(*r, half, cut) for r in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _paired(
    left: Sequence[Stage], right: Sequence[Stage]
) -> Iterator[tuple[Stage | None, Stage | None]]:
    """Both stages of each name, in the order of the left; what it lacks, in place."""
    ours, rest = {each.name for each in left}, list(right)
    for stage in left:
        twin = next((n for n, each in enumerate(rest) if each.name == stage.name), None)
        if twin is None:
            yield stage, None
            continue
        yield from ((None, each) for each in rest[:twin] if each.name not in ours)
        yield stage, rest[twin]
        rest = [each for each in rest[:twin] if each.name in ours] + rest[twin + 1 :]
    yield from ((None, each) for each in rest)


def _counted(stage: Stage | None) -> str:
    if stage is None:
        return "does not happen"
    return f"{plural(stage.calls, 'call')}, {plural(stage.hops, 'hop')}"


def _row(left: str, right: str, half: int, cut: int) -> str:
    return f"{_cut(left, cut):{half}} | {_cut(right, cut)}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
