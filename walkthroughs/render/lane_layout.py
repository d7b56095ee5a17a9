"""Lay out a picture of swim lanes: positions and sizes, in pixels.

A label may reach over other lanes, and ends before anything that is drawn there.
"""

from __future__ import annotations

from functools import cached_property
from itertools import accumulate

from ..trace import Lane, Message
from .sentences import counted
from .view import Arrival, Fold, Row, Step, View, short

ROW = 26
"""Height of a row."""
HEADER = 46
"""Height of the lanes' names, which have two lines."""
GUTTER = 34
"""Width of the column of numbers."""
INDENT = 14
"""How far a call stands to the right of the one it runs in."""
BAR = 8
"""Width of a bar."""
CHAR = 7.3
"""Width of a character of the labels, which are monospaced at 12 px."""
PAD = 14
"""Space on each side of a lane."""
EVENT_MARK = 26
"""Width of the mark of an ASGI event."""
AVAILABLE_WIDTH = 600
"""Width available beside the code in a 1,440 px window.  In a picture that would be
wider, labels reach over other lanes."""
LABEL_GAP = 8
"""Space between the end of a label and what is drawn beside it in another lane."""
QUEUE_DRAWN = 6
"""How many waiting events are drawn; the number says how many there are."""


class LaneLayout:
    """The columns of the lanes, and how far each row reaches into its lane.

    Args:
        view: what is drawn.
    """

    def __init__(self, view: View) -> None:
        self.view = view

    @cached_property
    def levels(self) -> dict[int, int]:
        """Return how deep in its lane each row is drawn: index of a row -> depth.

        A fold stands beside the bars that run through it, and the word of an arrival
        beside bars and gaps; everything else at its own depth.
        """
        levels = {index: row.depth for index, row in enumerate(self.view.rows)}
        for step in self.view.steps:
            spans = self.view.spans(step)
            for index in range(spans[0].first, spans[-1].last + 1) if spans else ():
                row = self.view.rows[index]
                if isinstance(row, Step) or self.column(row) != step.lane:
                    continue
                if isinstance(row, Arrival):
                    levels[index] = max(levels[index], step.depth)
                elif any(each.first <= index <= each.last for each in spans):
                    levels[index] = max(levels[index], step.depth + 1)
        return levels

    def extent(self, row: Row, level: int) -> float:
        """Return how far a row reaches into its lane."""
        indent = level * INDENT
        if isinstance(row, Fold):
            return indent + CHAR * len(ellipsis(row)) + 16
        if isinstance(row, Arrival):
            return 30 + indent + CHAR * len(how(row))
        reach = indent + BAR + 8 + CHAR * len(short(self.view.name(row)))
        if isinstance(row.event, Message):
            mark = EVENT_MARK + (6 if row.event.direction == "receive" else BAR + 10)
            reach = indent + mark + CHAR * len(row.event.type) + queue_width(row.event)
        return reach

    @cached_property
    def labels(self) -> list[tuple[int, float]]:
        """The lane of each row, and where in it the label ends."""
        return [
            (self.column(row), PAD + self.extent(row, self.levels[index]))
            for index, row in enumerate(self.view.rows)
        ]

    @cached_property
    def drawn(self) -> dict[int, dict[int, float]]:
        """Lane -> index of a row -> where in the lane the first bar or gap is there."""
        drawn: dict[int, dict[int, float]] = {lane: {} for lane in self.view.lanes}
        for step in self.view.steps:
            spans, rows = self.view.spans(step), drawn[step.lane]
            # What runs on reaches a little into the row below.
            for index in range(spans[0].first, spans[-1].last + 2) if spans else ():
                x = PAD + step.depth * INDENT
                rows[index] = min(x, rows.get(index, x))
        return drawn

    @property
    def wide_edges(self) -> list[float]:
        """The edges of the lanes if every label is in its own lane."""
        ends = {lane: self.bare_width(lane) for lane in self.view.lanes}
        for lane, end in self.labels:
            ends[lane] = max(ends[lane], end + PAD)
        return [*accumulate(ends.values(), initial=float(GUTTER))]

    @property
    def narrow_edges(self) -> list[float]:
        """The edges of the lanes if labels reach over others as far as they can."""
        lefts: dict[int, float] = {}
        left = float(GUTTER)
        for lane, rows in self.drawn.items():
            for index, (labelled, end) in enumerate(self.labels):
                if labelled in lefts and index in rows:
                    left = max(left, lefts[labelled] + end + LABEL_GAP - rows[index])
            lefts[lane] = left
            left += self.bare_width(lane)
        ends = (lefts[lane] + end + PAD for lane, end in self.labels)
        return [*lefts.values(), max(left, *ends)]

    def bare_width(self, lane: int) -> float:
        """Return the width of a lane without its labels: of its name and its bars."""
        name = max(map(len, name_lines(self.view.trace.lanes[lane])))
        steps = [step for step in self.view.steps if step.lane == lane]
        deep = max((step.depth for step in steps), default=0)
        return PAD * 2 + max(CHAR * name, deep * INDENT + BAR)

    @cached_property
    def edges(self) -> list[int]:
        """Where lanes begin and end.

        They are spread out as far as `AVAILABLE_WIDTH` allows, at least as far as
        labels need.
        """
        wide, narrow = self.wide_edges, self.narrow_edges
        more = wide[-1] - narrow[-1]
        share = min(1, max(0, (AVAILABLE_WIDTH - narrow[-1]) / more)) if more else 1
        # No label overlaps anything in either layout, so none does in a layout
        # interpolated between them.
        return [
            round(near + share * (far - near))
            for near, far in zip(narrow, wide, strict=True)
        ]

    @cached_property
    def lefts(self) -> dict[int, int]:
        """Lane -> its left edge."""
        return dict(zip(self.view.lanes, self.edges, strict=False))

    @property
    def width(self) -> int:
        """The width of the picture."""
        return self.edges[-1]

    @property
    def height(self) -> int:
        """The height of the picture."""
        return HEADER + ROW * len(self.view.rows) + 8

    def column(self, row: Row) -> int:
        """Return the lane that a row is drawn in.

        A fold in a lane where nothing is shown is drawn in the lane of the step before
        it.
        """
        if row.lane in self.view.lanes:
            return row.lane
        return self.view.steps[row.number - 1].lane

    def x(self, row: Row) -> float:
        """Return the left edge of what a row draws."""
        return self.lefts[self.column(row)] + PAD + row.depth * INDENT

    def y(self, index: int) -> float:
        """Return the middle of a row."""
        return HEADER + ROW * index + ROW / 2


def name_lines(lane: Lane) -> list[str]:
    """Return the lines of a lane's name."""
    return [f"{lane.kind}: ", lane.name] if lane.name else [lane.kind]


def ellipsis(row: Fold) -> str:
    """Return the words of a fold."""
    return f"… {counted(row.events)}"


def how(row: Arrival) -> str:
    """Return the word for how control came to a lane."""
    return row.hop.how if row.hop else ""


def queue_width(event: Message) -> float:
    """Return how wide the queue is that is drawn beside an ASGI event."""
    if event.depth is None:
        return 0
    words = len(f" {event.depth} queued")
    return CHAR * words + 6 * min(event.depth, QUEUE_DRAWN)
