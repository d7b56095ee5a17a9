"""The two scales of the swim lanes on a page, each with its legend, and the switch.

Order is there for all readers, and is the same for all recordings of the same calls.
Time is of one run; a script unpacks it when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..trace import Hop
from .durations import spoken
from .sentences import ARROWS
from .timeline import MEANINGS, STATES, Timeline, swatch
from .view import Arrival, View
from .waits import Waits

SHAPES = (
    ("dotted line", "the call is suspended"),
    ("crossed arrow", "an ASGI event goes to the application, or comes from it"),
)


def switch(ident: str) -> str:
    """Render the choice between order and time.

    Args:
        ident: the walkthrough's id on its page.
    """
    radios = "".join(
        f'<label><input type="radio" name="{escape(ident)}-scale" value="{value}" '
        f'autocomplete="off"{checked}> {words}</label>'
        for value, words, checked in (
            ("order", "Order", " checked"),
            ("time", "Time, as of one run", ""),
        )
    )
    return (
        '<fieldset class="wt-scale" data-search-exclude><legend class="wt-sr">'
        f"Scale of the picture</legend>{radios}</fieldset>"
    )


def by_order(view: View, box: str) -> str:
    """Render the lanes in order.

    Args:
        view: what is drawn.
        box: the picture, in its box.
    """
    hows = dict.fromkeys(
        row.hop.how for row in view.rows if isinstance(row, Arrival) and row.hop
    )
    known = [(how, ARROWS[how]) for how in hows if how in ARROWS]
    items = "".join(
        f"<li><i>{term}</i>: {text}</li>" for term, text in (*known, *SHAPES)
    )
    return f'<div class="wt-order">{box}{_legend(items)}</div>'


def by_time(view: View, ident: str, waits: Waits) -> tuple[str, str]:
    """Render the lanes by time: the picture, and what stands below it.

    Args:
        view: what to draw.
        ident: the walkthrough's id on its page.
        waits: what the recording tells of waiting.
    """
    timeline = Timeline(view, ident, waits)
    used = dict.fromkeys(
        each.state
        for states in timeline.states.values()
        for each in states
        if each.end > each.start
    )
    items = "".join(
        f"<li>{swatch(state)} {name}: {MEANINGS[state]}</li>"
        for state, name in STATES.items()
        if state in used
    )
    totals = "".join(f"<li>{each}</li>" for each in _totals(timeline))
    about = "".join(f"<p>{each}</p>" for each in _about(timeline))
    return timeline.svg(), f"{_legend(items)}{about}{_legend(totals)}"


def _legend(items: str) -> str:
    return f'<ul class="wt-legend" role="list" data-search-exclude>{items}</ul>'


def _totals(timeline: Timeline) -> Iterator[str]:
    """Say where the time of each lane went."""
    for lane in timeline.view.lanes:
        totals = timeline.totals(lane)
        if totals:
            parts = [
                f"{STATES[state]} {spoken(time)}" for state, time in totals.items()
            ]
            label = escape(timeline.view.trace.lanes[lane].label)
            yield f"<b>{label}</b>: {', '.join(parts)}"


def _about(timeline: Timeline) -> Iterator[str]:
    lasted = spoken(timeline.end - timeline.start)
    about = (
        f"Times are those of one run, in which this part took {lasted}. Recorded code "
        "takes longer than code that is not. Where a lane is empty, nothing is known of "
        "it."
    )
    if timeline.scale.cuts:
        about += (
            " Waiting between two ⋯ is cut short; all else is in proportion to time."
        )
    yield about
    hops = [each for each in timeline.view.trace.events if isinstance(each, Hop)]
    if any(each.began is None for each in hops):
        yield "This recording does not say how long work was queued."
