"""The view: which part of a trace is shown, and in which rows.

Every renderer draws the rows of a `View` and nothing else, so that the page, the
terminal and the picture tell the same story.  Invariants:

* a view goes from the first step shown to the last one;
* each step in focus between them is in exactly one row: a `Step` of its own, or a
  `Fold` with its neighbours, so nothing is left out in silence;
* shown steps are numbered from 1; a number, not a time, says where something happened;
* an `Arrival` row stands where control comes to a lane, with the hop that led there;
  a lane that goes on unscheduled has one only after a step in another lane.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..trace import Call, Event, Exit, Hop, Lane, Message, Trace


@dataclass(frozen=True, slots=True)
class ListedLine:
    """One line of a listing, as its author wrote it.

    Args:
        kind: what the line says.
        text: the line without indentation and comment; empty for "blank".
        indent: how many levels deep it is written.
        comment: the prose after two spaces and `#`.
        seq: number of the step that it matched (call, message).
        count: how many steps it stands for (ellipsis).
    """

    kind: Literal["call", "ellipsis", "lane", "message", "blank"]
    text: str = ""
    indent: int = 0
    comment: str = ""
    seq: int | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A shown step.

    Args:
        seq: where the row stands in the trace: the number of its event.
        lane: number of the lane it runs in.
        depth: how many shown steps it runs inside of.
        number: its number in the view, from 1.
        event: the call or message.
        parent: number (in the view) of the innermost shown step around it.
        hidden: how many calls that are not shown stand between it and that parent.
    """

    seq: int
    lane: int
    depth: int
    number: int
    event: Call | Message
    parent: int | None
    hidden: int


