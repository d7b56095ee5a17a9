"""Repairs a listing: the smallest correction that makes it true.

As many lines as can be stay in the order they have; a line that is out of order moves
to where it was seen; ellipses and lane lines come and go as the recording says; an
indentation that does not hold is taken back.  Comments go with their lines.  A line
whose name was never seen cannot be repaired: it stays where it is, and is reported.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..trace import Trace
from .match import Search
from .parser import ELLIPSES, Claim, Line, Listing

NEARBY = 200
"""How many places of one name are tried on either side: more would take minutes on a
recording of everything, and a correction from far away would not help."""

Score = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired listing.

    Args:
        text: with the lines that nothing can be done about where they were.
        unrepaired: those lines.
        observed: all other lines.
    """

    text: str
    unrepaired: tuple[Line, ...]
    observed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Chain:
    """The best alignment that ends with `claim` at `place`."""

    score: Score
    claim: int
    place: int
    before: _Chain | None

    def places(self) -> dict[int, int]:
        """Claim -> place, for all of the chain."""
        found: dict[int, int] = {}
        chain: _Chain | None = self
        while chain is not None:
            found[chain.claim] = chain.place
            chain = chain.before
        return found


def repair(listing: Listing, trace: Trace) -> Repaired:
    """Correct the listing so that it agrees with the recording."""
    search = Search(listing, trace)
    search.run(0, 0)
    places = _align(listing, search)
    _move(listing, search, places)
    writer = _Writer(listing, search)
    unrepaired = []
    for index in _order(listing, places):
        if index in places:
            writer.step(index, places[index])
        else:
            unrepaired.append(listing.claims[index].line)
            writer.keep(index)
    lines = writer.finish()
    observed = (each for n, each in enumerate(lines) if n not in writer.kept)
    return Repaired("\n".join(lines), tuple(unrepaired), tuple(observed))


def _align(listing: Listing, search: Search) -> dict[int, int]:
    """Align most claims in the order written; ties go to fewer changes."""
    ends: list[int] = []  # places, rising, each with a better chain than the one before
    chains: list[_Chain] = []
    known: dict[tuple[int, int], _Chain] = {}
    for index, claim in enumerate(listing.claims):
        found = []
        for place in _nearby(search, claim):
            at = bisect_left(ends, place)
            before = chains[at - 1 : at] + _around(search, claim, place, known)
            extended = [_extend(listing, search, index, place, b) for b in before]
            first = _Chain((1, 0), index, place, None)
            found.append(max([first, *extended], key=lambda chain: chain.score))
        for chain in found:
            known[chain.claim, search.steps[chain.place].seq] = chain
            _insert(chain, ends, chains)
    return chains[-1].places() if chains else {}


def _nearby(search: Search, claim: Claim) -> list[int]:
    """Return the places of the claim's name around where the search got to."""
    places = search.places.get(claim.line.text, [])
    at = bisect_left(places, search.furthest[-1] if search.furthest else 0)
    return places[max(0, at - NEARBY) : at + NEARBY]


def _around(
    search: Search, claim: Claim, place: int, known: Mapping[tuple[int, int], _Chain]
) -> list[_Chain]:
    """Return the chains that end with what the claim must lie inside of.

    Of several calls of that name, the best chain so far may end with another one.
    """
    if claim.inside is None:
        return []
    above = (
        (claim.inside, each) for each in search.trace.ancestors(search.steps[place])
    )
    return [known[each] for each in above if each in known]


def _extend(
    listing: Listing, search: Search, index: int, place: int, before: _Chain
) -> _Chain:
    """Align one more claim, after a chain."""
    claim = listing.claims[index]
    holds = [(place > before.place + 1) == claim.gap]
    steps = search.steps
    crosses = steps[place].lane != steps[before.place].lane
    holds.append(crosses == (claim.lane is not None))
    if claim.inside is not None:
        outer = before.places().get(claim.inside)
        above = search.trace.ancestors(steps[place])
        holds.append(outer is not None and steps[outer].seq in above)
    count, kept = before.score
    return _Chain((count + 1, kept + sum(holds)), index, place, before)


def _insert(chain: _Chain, ends: list[int], chains: list[_Chain]) -> None:
    at = bisect_left(ends, chain.place)
    if at and chains[at - 1].score >= chain.score:
        return
    if at < len(ends) and ends[at] == chain.place and chains[at].score >= chain.score:
        return
    stop = at
    while stop < len(ends) and chains[stop].score <= chain.score:
        stop += 1
    ends[at:stop] = [chain.place]
    chains[at:stop] = [chain]


