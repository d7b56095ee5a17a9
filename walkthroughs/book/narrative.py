"""Bind a narrative to its walkthrough: each bold name to a step, in the order of the path.

The prose is held against the recording as a listing is: a name that the listing above
does not have, or has only further up, is an error with its line.  Where the page has the
path of other versions, too, the prose is bound to these as far as they make the calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ..errors import ListingError, WalkthroughError
from ..pages.markdown import Fence, Problem, options_of
from ..pages.narratives import Mention, Narrative
from ..verification import ident, verify


@dataclass(frozen=True, slots=True)
class Bound:
    """A narrative, and the steps that it speaks of.

    Args:
        ident: the id of its walkthrough on the page.
        steps: for each mention the number of its step, ascending; 0 where another
            version's path does not have it in that order.
        listing: the fence that the walkthrough is made from.
        others: the same for each other version that the page has a listing of.
    """

    ident: str
    steps: tuple[int, ...]
    listing: Fence
    others: tuple[Bound, ...] = ()


def bind(narrative: Narrative | Problem, fences: Sequence[Fence]) -> Bound:
    """Find the walkthrough of a narrative, and the step of each bold name.

    Args:
        narrative: the prose, or why it is none.
        fences: the fences of its page; the nearest one above that shows the recording
            is the walkthrough.

    Raises:
        ListingError: it is not one; no such walkthrough is above, or a name is not a step of it,
            or only of an earlier step; its line counts from the page's first.
        WalkthroughError: the walkthrough itself does not hold.
    """
    if isinstance(narrative, Problem):
        raise ListingError(narrative.message, narrative.line)
    wanted = {"scenario": narrative.scenario, "server": narrative.server}
    same = [
        each
        for each in fences
        if each.language == "callpath"
        and each.line < narrative.line
        and wanted.items() <= each.options.items()
    ]
    version = dict(narrative.version).items()
    numbers = [n for n, each in enumerate(same, 1) if version <= each.options.items()]
    if not numbers:
        which = f"{narrative.scenario} on {narrative.server}"
        which += "".join(f" with {name}={number}" for name, number in version)
        words = f"there is no callpath of {which} above this narrative"
        raise ListingError(words, narrative.line)
    if not narrative.mentions:
        words = "this narrative names no step: write **`name`** for each"
        raise ListingError(words, narrative.line)
    listing = same[numbers[-1] - 1]
    steps = _steps(listing, narrative.mentions, strict=True)
    name = ident(narrative.scenario, narrative.server, numbers[-1])
    return Bound(name, steps, listing, tuple(_others(narrative, same)))


def _others(narrative: Narrative, same: Sequence[Fence]) -> Iterator[Bound]:
    """Bind a narrative to the nearest listing of each version that it does not name."""
    for option, version in narrative.version:
        nearest = {
            each.options[option]: (number, each)
            for number, each in enumerate(same, 1)
            if each.options.get(option, version) != version
        }
        for number, listing in nearest.values():
            name = ident(narrative.scenario, narrative.server, number)
            with suppress(WalkthroughError):  # its callpath says so, with its line
                steps = _steps(listing, narrative.mentions, strict=False)
                yield Bound(name, steps, listing)


def _steps(
    listing: Fence, mentions: Sequence[Mention], strict: bool
) -> tuple[int, ...]:
    """Return the step of each mention; 0 for a missing one, unless that is an error."""
    view = verify(listing.body, options_of(listing)).view
    names = [view.name(step) for step in view.steps]
    numbers: list[int] = []
    for mention in mentions:
        found = [n for n, name in enumerate(names, 1) if _is_called(name, mention.name)]
        try:
            numbers.append(_choose(mention, found, max(numbers, default=0)))
        except ListingError:
            if strict:
                raise
            numbers.append(0)
    return tuple(numbers)


def _is_called(name: str, written: str) -> bool:
    # An event may go by its type: "http.request" for "receive -> http.request".
    return name == written or name.endswith((f".{written}", f" {written}"))


def _choose(mention: Mention, found: Sequence[int], before: int) -> int:
    """Return the step that a mention means, after the step of the mention before."""
    if not found:
        words = f"the listing above has no step {mention.name!r}"
        raise ListingError(words, mention.line)
    if mention.nth > len(found):
        times = f"{len(found)} time" + "s" * (len(found) > 1)
        words = f"the listing above has {mention.name!r} only {times}"
        raise ListingError(words, mention.line)
    chosen = found[mention.nth - 1 : mention.nth] if mention.nth else found
    later = [number for number in chosen if number >= before]
    if not later:
        words = (
            f"{mention.name!r} is out of order: it is step {chosen[-1]}, and the prose "
            f"is at step {before}; to look back, write the name without bold"
        )
        raise ListingError(words, mention.line)
    return later[0]
