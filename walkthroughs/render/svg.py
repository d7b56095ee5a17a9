"""The swim lanes: one column a lane, time flowing down, as inline SVG.

Rows stand for order, not for duration, and nothing in the picture tells the time: two
recordings of the same calls give the same SVG, byte for byte.  Invariants:

* a call is a bar from its row to the row where it ended; a suspension is a gap;
* a hop is an arrow between lanes, with the word for how;
* an ASGI event is a mark that crosses the application's door: to the right into the
  application, to the left out of it;
* a fold is a counted ellipsis;
* a label may reach over other lanes, and ends before anything that is drawn there;
* every mark links to its step's place in the list of steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from ..trace import Lane, Message
from .colours import with_colours
from .lane_layout import (
    BAR,
    CHAR,
    EVENT_MARK,
    GUTTER,
    HEADER,
    INDENT,
    PAD,
    QUEUE_DRAWN,
    ROW,
    LaneLayout,
    ellipsis,
    how,
    name_lines,
)
from .sentences import arrived, folded, plain, plural
from .view import Arrival, Fold, Span, Step, View, short

LINE = 15
"""Height of a line of a lane's name."""
LIFT = 7
"""How far above the middle of its row an arrow between lanes is."""
TILE = 100
"""How many rows a tile of a long picture has."""


LETTERS = """
.{0}{{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
color:var(--md-default-fg-color,#1f2328)}}
.{0} text{{fill:currentColor;dominant-baseline:central}}
.{0} .name{{font-weight:600}}
""".strip()
"""The text in pictures of a class."""

STYLE = with_colours(
    LETTERS.format("wt-svg")
    + """
.wt-svg a{color:inherit;text-decoration:none;cursor:pointer}
.wt-svg a:hover text{text-decoration:underline}
.wt-svg .num{fill:var(--md-default-fg-color--light,#59636e);text-anchor:end;
font-size:11px}
.wt-svg .back{fill:currentColor;opacity:.035}
.wt-svg .ground{fill:transparent}
.wt-svg .rule{stroke:currentColor;opacity:.15}
.wt-svg .loop,.wt-svg .reactor{--wt-lane:var(--wt-loop)}
.wt-svg .task{--wt-lane:var(--wt-task)}
.wt-svg .thread{--wt-lane:var(--wt-thread)}
.wt-svg .bar{fill:var(--wt-lane)}
.wt-svg .head{stroke:var(--wt-lane);stroke-width:3}
.wt-svg .gap{stroke:var(--wt-lane);stroke-dasharray:2 4;opacity:.7}
.wt-svg .err{fill:var(--wt-error)}
.wt-svg .event{--wt-lane:var(--wt-event)}
.wt-svg .event text{fill:var(--wt-lane)}
.wt-svg .line{stroke:var(--wt-lane);stroke-width:1.6;fill:none}
.wt-svg .tip{fill:var(--wt-lane)}
.wt-svg .hop{stroke:var(--md-default-fg-color--light,#59636e);fill:none;
stroke-width:1.4}
.wt-svg .hoptip{fill:var(--md-default-fg-color--light,#59636e)}
.wt-svg .how,.wt-svg .fold text{fill:var(--md-default-fg-color--light,#59636e);
font-style:italic;font-size:11px}
.wt-svg .pill{fill:none;stroke:var(--md-default-fg-color--light,#59636e);
stroke-dasharray:3 2}
""".rstrip()
)


def svg(view: View, ident: str) -> str:
    """Draw the swim lanes of a view.

    Args:
        view: what to draw.
        ident: the walkthrough's id on its page; marks link to `#<ident>-<number>`.

    Returns:
        One `<svg>` element, good for a page and, as it is, for a file.
    """
    return "\n".join(_Picture(view, ident).parts())


def tiled(view: View, ident: str) -> str:
    """Draw the same picture for a page, cut into tiles of `TILE` rows.

    A browser need not draw those that nobody sees.

    Args:
        view: what to draw.
        ident: the walkthrough's id on its page.
    """
    return "\n".join(_Picture(view, ident).tiles())


