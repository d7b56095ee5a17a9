"""The swim lanes on a scale of time: one row a lane, time flowing to the right, as SVG.

Unlike the picture in `svg`, this one is of one run, and another with every recording.
Invariants:

* within a lane, places are in proportion to time, as percentages of the width; all that
  is not so is a marked cut with its length beside it, and only waiting is cut out;
* each state of a lane has a shape of its own, so that no colour need be told apart;
* an arrow goes from the moment when something was scheduled to that when it began;
* every step has a mark that links to its place in the list of steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from html import escape

from ..trace import Event, Message
from .colours import with_colours
from .durations import spoken
from .sentences import arrived, plain
from .stretches import State, Stretch
from .svg import LETTERS
from .time_scale import CUT, Scale
from .view import Arrival, View, short
from .waits import Waits

HEADER = 38
"""Height of the scale."""
ROW = 58
"""Height of a lane: its name, its track, the numbers of its steps."""
TRACK = 20
"""Where in a lane's row its track begins."""
BAR = 18
"""Height of the track."""

LABEL = 9.0
"""Waiting that is so wide, in percent, has its length written on it."""
NARROW = 0.02
"""A stretch that ends so close, in percent, to one of its state is not drawn."""
DIGIT = 1.2
"""How wide a digit of a step's number is at most, in percent."""

STATES: Mapping[State, str] = {
    "running": "running",
    "queued": "queued",
    "suspended": "suspended",
    "client": "waiting for the client",
    "io": "waiting for I/O",
}
"""What a state is called."""

MEANINGS: Mapping[State, str] = {
    "running": "recorded code runs, or blocks its thread",
    "queued": "scheduled, and not begun yet",
    "suspended": "it awaits something",
    "client": "suspended in receive, until the loop found a socket ready and that woke it",
    "io": "nothing recorded runs in its thread until a socket or pipe is ready",
}
"""What a state means."""

STYLE = with_colours(
    LETTERS.format("wt-clock")
    + """
.wt-clock[role]{min-width:40rem;width:100%}
.wt-clock text{font-size:11px}
.wt-clock .loop,.wt-clock .reactor{--wt-lane:var(--wt-loop)}
.wt-clock .task{--wt-lane:var(--wt-task)}
.wt-clock .thread{--wt-lane:var(--wt-thread)}
.wt-clock .scale{stroke:currentColor;opacity:.15}
.wt-clock .cut{fill:currentColor;opacity:.07}
.wt-clock text{paint-order:stroke;stroke:var(--md-default-bg-color,#fff);stroke-width:4px;
stroke-linejoin:round}
.wt-clock .when,.wt-clock .seq{fill:var(--md-default-fg-color--light,#59636e)}
.wt-clock .when{text-anchor:middle}
.wt-clock .running{fill:var(--wt-lane);stroke:var(--wt-lane)}
.wt-clock .queued{fill:var(--md-default-bg-color,#fff);stroke:var(--wt-lane)}
.wt-clock .suspended{stroke:var(--wt-lane);stroke-width:3;opacity:.75}
.wt-clock .client{stroke:var(--wt-event);stroke-width:7;stroke-dasharray:7 3}
.wt-clock .io{stroke:var(--md-default-fg-color--light,#59636e);stroke-width:3;
stroke-dasharray:2 5}
.wt-clock .tick{stroke:currentColor}
.wt-clock .event .tick{stroke:var(--wt-event);stroke-width:3}
.wt-clock .event .seq{fill:var(--wt-event)}
.wt-clock .hit{fill:transparent;stroke:transparent;stroke-width:5}
.wt-clock .hop{stroke:var(--md-default-fg-color--light,#59636e);stroke-width:1.4}
.wt-clock .hoptip{fill:var(--md-default-fg-color--light,#59636e)}
.wt-clock .now{stroke:none}
.wt-clock .wt-here .now{stroke:var(--md-accent-fg-color,#a13d0a);stroke-width:2}
.wt-clock .wt-here .seq{fill:var(--md-accent-fg-color,#a13d0a);font-weight:700}
"""
).rstrip()


