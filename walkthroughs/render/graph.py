"""Two more pictures as inline SVG: states with what leads on, and who calls whom.

States are boxes with arrows beside them, and a module map has its boxes in layers, each with
what it calls: words never lie on lines.  All
text is real text; a title and a description say what the picture says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from .colours import with_colours
from .lane_layout import CHAR
from .svg import LETTERS

ROW = 24
"""Height of a line of text."""
GAP = 18
"""Space between two boxes."""
TRACK = 10
"""Space between two arrows that run side by side."""

STYLE = with_colours(
    LETTERS.format("wt-graph")
    + """
.wt-graph .more{fill:var(--md-default-fg-color--light,#59636e)}
.wt-graph .box{fill:var(--md-code-bg-color,#f6f8fa);
stroke:var(--md-default-fg-color--light,#59636e)}
.wt-graph .line{fill:none;stroke:var(--wt-task);stroke-width:1.5}
.wt-graph .up .line{stroke:var(--wt-event)}
.wt-graph .tip{fill:var(--wt-task)}
.wt-graph .up .tip{fill:var(--wt-event)}
.wt-graph .band{fill:none;stroke:var(--md-default-fg-color--lightest,#d0d7de)}
.wt-graph .call{fill:var(--wt-task)}
.wt-graph .up .call{fill:var(--wt-event)}
.wt-graph .count{text-anchor:end}
""".rstrip()
)


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another, or to the same.

    Args:
        start: the name of the one.
        end: the name of the other.
        words: what leads there.
        weight: how often it was seen.
    """

    start: str
    end: str
    words: str
    weight: int = 1


def states(
    boxes: Mapping[str, str], arrows: Sequence[Arrow], title: str, ident: str
) -> str:
    """Draw the states as boxes, below each other; each arrow leaves beside its words.

    Args:
        boxes: state -> what it means.
        arrows: what leads from one to another.
        title: what they are the states of.
        ident: its id on the page.
    """
    leaving = {name: [a for a in arrows if a.start == name] for name in boxes}
    tops, y = {}, 4.0
    for name in boxes:
        tops[name] = y
        y += ROW * (1 + max(1, len(leaving[name]))) + GAP
    inner = CHAR * max(len(text) for text in (*boxes, *boxes.values())) + 20
    words = CHAR * max((len(arrow.words) for arrow in arrows), default=0)
    track = inner + words + 40
    parts = [
        _box(name, boxes[name], tops[name], inner, leaving[name]) for name in boxes
    ]
    outgoing = [(a, n) for name in boxes for n, a in enumerate(leaving[name])]
    for place, (arrow, n) in enumerate(outgoing):
        start = tops[arrow.start] + ROW * (n + 1.5)
        end = tops[arrow.end] + ROW / 2
        parts.append(_track(arrow, start, end, inner, track + TRACK * place))
    said = "; ".join(f"{a.start} to {a.end}: {a.words}" for a in arrows)
    width = track + TRACK * len(outgoing)
    return _svg(parts, width, y, title, f"{said}.", ident)


def _box(
    name: str, meaning: str, top: float, width: float, leaving: Sequence[Arrow]
) -> str:
    height = ROW * (1 + max(1, len(leaving)))
    return (
        f'<rect class="box" x="1" y="{top:g}" width="{width:g}" height="{height}" '
        f'rx="4"/><text class="name" x="10" y="{top + ROW / 2:g}">{escape(name)}</text>'
        f'<text class="more" x="10" y="{top + ROW * 1.5:g}">{escape(meaning)}</text>'
    )


def _track(arrow: Arrow, start: float, end: float, left: float, track: float) -> str:
    x = left + 12 + CHAR * (len(arrow.words) + 1)
    css = ' class="up"' if end < start else ""
    return (
        f'<g{css}><text x="{left + 12:g}" y="{start:g}">{escape(arrow.words)}</text>'
        f'<path class="line" d="M{x:g} {start:g}H{track:g}V{end:g}H{left + 8:g}"/>'
        f'<path class="tip" d="M{left + 1:g} {end:g}l9 -4v8z"/></g>'
    )


@dataclass(frozen=True, slots=True)
class Layer:
    """Boxes that belong together.

    Args:
        name: what they are.
        rows: the names of the boxes, row by row.
    """

    name: str
    rows: Sequence[Sequence[str]]


COLUMN = 164
"""Width of a box of a module map, with the space beside it."""


def module_map(
    layers: Sequence[Layer], arrows: Sequence[Arrow], title: str, ident: str
) -> str:
    """Draw who calls whom, layer below layer.

    No line crosses another: each box lists what it calls, the most called first, with a
    sign that points up or down to where that is drawn.

    Args:
        layers: the boxes, from top to bottom.
        arrows: the calls.
        title: what it is a map of.
        ident: its id on the page.
    """
    rows = [row for layer in layers for row in layer.rows]
    height = {name: n for n, row in enumerate(rows) for name in row}
    parts: list[str] = []
    y, width = 4.0, COLUMN * max(map(len, rows))
    for layer in layers:
        top = y
        y += ROW + 4
        for row in layer.rows:
            calls = [_calls(name, arrows) for name in row]
            for n, (name, found) in enumerate(zip(row, calls, strict=True)):
                parts += _room(name, found, height, n * COLUMN + 10, y)
            y += ROW * (1 + max(map(len, calls))) + GAP
        parts.insert(0, _band(layer.name, top, width + 4, y - top - 6))
        y += 6
    said = "; ".join(f"{a.start} calls {a.end}: {a.words}" for a in arrows)
    return _svg(parts, width + 8, y, title, f"{said}.", ident)


def _calls(name: str, arrows: Sequence[Arrow]) -> list[Arrow]:
    own = [arrow for arrow in arrows if arrow.start == name]
    return sorted(own, key=lambda arrow: (-arrow.weight, arrow.end))


def _band(name: str, top: float, width: float, height: float) -> str:
    return (
        f'<rect class="band" x="2" y="{top:g}" width="{width:g}" height="{height:g}" '
        f'rx="6"/><text class="more" x="12" y="{top + 14:g}">{escape(name)}</text>'
    )


def _room(
    name: str, calls: Sequence[Arrow], height: Mapping[str, int], x: float, y: float
) -> Iterator[str]:
    """Yield a box, and below its name what it calls."""
    tall = ROW * (1 + len(calls))
    yield (
        f'<rect class="box" x="{x:g}" y="{y:g}" width="{COLUMN - 12}" '
        f'height="{tall}" rx="4"/>'
        f'<text class="name" x="{x + 10:g}" y="{y + ROW / 2:g}">{escape(name)}</text>'
    )
    for n, arrow in enumerate(calls, 1):
        up = height[arrow.end] < height[name]
        sign = "\u2191" if up else "\u2193"
        if height[arrow.end] == height[name]:
            sign = "\u2192"
        css = ' class="up"' if up else ""
        said = f"{arrow.start} calls {arrow.end}: {arrow.words}"
        line = y + ROW * (n + 0.5)
        yield (
            f"<g{css}><title>{escape(said)}</title>"
            f'<text class="call" x="{x + 10:g}" y="{line:g}">{sign} '
            f"{escape(arrow.end)}</text>"
            f'<text class="call count" x="{x + COLUMN - 22:g}" y="{line:g}">'
            f"{arrow.weight}</text></g>"
        )


def _svg(
    parts: Sequence[str], width: float, height: float, title: str, said: str, ident: str
) -> str:
    return "\n".join(
        _lines(parts, round(width), round(height), title, said, escape(ident))
    )


def _lines(
    parts: Sequence[str], width: int, height: int, title: str, said: str, ident: str
) -> Iterator[str]:
    yield (
        f'<div class="wt-drawing" role="group" tabindex="0" aria-label="{escape(title)}">'
        f'<svg class="wt-graph" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><title id="{ident}-t">{escape(title)}</title>'
        f'<desc id="{ident}-d">{escape(said)}</desc><style>{STYLE}</style>'
    )
    yield from parts
    yield "</svg></div>"
