"""The way of one request, from the browser to the view and back, as a drawing.

Each place is a box with a line below it; the way goes down and across, from stage to
stage.  There are two drawings of the same: a wide one, and one for a phone.  A list below
says the same in words: the script shows the entry of one stage at a time, and moves a
mark along the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from .colours import with_colours
from .svg import LETTERS
from .view import short

PLACES = ("browser", "socket", "reactor", "queue", "task", "view")
"""The places, from left to right; the first is where the way begins and ends."""

STYLE = with_colours(
    LETTERS.format("wt-route")
    + """
.wt-route{display:block;width:100%;height:auto}
.wt-trip .wt-tall{display:none;max-width:24rem;margin:auto}
.wt-trip .box{fill:var(--md-code-bg-color,#f6f8fa);stroke:var(--md-default-fg-color--light,#59636e)}
.wt-trip .place{text-anchor:middle;font:600 14px system-ui,sans-serif}
.wt-trip .wt-tall .place{font-size:11px}
.wt-trip .life{stroke:var(--md-default-fg-color--light,#59636e);stroke-dasharray:2 5;opacity:.6}
.wt-trip .way{fill:none;stroke:var(--at);stroke-width:2.5}
.wt-trip .tip,.wt-trip .dot{fill:var(--at)}
.wt-route a{color:inherit;text-decoration:none}
.wt-route a:hover .name{text-decoration:underline}
.wt-trip .name,.wt-trip .gloss{paint-order:stroke;stroke:var(--md-default-bg-color,#fff);stroke-width:4px}
.wt-trip .gloss{fill:var(--md-default-fg-color--light,#59636e);font:14px system-ui,sans-serif}
.wt-trip .nth{text-anchor:middle;font:700 12px system-ui,sans-serif;fill:var(--md-default-bg-color,#fff)}
.wt-trip .mark{fill:none;pointer-events:none;stroke:var(--accent);stroke-width:3.5;opacity:0;transition:transform .4s}
.wt-trip .wt-here .name{fill:var(--accent)}
.wt-trip .browser,.wt-trip .socket,.wt-trip .reactor{--at:var(--wt-loop)}
.wt-trip .queue{--at:var(--wt-event)}
.wt-trip .task{--at:var(--wt-task)}
.wt-trip .view{--at:var(--wt-thread)}
@media screen and (max-width:60em){.wt-trip .wt-wide{display:none}.wt-trip .wt-tall{display:block}}
@media screen and (scripting:enabled){
.wt-trip .wt-way>:not(.wt-here){display:none}
.wt-trip:not(:has(.wt-here)) .wt-way>:first-child{display:list-item}
.wt-trip:not(:has(.wt-stage)){padding-bottom:3.5rem}}
.wt.wt.wt.wt-trip .wt-stage{margin:.3rem 0}
.wt.wt.wt.wt-trip .wt-bar input{flex-basis:4rem}
@media (prefers-reduced-motion:reduce){.wt-trip .mark{transition:none}}
"""
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A stage on the way.

    Args:
        place: where it runs, one of `PLACES`.
        name: its dotted name, or that of an ASGI event.
        gloss: what the author says of it.
        number: the number of its step in the walkthrough.
    """

    place: str
    name: str
    gloss: str
    number: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The measures of a drawing, in units of its own.

    Args:
        name: its class.
        column: width of a place.
        row: height of a stage.
        glosses: whether what is said of a stage fits beside its name.
    """

    name: str
    column: int
    row: int
    glosses: bool


WIDE = Layout("wt-wide", 186, 34, glosses=True)
TALL = Layout("wt-tall", 60, 40, glosses=False)

BOX = 30
"""Height of a place's box."""
DOT = 9
"""Radius of a stage's dot."""
LETTER = 7.3
"""Width of a letter of a name."""


def round_trip(stops: Sequence[Stop], walk: str) -> str:
    """Draw the way of a request.

    Args:
        stops: the stages, in order.
        walk: the id of the walkthrough on the page that has their steps.
    """
    ident = f"{walk}-trip"
    drawings = (_Drawing(stops, walk, each) for each in (WIDE, TALL))
    items = "\n".join(_said(stop, walk) for stop in stops)
    return "\n".join(
        (
            (
                f'<div class="wt wt-trip" role="group" id="{escape(ident)}-walk" '
                f'aria-label="The way of a request"><style>{STYLE}</style>'
            ),
            *(part for drawing in drawings for part in drawing.parts()),
            f'<ol class="wt-way">\n{items}\n</ol></div>',
        )
    )


def _said(stop: Stop, walk: str) -> str:
    gloss = f": {escape(stop.gloss)}" if stop.gloss else ""
    where = "At" if stop.place == "socket" else "In"
    return (
        f'<li>{where} the {stop.place}, <a href="#{escape(walk)}-{stop.number}"><code>'
        f"{escape(short(stop.name))}</code></a>{gloss}.</li>"
    )


class _Drawing:
    """The geometry of one drawing, and its parts in the order they are painted."""

    def __init__(self, stops: Sequence[Stop], walk: str, layout: Layout) -> None:
        self.stops = stops
        self.walk = escape(walk)
        self.ident = f"{self.walk}-{layout.name}"
        self.layout = layout
        self.width = layout.column * len(PLACES)
        self.height = BOX + layout.row * (len(stops) + 1) + 8

    def x(self, place: str) -> float:
        return self.layout.column * (PLACES.index(place) + 0.5)

    def y(self, number: int) -> float:
        """Return the height of the `number`-th stage, from 1."""
        return BOX + self.layout.row * number

    def parts(self) -> Iterator[str]:
        first, last = self.stops[0], self.stops[-1]
        said = "; ".join(
            f"{n}. {stop.place}, {short(stop.name)}: {stop.gloss}"
            for n, stop in enumerate(self.stops, 1)
        )
        yield (
            f'<svg class="wt-route {self.layout.name}" xmlns="http://www.w3.org/2000/svg" '
            f'role="group" aria-labelledby="{self.ident}-t {self.ident}-d" '
            f'viewBox="0 0 {self.width} {self.height}">'
            f'<title id="{self.ident}-t">The way of one request, as recorded</title>'
            f'<desc id="{self.ident}-d">From the browser and back to it: {escape(said)}.'
            "</desc>"
        )
        yield from map(self.box, PLACES)
        yield self.way(PLACES[0], first, 1)
        for n, (before, stop) in enumerate(pairwise(self.stops), 2):
            yield self.way(before.place, stop, n)
        yield self.home(last)
        for n, stop in enumerate(self.stops, 1):
            yield self.stop(self.stops[n - 2].place if n > 1 else PLACES[0], stop, n)
        yield f'<circle class="mark" r="{DOT + 4}"/></svg>'

    def box(self, place: str) -> str:
        x, width = self.x(place), self.layout.column - 6
        return (
            f'<path class="life" d="M{x:g} {BOX}V{self.height}"/>'
            f'<rect class="box" x="{x - width / 2:g}" y="1" width="{width}" '
            f'height="{BOX - 2}" rx="5"/>'
            f'<text class="place" x="{x:g}" y="{BOX / 2:g}">{place}</text>'
        )

    def way(self, before: str, stop: Stop, number: int) -> str:
        """Draw what leads to a stage: down, and across with a tip."""
        x, far, y = self.x(before), self.x(stop.place), self.y(number)
        line = f"M{x:g} {self.y(number - 1):g}V{y:g}"
        tip = ""
        if far != x:
            way = 1 if far > x else -1
            line += f"H{far - way * DOT:g}"
            tip = (
                f'<path class="tip" d="M{far - way * DOT:g} {y:g}l{-9 * way} -5v10z"/>'
            )
        return f'<g class="{stop.place}"><path class="way" d="{line}"/>{tip}</g>'

    def home(self, last: Stop) -> str:
        """Draw the way back to the browser, which is not recorded."""
        x, far, y = self.x(last.place), self.x(PLACES[0]), self.y(len(self.stops) + 1)
        start = self.y(len(self.stops))
        return (
            f'<g class="browser"><path class="way" d="M{x:g} {start:g}V{y:g}H{far:g}"/>'
            f'<path class="tip" d="M{far:g} {y:g}l9 -5v10z"/></g>'
        )

    def stop(self, before: str, stop: Stop, number: int) -> str:
        """Draw a stage: its dot, and its name above the line that leads to it."""
        x, far, y = self.x(before), self.x(stop.place), self.y(number)
        leftwards = far < x or (far == x and x > self.width / 2)
        # Beside its dot, if nothing leads across to it.
        aside, up = (DOT + 7, 0) if far == x else (8, DOT + 8)
        at = x - aside if leftwards else x + aside
        anchor = ' text-anchor="end"' if leftwards else ""
        name = escape(short(stop.name))
        words = f'<tspan class="name">{name}</tspan>'
        if self.layout.glosses and stop.gloss:
            # Two words to those who hear them.
            words = f'<tspan class="name">{name} </tspan>'
            words += f'<tspan class="gloss" dx="3">{escape(stop.gloss)}</tspan>'
        return (
            f'<a href="#{self.walk}-{stop.number}" class="wt-stop {stop.place}">'
            f'<text x="{at:g}" y="{y - up:g}"{anchor}>{words}</text>'
            f'<circle class="dot" cx="{far:g}" cy="{y:g}" r="{DOT}"/>'
            f'<text class="nth" x="{far:g}" y="{y:g}">{number}</text></a>'
        )