@dataclass(frozen=True, slots=True)
class Fold:
    """The steps in focus left out at one place.

    Args:
        seq: the number of the first of them.
        lane: number of the lane of the first of them.
        depth: how many shown steps all of them run inside of.
        number: number of the shown step they follow.
        part: 2 for those after an arrival at the same place, else 1.
        events: the steps, in order.
    """

    seq: int
    lane: int
    depth: int
    number: int
    part: int
    events: tuple[Call | Message, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """Control comes to a lane.

    Args:
        seq: where the row stands in the trace.
        lane: number of the lane.
        depth: always 0: a lane begins at its bottom.
        number: number of the shown step that follows.
        hop: what led there; None if the recording saw nothing schedule it, or if the
            lane (a thread) ran all the while.
        changed: whether the shown step before ran in another lane.
    """

    seq: int
    lane: int
    depth: int
    number: int
    hop: Hop | None
    changed: bool


Row = Step | Fold | Arrival


@dataclass(frozen=True, slots=True)
class Span:
    """Rows during which a step runs, both ends included.

    Args:
        first: index of the first row.
        last: index of the last row.
        how: what ended it; None if it runs on below the view.
    """

    first: int
    last: int
    how: Literal["return", "raise", "suspend"] | None


@dataclass(frozen=True)
class View:
    """A part of a trace, ready to be drawn.

    Args:
        trace: the recording.
        shown: the numbers of the steps to show, ascending.
        times: number of a shown step -> how often the same happens, where that is
            shown once.
        folders: where the source of what was recorded lies; None for `sys.path`.

    Raises:
        ValueError: `shown` is not ascending, or has a number that is not a step.
    """

    trace: Trace
    shown: Sequence[int]
    times: Mapping[int, int] = field(default_factory=dict)
    folders: Sequence[str] | None = None

    def __post_init__(self) -> None:
        shown = list(self.shown)
        if shown != sorted(set(shown)):
            raise ValueError(f"the steps to show are not in ascending order: {shown}")
        known = {event.seq for event in self.trace.steps}
        if unknown := [seq for seq in shown if seq not in known]:
            raise ValueError(f"no such steps in the trace: {unknown}")

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The shown steps."""
        numbers = {seq: number for number, seq in enumerate(self.shown, 1)}
        return tuple(self._step(seq, numbers) for seq in self.shown)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows from the first shown step to the last."""
        return tuple(self._rows())

    @cached_property
    def lanes(self) -> tuple[int, ...]:
        """Return the numbers of the lanes in the order of their first row.

        They are the lanes that a shown step runs in or a hop comes from.
        """
        seen: dict[int, None] = {}
        for row in self.rows:
            if isinstance(row, Arrival) and row.hop and row.hop.origin_lane is not None:
                seen.setdefault(row.hop.origin_lane)
            if not isinstance(row, Fold):
                seen.setdefault(row.lane)
        return tuple(seen)

    def lane(self, row: Row) -> Lane:
        """Return the lane that a row stands in."""
        return self.trace.lanes[row.lane]

    def name(self, row: Step) -> str:
        """Return the whole name of a shown step, as a listing has it."""
        return self.trace.name(row.event)

    def shown_around(self, seq: int | None) -> Step | None:
        """Return the innermost shown step that the event `seq` is or runs inside of."""
        while seq is not None:
            if seq in self._number:
                return self.steps[self._number[seq] - 1]
            event = self.trace.events[seq]
            seq = event.parent if isinstance(event, Call | Message) else None
        return None

    def exits(self, row: Step) -> tuple[Exit, ...]:
        """Each time the step stopped or went on, in order."""
        return tuple(self._exits.get(row.seq, ()))

    def number_at(self, seq: int) -> int:
        """Return the number of the last shown step up to the event `seq`, or 0."""
        return bisect_right(self.shown, seq)

    def spans(self, row: Step) -> tuple[Span, ...]:
        """Return the rows during which the step runs; suspensions are gaps between."""
        if isinstance(row.event, Message) and row.event.direction == "receive":
            at = self._row_at(row.seq)
            return (Span(at, at, "return"),)
        return tuple(span for span in self._spans(row) if span.first <= span.last)

    @cached_property
    def end(self) -> int:
        """Number of the first step below the view, or of the end of the trace."""
        steps = self.trace.steps
        at = bisect_right(steps, self.shown[-1], key=lambda step: step.seq)
        return steps[at].seq if at < len(steps) else len(self.trace.events)

    # Inside

    @cached_property
    def _number(self) -> dict[int, int]:
        return {step.seq: step.number for step in self.steps}

    @cached_property
    def _exits(self) -> dict[int, list[Exit]]:
        found: dict[int, list[Exit]] = {}
        for event in self.trace.events:
            if isinstance(event, Exit):
                found.setdefault(event.call, []).append(event)
        return found

    @cached_property
    def _starts(self) -> list[int]:
        return [row.seq for row in self.rows]

    def _step(self, seq: int, numbers: dict[int, int]) -> Step:
        event = self.trace.events[seq]
        assert isinstance(event, Call | Message)
        above = list(self.trace.ancestors(event))
        known = [numbers[each] for each in above if each in numbers]
        hidden = next((n for n, each in enumerate(above) if each in numbers), None)
        return Step(
            seq=seq,
            lane=event.lane,
            depth=len(known),
            number=numbers[seq],
            event=event,
            parent=known[0] if known else None,
            hidden=len(above) if hidden is None else hidden,
        )

    def _rows(self) -> Iterator[Row]:
        before: Step | None = None
        for step in self.steps:
            between = self._between(before, step)
            arrival = self._arrival(before, step, between)
            cut = len(between)
            if arrival is not None:
                cut = bisect_left([event.seq for event in between], arrival.seq)
            yield from self._fold(step.number - 1, 1, between[:cut])
            if arrival is not None:
                yield arrival
            yield from self._fold(step.number - 1, 2, between[cut:])
            yield step
            before = step

    def _between(self, before: Step | None, step: Step) -> list[Call | Message]:
        if before is None:
            return []
        events = self.trace.events[before.seq + 1 : step.seq]
        return [event for event in events if isinstance(event, Call | Message)]

    def _fold(
        self, number: int, part: int, events: Sequence[Call | Message]
    ) -> Iterator[Fold]:
        if events:
            yield Fold(
                seq=events[0].seq,
                lane=events[0].lane,
                depth=min(map(self._depth, {event.parent for event in events})),
                number=number,
                part=part,
                events=tuple(events),
            )

    def _depth(self, parent: int | None) -> int:
        """How many shown steps all that runs inside of an event runs inside of."""
        around = self.shown_around(parent)
        return around.depth + 1 if around else 0

    def _arrival(
        self, before: Step | None, step: Step, between: Sequence[Event]
    ) -> Arrival | None:
        changed = before is None or before.lane != step.lane
        hop = self._hop(step)
        if before is not None and hop is not None and hop.seq < before.seq:
            # Old news: the lane (a thread) was running already.
            hop = None
        if hop is None and (before is None or not changed):
            return None
        start = hop.seq if hop is not None else _run_start(step, between)
        if not changed:
            # A listing does not say so: one ellipsis goes across it.
            start = max(start, between[-1].seq + 1 if between else start)
        return Arrival(start, step.lane, 0, step.number, hop, changed)

    def _hop(self, step: Step) -> Hop | None:
        """Return the last hop into the step's lane before it."""
        hops = self._hops.get(step.lane, [])
        at = bisect_left(hops, step.seq, key=lambda hop: hop.seq)
        return hops[at - 1] if at else None

    @cached_property
    def _hops(self) -> dict[int, list[Hop]]:
        found: dict[int, list[Hop]] = {}
        for event in self.trace.events:
            if isinstance(event, Hop):
                found.setdefault(event.lane, []).append(event)
        return found

    def _row_at(self, seq: int) -> int:
        """Index of the last row that begins at or before `seq`."""
        return bisect_right(self._starts, seq) - 1

    def _spans(self, row: Step) -> Iterator[Span]:
        first: int | None = self._row_at(row.seq)
        last = self._row_at(row.seq) - 1
        for exit in self.exits(row):
            if exit.how == "resume":
                # Never the same row again: the gap would not be seen.
                first = max(self._row_after(exit.seq), last + 1)
            elif first is not None and exit.seq < self.end:
                last = self._row_at(exit.seq)
                yield Span(first, last, exit.how)
                first = None
        if first is not None:
            yield Span(first, len(self.rows) - 1, None)

    def _row_after(self, seq: int) -> int:
        """Index of the first row where something that went on at `seq` can be seen."""
        at = self._row_at(seq)
        return at if isinstance(self.rows[at], Fold) else at + 1


def _run_start(step: Step, between: Sequence[Event]) -> int:
    """Where the last run of steps in the step's own lane begins."""
    start = step.seq
    for event in reversed(between):
        if event.lane != step.lane:
            break
        start = event.seq
    return start


def short(name: str) -> str:
    """Return a name in brief: its last two dotted parts; messages as they are.

    A nested function is one part with the function around it.
    """
    if " " in name:
        return name
    parts = name.replace(".<locals>.", _NESTED).split(".")
    return ".".join(parts[-2:]).replace(_NESTED, ".<locals>.")


_NESTED = "\0"
