"""Holds a listing against a recording, and says what is wrong in words."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches, ndiff

from ..errors import Mismatch
from ..focus import CALLED, Focus
from ..trace import Header, Trace
from .match import Match, Near, Search, find
from .parser import Claim, Listing
from .repair import repair

NAMED = 3
"""How many calls a sentence names before it only counts."""


def check(listing: Listing, trace: Trace) -> Match:
    """Where the listing is found in the trace.

    Raises:
        Mismatch: nowhere; the error says why, with the line to blame, an aligned diff
            of written and observed, and the versions it was recorded with.
    """
    found = find(listing, trace)
    if isinstance(found, Match):
        return found
    cause, line = _cause(listing, Search(listing, trace), found)
    raise Mismatch(cause, line, _details(listing, trace))


def _cause(listing: Listing, search: Search, near: Near) -> tuple[str, int]:
    """Return what is wrong with the first line that does not fit, and its number."""
    for claim in listing.claims:
        if claim.line.text not in search.places:
            return _never(claim, search), claim.line.number
    index = len(near.places)
    if index == len(listing.claims):
        assert listing.open_end is not None
        return "nothing comes after this: take the ellipsis out", (
            listing.open_end.number
        )
    doubt = _Doubt(listing, search, near, index)
    idle = doubt.idle_before()
    if idle is not None:
        doubt = _Doubt(listing, search, Near(near.places[:idle]), idle)
    return doubt.cause(), listing.claims[idle or index].line.number


def _never(claim: Claim, search: Search) -> str:
    name = claim.line.text
    close = get_close_matches(name, search.places, n=1, cutoff=0.5)
    nearest = f"; the nearest that did is {close[0]}" if close else ""
    outside = _outside(name, search.trace.header)
    return f"{name} never happened{outside}{nearest}"


def _outside(name: str, header: Header) -> str:
    """Says that nobody looked for calls of that name, and how to have them looked for.

    For an event at the application's door, which has no focus, it says nothing.
    """
    patterns = header.focus
    # Where the reader's own files were told apart, no name in them is private.
    own = CALLED in patterns and name in Focus(header.own, lambda *_: True, whole=True)
    # A class stands for its construction.
    if " " in name or Focus(patterns).takes(name.removesuffix(".__init__"), own):
        return ""
    private = [part for part in name.split(".") if part[:1] in ("_", "<")]
    stars = [f"*.{part}" for part in private]
    if stars and name in Focus((*patterns, *stars)):
        return (
            f": it is outside the focus, which takes it in with {' and '.join(stars)}"
        )
    return ": it is outside the focus"


class _Doubt:
    """Why the claim `index` does not fit after those that do."""

    def __init__(
        self, listing: Listing, search: Search, near: Near, index: int
    ) -> None:
        self._claims = listing.claims
        self._claim = listing.claims[index]
        self._search = search
        self._picked = near.places
        self._index = index
        self._all = search.places[self._claim.line.text]
        self._last = near.places[-1] if near.places else -1

    def cause(self) -> str:
        """One sentence."""
        return next(self._causes())

    def _causes(self) -> Iterator[str]:
        name = self._claim.line.text
        after = [place for place in self._all if place > self._last]
        if not after:
            yield f"{name} comes before {self._before()}, not after it"
        if self._claim.gap and self._fits(self._index, self._last + 1):
            yield (
                f"nothing comes between {self._before()} and {name}: "
                "take the ellipsis out"
            )
        if self._index and not self._claim.gap and after[0] > self._last + 1:
            yield from self._missing_ellipsis(after[0])
        yield from self._wrong_lane(after)
        yield from self._not_inside()
        yield f"{name} is not found after {self._before()}"

    def idle_before(self) -> int | None:
        """Return an earlier claim whose ellipsis stands for nothing.

        Without that ellipsis it would be found where this claim may still follow.
        """
        for index in range(self._index - 1, 0, -1):
            earlier, found = self._picked[index - 1] + 1, self._picked[index]
            passed = any(earlier < place < found for place in self._all)
            if passed and self._claims[index].gap and self._fits(index, earlier):
                return index
        return None

    def _fits(self, index: int, place: int) -> bool:
        """Whether a claim would hold at that place, were it not for an ellipsis."""
        return (
            place in self._search.places[self._claims[index].line.text]
            and self._search.in_lane(index, place, self._picked)
            and self._search.inside(index, place, self._picked)
        )

    def _before(self) -> str:
        if self._last < 0:
            return "the beginning of the recording"
        return self._name(self._last)

    def _name(self, place: int) -> str:
        return self._search.trace.name(self._search.steps[place])

    def _missing_ellipsis(self, place: int) -> Iterator[str]:
        between = [self._name(each) for each in range(self._last + 1, place)]
        more = len(between) - NAMED
        named = ", ".join(between[:NAMED]) + (f" and {more} more" if more > 0 else "")
        yield (
            f"between {self._before()} and {self._claim.line.text} came {named}: "
            "put an ellipsis there"
        )

    def _wrong_lane(self, after: list[int]) -> Iterator[str]:
        steps, lanes = self._search.steps, self._search.trace.lanes
        if any(self._search.in_lane(self._index, p, self._picked) for p in after):
            return
        name, label = self._claim.line.text, lanes[steps[after[0]].lane].label
        if self._claim.lane is None:
            yield f"{name} runs in another lane: write '--- {label}' above it"
        elif self._claim.lane.text != label:
            yield f"{name} runs in '{label}', not in '{self._claim.lane.text}'"
        elif self._last >= 0 and steps[self._last].lane == steps[after[0]].lane:
            yield f"{name} runs in the same lane as {self._before()}: no lane line here"
        else:
            yield f"no hop was seen that leads from {self._before()} to '{label}'"

    def _not_inside(self) -> Iterator[str]:
        inside = self._claim.inside
        if inside is not None and inside < len(self._picked):
            outer = self._name(self._picked[inside])
            yield f"{self._claim.line.text} does not run inside {outer}"


def _details(listing: Listing, trace: Trace) -> str:
    written = [line.raw for line in listing.lines]
    observed = repair(listing, trace).observed
    diff = (line for line in ndiff(written, observed) if not line.startswith("?"))
    return "\n".join(
        ["- written, + observed:", *(f"    {line}" for line in diff), _on(trace.header)]
    )


def _on(header: Header) -> str:
    packages = (f"{each.name} {each.version}" for each in header.packages)
    return f"recorded on Python {header.python} with {', '.join(packages)}"
