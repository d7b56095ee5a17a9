"""Two recordings side by side: the same request on two servers, stage by stage.

Steps of the two are the same stage if they are called the same but for the package
and for camelCase against snake_case, or are the same ASGI event.  What only one server
does stands alone in its row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape

from ..trace import Call, Hop, Message
from .sentences import plural
from .view import Step, View, short


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: a step of each side, or of one of them."""

    left: Step | None
    right: Step | None


def stage(name: str) -> str:
    """Return what a step is called, whichever server runs it.

    "HTTPFactory.buildProtocol" and "HTTPFactory.build_protocol" give the same; a class
    is the same in any module.
    """
    last = name.rpartition(".")[2]
    brief = last if last[:1].isupper() else short(name)
    return brief.replace("_", "").lower()


def aligned(left: View, right: View) -> tuple[Pair, ...]:
    """Align the shown steps of both, in order, those of one stage in one row."""
    return tuple(_pairs(left, right))


def _pairs(left: View, right: View) -> Iterator[Pair]:
    ours_named, theirs_named = (
        [stage(view.name(step)) for step in view.steps] for view in (left, right)
    )
    # Steps that come often are no less worth aligning.
    matcher = SequenceMatcher(None, ours_named, theirs_named, autojunk=False)
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        ours, theirs = left.steps[a:a_end], right.steps[b:b_end]
        if tag == "equal":
            yield from (Pair(*both) for both in zip(ours, theirs, strict=True))
        else:
            yield from (Pair(step, None) for step in ours)
            yield from (Pair(None, step) for step in theirs)


def compare(
    left: View,
    right: View,
    left_ident: str,
    right_ident: str,
    ident: str,
    titles: tuple[str, str] | None = None,
) -> str:
    """Render a table of two views, stage by stage; the script makes it a stepper.

    Args:
        left: the one view.
        right: the other.
        left_ident: the id of the left one's walkthrough, which is on the same page.
        right_ident: the id of the right one's.
        ident: the id of the table.
        titles: of the two columns; None for the names of the servers.
    """
    sides = ((left, left_ident), (right, right_ident))
    servers = [view.trace.header.server for view, _ in sides]
    names = [escape(each) for each in titles or servers]
    heads = "".join(
        f'<th scope="col">{name}<br><small>{_counts(view)}</small></th>'
        for name, (view, _) in zip(names, sides, strict=True)
    )
    rows = "\n".join(
        _row(pair, number, sides, ident)
        for number, pair in enumerate(aligned(left, right), 1)
    )
    label = f"{names[0]} and {names[1]} side by side"
    return (
        f'<div class="wt wt-compare" id="{escape(ident)}-walk" role="group" '
        f'aria-label="{label}">\n'
        f'<table class="wt-pairs"><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _row(
    pair: Pair, number: int, sides: tuple[tuple[View, str], ...], ident: str
) -> str:
    cells = "".join(
        _cell(step, view, where)
        for step, (view, where) in zip((pair.left, pair.right), sides, strict=True)
    )
    css = ' class="wt-both"' if pair.left and pair.right else ""
    return f'<tr id="{escape(ident)}-{number}"{css}>{cells}</tr>'


def _cell(step: Step | None, view: View, ident: str) -> str:
    if step is None:
        return '<td><span class="wt-sr">no such stage</span></td>'
    name = view.name(step)
    words = escape(short(name)).replace(".", ".<wbr>")
    css = ' class="wt-message"' if isinstance(step.event, Message) else ""
    link = f'<a href="#{escape(ident)}-{step.number}" title="{escape(name)}">'
    return f"<td{css}>{_lane(step, view)}{link}<code>{words}</code></a></td>"


def _lane(step: Step, view: View) -> str:
    """Say where a step runs, if the shown step before it ran elsewhere."""
    before = view.steps[step.number - 2] if step.number > 1 else None
    if before is not None and before.lane == step.lane:
        return ""
    return f"<small>{escape(view.lane(step).label)}</small><br>"


def _counts(view: View) -> str:
    """How much happened between the first shown step and the last."""
    if not view.shown:
        return "nothing shown"
    events = view.trace.events[view.shown[0] : view.shown[-1] + 1]
    nouns = ((Call, "call"), (Hop, "hop"), (Message, "ASGI event"))
    return ", ".join(
        plural(sum(isinstance(event, kind) for event in events), noun)
        for kind, noun in nouns
    )