def _move(listing: Listing, search: Search, places: dict[int, int]) -> None:
    """Give the claims out of order the place nearest to where they stand."""
    for index, claim in enumerate(listing.claims):
        if index in places:
            continue
        taken = set(places.values())
        free = [p for p in _nearby(search, claim) if p not in taken]
        if free:
            near = [places[i] for i in (index - 1, index + 1) if i in places] or [0]
            places[index] = min(free, key=lambda p: min(abs(p - n) for n in near))


def _order(listing: Listing, places: dict[int, int]) -> Sequence[int]:
    """Order the claims as observed; one never observed follows the one before it."""
    keys: dict[int, tuple[int, int]] = {}
    last = (-1, 0)
    for index in range(len(listing.claims)):
        last = (places[index], 0) if index in places else (last[0], last[1] + 1)
        keys[index] = last
    return sorted(keys, key=lambda index: (keys[index], index))


class _Writer:
    """Writes the repaired lines, one claim after the other."""

    def __init__(self, listing: Listing, search: Search) -> None:
        self._listing = listing
        self._search = search
        self._lines: list[str] = []
        self.kept: set[int] = set()  # which of them were never seen
        self._nest: list[tuple[int, int]] = []  # (indent, number of the step)
        self._place: int | None = None
        self._lane: int | None = None
        self._after_unrepaired = False
        self._column = 0

    def step(self, index: int, place: int) -> None:
        """Write a claim that was seen at `place`."""
        claim = self._listing.claims[index]
        step = self._search.steps[place]
        crosses = self._lane is not None and step.lane != self._lane
        # At the very beginning a lane line is the author's choice.
        says = crosses or (self._lane is None and claim.lane is not None)
        if says:
            self._nest = []
        indent = self._indent(claim, place)
        lead = self._lead(claim)
        self._lane_line(lead, claim, f"--- {self._label(step.lane)}", says)
        self._ellipsis(lead, place, min(indent, self._column))
        self._lines += [*lead, " " * indent + claim.line.raw.lstrip()]
        self._nest.append((indent, step.seq))
        self._place, self._lane, self._column = place, step.lane, indent
        self._after_unrepaired = False

    def keep(self, index: int) -> None:
        """Write a claim that was never seen, as it is, with what stands before it."""
        claim = self._listing.claims[index]
        self._lines += self._lead(claim)
        self.kept.add(len(self._lines))
        self._lines.append(claim.line.raw)
        self._after_unrepaired = True

    def finish(self) -> list[str]:
        """Return the lines, with the ellipsis at their end if the author has one there."""
        last, lines = self._listing.open_end, self._listing.lines
        more = self._place is None or self._place + 1 < len(self._search.steps)
        end = self._listing.claims[-1].line.number
        for line in lines[end:]:
            if line is not last or more:
                self._lines.append(line.raw)
        return self._lines

    def _indent(self, claim: Claim, place: int) -> int:
        """Return the author's indentation, as far as it holds."""
        above = set(self._search.trace.ancestors(self._search.steps[place]))
        while self._nest and (
            self._nest[-1][0] >= claim.line.indent or self._nest[-1][1] not in above
        ):
            self._nest.pop()
        return claim.line.indent if self._nest else 0

    def _lead(self, claim: Claim) -> list[str]:
        """Return what the author wrote between the step before and this one."""
        at = first = claim.line.number - 1
        while first and self._listing.lines[first - 1].kind != "step":
            first -= 1
        return [line.raw for line in self._listing.lines[first:at]]

    def _ellipsis(self, lead: list[str], place: int, column: int) -> None:
        """Put an ellipsis into the lead, or take it out."""
        written = [raw for raw in lead if _bare(raw) in ELLIPSES]
        if self._after_unrepaired:
            needed = bool(written)
        elif self._place is None:
            needed = bool(written) and place > 0
        else:
            needed = place > self._place + 1
        if needed and not written:
            lead.insert(0, " " * column + self._dots())
        elif not needed:
            lead[:] = [raw for raw in lead if raw not in written]

    def _dots(self) -> str:
        """Return the author's way to write an ellipsis."""
        kinds = (line.text for line in self._listing.lines if line.kind == "ellipsis")
        return next(kinds, ELLIPSES[0])

    def _lane_line(
        self, lead: list[str], claim: Claim, wanted: str, says: bool
    ) -> None:
        """Put a lane line into the lead, take it out, or correct it."""
        right = claim.lane is not None and f"--- {claim.lane.text}" == wanted
        at = len(lead)
        for number, raw in enumerate(lead):
            if _bare(raw).startswith("---"):
                at = number
        if not says:
            lead[:] = lead[:at] + lead[at + 1 :]
        elif not right:
            lead[at : at + 1] = [wanted]

    def _label(self, lane: int) -> str:
        return self._search.trace.lanes[lane].label


def _bare(raw: str) -> str:
    """Return a line without indentation and comment."""
    return raw.partition("#")[0].strip()