class _Picture(LaneLayout):
    """The parts of one picture, in the order they are painted."""

    def __init__(self, view: View, ident: str) -> None:
        super().__init__(view)
        self.ident = escape(ident)

    def parts(self) -> Iterator[str]:
        yield from self.opening(0, self.height)
        for _, _, marks in self.marks():
            yield from marks
        yield "</svg>"

    def tiles(self) -> Iterator[str]:
        """Yield the picture in tiles; what runs across an edge is in both."""
        starts = range(0, len(self.view.rows), TILE)
        drawn: list[list[str]] = [[] for _ in starts]
        for first, last, marks in self.marks():
            text = "\n".join(marks)
            for tile in drawn[first // TILE : last // TILE + 1]:
                tile.append(text)
        for start, texts in zip(starts, drawn, strict=True):
            top = HEADER + ROW * start if start else 0
            last = start == starts[-1]
            end = self.height if last else HEADER + ROW * (start + TILE)
            # What is not drawn has no size but this one.
            yield (
                f'<div class="wt-tile" style="width:{self.width}px;'
                f'height:{end - top}px">'
            )
            yield from (*self.opening(top, end), *texts, "</svg></div>")

    def opening(self, top: int, end: int) -> Iterator[str]:
        """Yield the beginning of the picture between two heights, its words once."""
        label = f'aria-labelledby="{self.ident}-t {self.ident}-d"'
        if top:
            label = f'aria-label="{escape(self.title)}, continued"'
        height = end - top
        yield (
            f'<svg class="wt-svg" xmlns="http://www.w3.org/2000/svg" role="group" '
            f'{label} width="{self.width}" height="{height}" '
            f'viewBox="0 {top} {self.width} {height}">'
        )
        if not top:
            yield f'<title id="{self.ident}-t">{escape(self.title)}</title>'
            yield f'<desc id="{self.ident}-d">{escape(self.description)}</desc>'
            yield f"<style>{STYLE}</style>"
        yield from self.backgrounds(names=not top)

    def marks(self) -> Iterator[tuple[int, int, Iterator[str]]]:
        """Yield what is drawn: the first and the last row it touches, and it."""
        for index, row in enumerate(self.view.rows):
            if isinstance(row, Step):
                spans = self.view.spans(row)
                # What runs on reaches a little into the row below.
                last = spans[-1].last + 1 if spans else index
                yield index, last, self.bars(row)
            elif isinstance(row, Arrival):
                yield index, index, self.arrival(row, index)
        for index, row in enumerate(self.view.rows):
            if isinstance(row, Step):
                yield index, index, self.step(row, index)
            elif isinstance(row, Fold):
                yield index, index, self.fold(row, index)

    @property
    def title(self) -> str:
        header = self.view.trace.header
        return f"Swim lanes of {header.scenario} on {header.server}"

    @property
    def description(self) -> str:
        steps = plural(len(self.view.steps), "step")
        names = (self.view.trace.lanes[lane].label for lane in self.view.lanes)
        return (
            f"{steps} in {plural(len(self.view.lanes), 'lane')}: {', '.join(names)}. "
            "Time flows down. The list of steps says the same in words."
        )

    def backgrounds(self, names: bool) -> Iterator[str]:
        for place, (left, right) in enumerate(pairwise(self.edges)):
            width = right - left
            if place % 2 == 0:
                yield (
                    f'<rect class="back" x="{left}" y="0" width="{width}" '
                    f'height="{self.height}"/>'
                )
            if names:
                lane = self.view.trace.lanes[self.view.lanes[place]]
                yield self.lane_name(lane, left + PAD, width - 2 * PAD)

    def lane_name(self, lane: Lane, x: int, width: int) -> str:
        lines = name_lines(lane)
        y = HEADER - 19 - LINE * (len(lines) - 1)
        words = "".join(
            f'<tspan x="{x}" y="{y + LINE * n}">{escape(line)}</tspan>'
            for n, line in enumerate(lines)
        )
        return (
            f'<g class="{lane.kind}"><path class="head" d="M{x} {HEADER - 6}h{width}"/>'
            f'<text class="name" x="{x}" y="{y}">{words}</text></g>'
        )

    def bars(self, row: Step) -> Iterator[str]:
        if isinstance(row.event, Message) and row.event.direction == "receive":
            return
        message = isinstance(row.event, Message)
        kind = "event" if message else self.view.lane(row).kind
        spans = self.view.spans(row)
        yield f'<g class="{kind}">'
        for before, after in pairwise(spans):
            yield self.gap(row, before, after)
        for span in spans:
            yield self.bar(row, span)
        yield "</g>"

    def bar(self, row: Step, span: Span) -> str:
        x, top = self.x(row), self.y(span.first) - ROW / 2 + 3
        bottom = self.y(span.last) + ROW / 2 - (3 if span.how else -4)
        css = "bar err" if span.how == "raise" else "bar"
        return (
            f'<rect class="{css}" x="{x:g}" y="{top:g}" width="{BAR}" '
            f'height="{bottom - top:g}" rx="3"/>'
        )

    def gap(self, row: Step, before: Span, after: Span) -> str:
        x = self.x(row) + BAR / 2
        top, bottom = self.y(before.last) + ROW / 2 - 3, self.y(after.first) - ROW / 2
        return f'<path class="gap" d="M{x:g} {top:g}V{bottom + 3:g}"/>'

    def step(self, row: Step, index: int) -> Iterator[str]:
        y, name = self.y(index), self.view.name(row)
        yield (
            f'<a href="#{self.ident}-{row.number}" tabindex="-1">'
            f"<title>{escape(name)}</title>{self.ground(row, index)}"
        )
        if isinstance(row.event, Message):
            yield from self.message(row, row.event, y)
        else:
            x = self.x(row) + BAR + 8
            yield f'<text x="{x:g}" y="{y:g}">{escape(short(name))}</text>'
        # On top: it stays in sight where the picture is scrolled sideways.
        yield f'<text class="num" x="{GUTTER - 8}" y="{y:g}">{row.number}</text></a>'

    def ground(self, row: Step, index: int) -> str:
        """Draw what can be clicked beside the letters, up to the label's end."""
        end = self.lefts[row.lane] + PAD + self.extent(row, row.depth)
        top = self.y(index) - ROW / 2
        return f'<rect class="ground" y="{top:g}" width="{end:g}" height="{ROW}"/>'

    def message(self, row: Step, event: Message, y: float) -> Iterator[str]:
        x = self.x(row) + (0 if event.direction == "receive" else BAR + 4)
        line, far = x + EVENT_MARK / 2, x + EVENT_MARK
        yield f'<g class="event"><path class="line" d="M{line:g} {y - 10:g}v20"/>'
        if event.direction == "receive":
            yield f'<path class="line" d="M{x:g} {y:g}H{far - 5:g}"/>'
            yield f'<path class="tip" d="M{far:g} {y:g}l-7 -4v8z"/>'
        else:
            yield f'<path class="line" d="M{x + 5:g} {y:g}H{far:g}"/>'
            yield f'<path class="tip" d="M{x:g} {y:g}l7 -4v8z"/>'
        yield f'<text x="{far + 6:g}" y="{y:g}">{escape(event.type)}</text>'
        yield from self.queue(event, far + 6 + CHAR * (len(event.type) + 1), y)
        yield "</g>"

    def queue(self, event: Message, x: float, y: float) -> Iterator[str]:
        if event.depth is None:
            return
        words = f"{plural(event.depth, 'event')} waiting in the queue"
        yield f"<g><title>{words}</title>"
        for n in range(min(event.depth, QUEUE_DRAWN)):
            yield f'<rect class="tip" x="{x + n * 6:g}" y="{y - 5:g}" width="4" height="10"/>'
        x += min(event.depth, QUEUE_DRAWN) * 6
        yield f'<text class="how" x="{x:g}" y="{y:g}">{event.depth} queued</text></g>'

    def fold(self, row: Fold, index: int) -> Iterator[str]:
        x = self.lefts[self.column(row)] + PAD + self.levels[index] * INDENT
        y, words = self.y(index), ellipsis(row)
        yield (
            f'<a class="fold" href="#{self.ident}-{row.number}-f{row.part}" '
            f'tabindex="-1"><title>{escape(folded(self.view, row))}</title>'
            f'<rect class="pill" x="{x:g}" y="{y - 9:g}" rx="9" '
            f'width="{CHAR * len(words) + 8:g}" height="18"/>'
            f'<text x="{x + 8:g}" y="{y:g}">{words}</text></a>'
        )

    def arrival(self, row: Arrival, index: int) -> Iterator[str]:
        y, to = self.y(index), self.x(row) + BAR / 2
        start, words = self.departure(row), how(row)
        # Above the word, which stands beside all that runs down the lane.
        bend = f"M{start:g} {y - LIFT:g}H{to:g}v{ROW / 2 - 5 + LIFT:g}"
        tip = f'<path class="hoptip" d="M{to:g} {y + ROW / 2:g}l-4 -6h8z"/>'
        yield f"<g><title>{escape(plain(arrived(self.view, row)))}</title>"
        yield f'<path class="hop" d="{bend}"/>{tip}'
        x = to + 12 + self.levels[index] * INDENT
        yield f'<text class="how" x="{x:g}" y="{y + 4:g}">{escape(words)}</text></g>'

    def departure(self, row: Arrival) -> float:
        """Where the arrow begins: at the call that scheduled, else close by."""
        here = self.x(row) + BAR / 2
        hop = row.hop
        if hop is None or hop.origin_lane in (None, row.lane):
            return here - PAD
        around = self.view.shown_around(hop.origin)
        if around is not None and around.lane == hop.origin_lane:
            return self.x(around) + BAR / 2
        assert hop.origin_lane is not None
        return self.lefts[hop.origin_lane] + PAD + BAR / 2
