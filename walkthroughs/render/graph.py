"""Two more pictures as inline SVG: states with what leads on, and who calls whom.

Both are lists of boxes with arrows beside them, so that words never lie on lines.  All
text is real text; a title and a description say what the picture says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log2

from .svg import CHAR, LETTERS

ROW = 24
"""Height of a line of text."""
GAP = 18
"""Space between two boxes."""
TRACK = 14
"""Space between two arrows that run side by side."""

STYLE = (
    LETTERS.format("wt-graph")
    + """
.wt-graph .more{fill:var(--md-default-fg-color--light,#59636e)}
.wt-graph .box{fill:var(--md-code-bg-color,#f6f8fa);
stroke:var(--md-default-fg-color--light,#59636e)}
.wt-graph .line{fill:none;stroke:var(--wt-task,#0b6e63);stroke-width:1.5}
.wt-graph .up .line{stroke:var(--wt-event,#a3236f)}
.wt-graph .tip{fill:var(--wt-task,#0b6e63)}
.wt-graph .up .tip{fill:var(--wt-event,#a3236f)}
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


def house(boxes: Sequence[str], arrows: Sequence[Arrow], title: str, ident: str) -> str:
    """Who calls whom: calls that go down on the right, those that go up on the left.

    Args:
        boxes: the names, in their order.
        arrows: the calls; the more there are, the thicker is the line.
        title: what house it is.
        ident: its id on the page.
    """
    width = CHAR * max(map(len, boxes)) + 24
    reach = 40 + 14 * len(boxes)
    place = {name: n for n, name in enumerate(boxes)}
    step = ROW + GAP
    heaviest_first = sorted(arrows, key=lambda each: -each.weight)
    parts = [_arc(each, place, reach, width, step) for each in heaviest_first]
    for name, n in place.items():
        parts.append(
            f'<rect class="box" x="{reach}" y="{n * step + 4}" width="{width:g}" '
            f'height="{ROW}" rx="4"/><text class="name" x="{reach + 12}" '
            f'y="{n * step + 4 + ROW / 2:g}">{escape(name)}</text>'
        )
    said = "; ".join(f"{a.start} calls {a.end}: {a.words}" for a in arrows)
    total = reach * 2 + width
    return _svg(parts, total, step * len(boxes), title, f"{said}.", ident)


def _arc(
    arrow: Arrow, place: Mapping[str, int], reach: int, width: float, step: int
) -> str:
    down = place[arrow.end] > place[arrow.start]
    start = place[arrow.start] * step + 4 + ROW * 0.7
    end = place[arrow.end] * step + 4 + ROW * 0.3
    x, way = (reach + width, 1) if down else (reach, -1)
    far = x + way * (26 + 13 * abs(place[arrow.end] - place[arrow.start]))
    tip = x + way * 7
    thick = 1 + min(4, log2(arrow.weight) / 2)
    said = f"{arrow.start} calls {arrow.end}: {arrow.words}"
    css = "" if down else ' class="up"'
    return (
        f"<g{css}><title>{escape(said)}</title>"
        f'<path class="line" style="stroke-width:{thick:.1f}" opacity=".75" '
        f'd="M{x:g} {start:g}C{far:g} {start:g} {far:g} {end:g} {tip:g} {end:g}"/>'
        f'<path class="tip" d="M{x:g} {end:g}l{way * 9} -4v8z"/></g>'
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
