"""The page: a listing, the picture and the list of steps, as HTML.

All content is here without a script: the list of steps is what the stepper unpacks and
walks, and what a reader has who has no stepper.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from zlib import compress

from ..trace import Header
from .markup import breakable
from .scales import by_order, by_time, switch
from .steps import NOTHING, Shelf, Told, Where, nowhere, steps
from .svg import svg, tiled
from .text import text
from .view import View
from .waiting import Waiting
from .waits import Waits

LONG = 500
"""A picture of more rows is cut into tiles, so that a page with it stays smooth; the
stepper does the same to a list of more rows."""

TALL = 32
"""A picture of more rows is higher than a window, so it is folded: the stepper can show
it in place of the listing, where it scrolls beside the code."""


def walkthrough(
    view: View,
    listing_html: str,
    ident: str,
    where: Where = nowhere,
    told: Told = NOTHING,
) -> str:
    """Render a whole walkthrough: listing, focus, picture, steps.

    Args:
        view: what to show.
        listing_html: what `listing` gave, or nothing.
        ident: its id on the page; step 17 is `#<ident>-17`.
        where: where the names of steps lead.
        told: what the author of the listing says of steps.
    """
    header = view.trace.header
    lanes = escape(f"Swim lanes: {header.scenario} on {header.server}")
    waiting = Waiting(view)
    shown = "" if len(view.rows) > TALL else " open"
    return "\n".join(
        (
            _opening(view, ident, "wt"),
            # The stepper comes into the same box, beside the listing.
            f'<div class="wt-both">{listing_html}</div>',
            focus(header),
            f'<details class="wt-picture"{shown}><summary>Picture</summary>',
            *_pictures(view, ident, lanes, waiting.waits, packed=False),
            "</details>",
            '<details class="wt-all" open><summary>Step by step</summary>',
            _packed(steps(view, ident, where, told, waiting=waiting)),
            "</details>",
            "</div>",
        )
    )


def slim(
    view: View,
    listing_html: str,
    ident: str,
    where: Where = nowhere,
    told: Told = NOTHING,
) -> str:
    """Render a walkthrough with its steps folded and no picture, for a busy page.

    Args:
        view: what to show.
        listing_html: what `listing` gave, or nothing.
        ident: its id on the page.
        where: where the names of steps lead.
        told: what the author of the listing says of steps.
    """
    return "\n".join(
        (
            _opening(view, ident, "wt wt-slim"),
            listing_html,
            '<details class="wt-all"><summary>Step by step, with the code</summary>',
            _packed(steps(view, ident, where, told)),
            "</details>",
            "</div>",
        )
    )


def standalone(view: View, ident: str) -> str:
    """Render a walkthrough for a page of its own, however long the recording is.

    The stepper opens at the application.  Picture, steps, and what it needs on demand
    (excerpts, and what folds hold) are compressed, since most of it repeats itself.
    """
    header = view.trace.header
    lanes = escape(f"Swim lanes: {header.scenario} on {header.server}")
    shelf = Shelf()
    waiting = Waiting(view)
    listed = steps(view, ident, nowhere, NOTHING, shelf, waiting)
    first = next((step for step in view.steps if step.event.own), None)
    start = f' data-start="{first.number if first else 1}" data-tools'
    return "\n".join(
        (
            _opening(view, ident, "wt", start),
            focus(header),
            '<details class="wt-picture"><summary>Picture</summary>',
            *_pictures(view, ident, lanes, waiting.waits, packed=True),
            "</details>",
            '<details class="wt-all"><summary>Step by step</summary>',
            _deflated(listed + shelf.json()),
            "</details>",
            "</div>",
            f'<noscript><pre class="wt-plain">{escape(text(view))}</pre></noscript>',
        )
    )


def _deflated(content: str) -> str:
    """Compress what the page's script unpacks into a <noscript>, for the stepper."""
    packed = b64encode(compress(content.encode(), 9)).decode()
    return f'<script type="text/plain" class="wt-packed">{packed}</script>'


def _opening(view: View, ident: str, css: str, more: str = "") -> str:
    header = view.trace.header
    label = escape(f"Walkthrough: {header.scenario} on {header.server}")
    # A group and no landmark: a page may well tell one story twice.
    return (
        f'<div class="{css}" role="group" id="{escape(ident)}-walk" '
        f'aria-label="{label}"{more}>'
    )


def _box(label: str, content: str) -> str:
    """Wrap a part that scrolls sideways, and that no search looks into."""
    return (
        f'<div class="wt-scroll" role="group" tabindex="0" aria-label="{label}" '
        f"data-search-exclude>{content}</div>"
    )


def _packed(steps: str) -> str:
    """Pack the steps into a text that the script unpacks when it needs them.

    A chapter has ten thousand elements in it. Readers without a script get them as they
    are.

    No search looks into it: whoever searches for a name wants the listing.
    """
    return f"<noscript data-search-exclude>{steps}</noscript>"


def picture(view: View, ident: str) -> str:
    """Render the swim lanes, in tiles if there are many rows."""
    return (tiled if len(view.rows) > LONG else svg)(view, ident)


def _pictures(
    view: View, ident: str, label: str, waits: Waits, packed: bool
) -> Iterator[str]:
    """Render the lanes on both scales.

    Args:
        view: what to draw.
        ident: the walkthrough's id.
        label: what the picture is called.
        waits: what the recording tells of waiting.
        packed: whether the page's script has to unpack it.
    """
    order = picture(view, ident)
    drawn, below = by_time(view, ident, waits)
    timed = _box(f"{label}, by time", drawn) + below
    yield switch(ident)
    yield by_order(view, _box(label, _deflated(order) if packed else order))
    yield f'<div class="wt-timed" hidden>{(_deflated if packed else _packed)(timed)}</div>'


def focus(header: Header) -> str:
    """Which calls count, and of which packages in which versions: folded."""
    names = "".join(f"<li><code>{breakable(each)}</code></li>" for each in header.focus)
    packages = "".join(
        f"<li>{escape(f'{each.name} {each.version}, licence: {each.licence}')}</li>"
        for each in header.packages
    )
    made = f"Recorded on Python {header.python}, with {header.source}."
    made = escape(" ".join((made, *header.warnings)))
    return (
        '<details class="wt-focus" data-search-exclude><summary>Which code is recorded '
        "here, in which versions</summary>\n<p>Calls of code under these names "
        f'are recorded, the focus of the recording. A minus leaves a name out.</p>\n<ul class="wt-names" role="list">{names}</ul>\n'
        f'<p>{made}</p>\n<ul role="list">{packages}</ul></details>'
    )


def failure(message: str) -> str:
    """Render a red box: what is wrong with a fence, for its author."""
    return (
        '<div class="wt-failure" role="alert"><strong>This does not hold.'
        f"</strong><pre>{escape(message)}</pre></div>"
    )