class Timeline:
    """The picture of one view, and what to say below it.

    Args:
        view: what to draw.
        ident: the walkthrough's id on its page; marks link to `#<ident>-<number>`.
        waits: what the recording tells of waiting.
    """

    def __init__(self, view: View, ident: str, waits: Waits) -> None:
        self.view = view
        self.ident = escape(ident)
        self.waits = waits
        self.start, self.end = self._window()
        busy = [
            (each.start, each.end)
            for stretches in self.states.values()
            for each in stretches
            if each.state in ("running", "queued")
        ]
        self.scale = Scale(self.start, self.end, busy)

    def svg(self) -> str:
        """Return the picture as one `<svg>`, as wide as what it stands in."""
        return "\n".join(self._parts())

    @cached_property
    def states(self) -> Mapping[int, Sequence[Stretch]]:
        """Lane -> its states in the part of the recording that is shown."""
        return {
            lane: [
                Stretch(
                    each.state, max(each.start, self.start), min(each.end, self.end)
                )
                for each in self.waits.stretches(lane)
                if each.end >= self.start and each.start <= self.end
            ]
            for lane in self.view.lanes
        }

    def totals(self, lane: int) -> Mapping[State, int]:
        """Return how many nanoseconds a lane was in each state, of those that it was in."""
        found: dict[State, int] = {}
        for each in self.states[lane]:
            found[each.state] = found.get(each.state, 0) + each.end - each.start
        return {state: found[state] for state in STATES if found.get(state)}

    def _window(self) -> tuple[int, int]:
        """Return from when to when the shown part of the recording is."""
        events = self.view.trace.events
        if not self.view.shown:
            return 0, 0
        first: Event = events[self.view.shown[0]]
        start = first.time
        row = self.view.rows[0]
        if isinstance(row, Arrival) and row.hop:
            queued = self.waits.queued(row.hop)
            began = row.hop.time if row.hop.began is None else row.hop.began
            start = min(start, queued.start if queued else began)
        return start, max(event.time for event in events[first.seq : self.view.end])

    # Parts

    def _parts(self) -> Iterator[str]:
        height = HEADER + ROW * len(self.view.lanes)
        label = f"Swim lanes by time, as of one run of {spoken(self.end - self.start)}"
        yield (
            f'<svg class="wt-svg wt-clock" xmlns="http://www.w3.org/2000/svg" '
            f'role="group" aria-label="{label}" width="100%" height="{height}">'
        )
        yield f"<style>{STYLE}</style>"
        yield (
            f'<marker id="{self.ident}-tip" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            '<path class="hoptip" d="M0 0l8 4l-8 4z"/></marker>'
        )
        yield from self._scale(height)
        for lane in self.view.lanes:
            yield from self._lane(lane)
        for row in self.view.rows:
            if isinstance(row, Arrival):
                yield from self._arrow(row)
        yield from self._steps(height)
        for lane in self.view.lanes:
            # Last, so that no arrow runs through a name.
            name = escape(self.view.trace.lanes[lane].label)
            yield f'<text class="name" x="4" y="{self._top(lane) + 10}">{name}</text>'
        yield "</svg>"

    def _scale(self, height: int) -> Iterator[str]:
        for x, words in self.scale.ticks():
            yield f'<line class="scale" {_at(x)} y1="{HEADER - 4}" y2="{height}"/>'
            if 3 < x < 97:
                yield f'<text class="when" x="{x:.2f}%" y="{HEADER - 12}">{words}</text>'
        for piece in self.scale.pieces:
            if piece.cut:
                middle = (piece.left + piece.right) / 2
                yield (
                    f'<rect class="cut" x="{piece.left:.2f}%" y="18" width="{CUT:g}%" '
                    f'height="{height}"/><text class="when" x="{middle:.2f}%" y="9">'
                    f"⋯ {spoken(piece.end - piece.start)} ⋯</text>"
                )

    def _lane(self, lane: int) -> Iterator[str]:
        top = self._top(lane) + TRACK
        yield f'<g class="{self.view.trace.lanes[lane].kind}">'
        # State -> where what is drawn of it ends.  However many stretches there are, it
        # is as many elements at most as there are places.
        drawn: dict[State, float] = {}
        for each in self.states[lane]:
            right = self.scale.x(each.end)
            if right - drawn.get(each.state, -NARROW) < NARROW:
                continue
            drawn[each.state] = right
            title = f"{STATES[each.state]}: {spoken(each.end - each.start)}"
            left = self.scale.x(each.start)
            if each.state in ("running", "queued"):
                yield (
                    f'<rect class="{each.state}" x="{left:.2f}%" y="{top}" '
                    f'width="{right - left:.2f}%" height="{BAR}"><title>{title}</title>'
                    "</rect>"
                )
            elif right > left:
                y = top + BAR / 2
                yield (
                    f'<line class="{each.state}" x1="{left:.2f}%" x2="{right:.2f}%" '
                    f'y1="{y:g}" y2="{y:g}"><title>{title}</title></line>'
                )
            if each.state != "running" and right - left >= LABEL:
                yield (
                    f'<text class="when" x="{(left + right) / 2:.2f}%" '
                    f'y="{top + BAR / 2:g}">{spoken(each.end - each.start)}</text>'
                )
        yield "</g>"

    def _arrow(self, row: Arrival) -> Iterator[str]:
        hop = row.hop
        if hop is None or hop.scheduled is None or hop.began is None:
            return
        if hop.origin_lane is None or hop.origin_lane == hop.lane:
            return
        down = self._top(hop.lane) > self._top(hop.origin_lane)
        start = self._top(hop.origin_lane) + TRACK + (BAR if down else 0)
        end = self._top(hop.lane) + TRACK + (0 if down else BAR)
        left, right = self.scale.x(hop.scheduled), self.scale.x(hop.began)
        title = plain(arrived(self.view, row))
        if queued := self.waits.queued(hop):
            title += f" Queued for {spoken(queued.waited)}."
        yield (
            f'<line class="hop" x1="{left:.2f}%" x2="{right:.2f}%" y1="{start}" '
            f'y2="{end}" marker-end="url(#{self.ident}-tip)">'
            f"<title>{escape(title)}</title></line>"
        )

    def _steps(self, height: int) -> Iterator[str]:
        # Where in each lane the last number ends.
        written: dict[int, float] = {}
        for step in self.view.steps:
            x, top = self.scale.x(step.event.time), self._top(step.lane)
            css = ' class="event"' if isinstance(step.event, Message) else ""
            title = escape(f"{step.number}. {short(self.view.name(step))}")
            bottom = top + TRACK + BAR
            yield (
                f'<a{css} href="#{self.ident}-{step.number}" tabindex="-1">'
                f'<title>{title}</title><line class="now" {_at(x)} y1="{HEADER - 4}" '
                f'y2="{height}"/><line class="tick" {_at(x)} y1="{bottom}" '
                f'y2="{bottom + 4}"/>'
            )
            wide = DIGIT * (len(str(step.number)) + 0.8)
            if x >= written.get(step.lane, 0) and x + wide <= 100:
                written[step.lane] = x + wide
                yield (
                    f'<text class="seq" x="{x:.2f}%" y="{bottom + 11}">'
                    f"{step.number}</text>"
                )
            yield "</a>"

    def _top(self, lane: int) -> int:
        return HEADER + ROW * self.view.lanes.index(lane)


def _at(x: float) -> str:
    return f'x1="{x:.2f}%" x2="{x:.2f}%"'


def swatch(state: State) -> str:
    """Draw the shape of a state, for a legend."""
    shape = (
        f'<rect class="{state}" x="1" y="2" width="26" height="12"/>'
        if state in ("running", "queued")
        else f'<line class="{state}" x1="0" x2="28" y1="8" y2="8"/>'
    )
    return (
        '<svg class="wt-clock" width="28" height="16" aria-hidden="true">'
        f'<g class="task">{shape}</g></svg>'
    )
