"""Finds a listing in a recording.

The search is that of a glob: runs of lines with gaps between them, taken leftmost
first.  What makes it more is the indentation: a line may have to lie inside the very
call that an earlier line was matched with, so a first fit is not always a fit.  The
search goes back when it must, and remembers what failed: a tail of the listing that
was not found from some point on will not be found from a later one either.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..trace import Call, Hop, Message, Trace
from .parser import Claim, Listing


@dataclass(frozen=True, slots=True)
class Match:
    """Where a listing was found.

    Args:
        places: for each claim, the place of its step in `Trace.steps`.
    """

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest thing to a match: the first claims, and where they were found."""

    places: tuple[int, ...]


def find(
    listing: Listing, trace: Trace, steps: Sequence[Call | Message] | None = None
) -> Match | Near:
    """Find the leftmost match of the listing, or how far it gets.

    Args:
        listing: the listing.
        trace: the recording.
        steps: those of its steps that count; by default all.
    """
    search = Search(listing, trace, steps)
    if search.run(0, 0):
        return Match(tuple(search.picked))
    return Near(search.furthest)


class Search:
    """One search for a listing in a trace."""

    def __init__(
        self,
        listing: Listing,
        trace: Trace,
        steps: Sequence[Call | Message] | None = None,
    ) -> None:
        self._claims = listing.claims
        self._open_end = listing.open_end is not None
        self.trace = trace
        self.steps = trace.steps if steps is None else steps
        self.picked: list[int] = []
        self.furthest: tuple[int, ...] = ()
        self._failed: dict[tuple[object, ...], int] = {}

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Name -> the places of the steps that go by it."""
        places: dict[str, list[int]] = {}
        for place, step in enumerate(self.steps):
            for name in self.trace.names(step):
                places.setdefault(name, []).append(place)
        return places

    @cached_property
    def _hops(self) -> dict[int, list[int]]:
        """Lane -> the numbers of the hops that lead there."""
        hops: dict[int, list[int]] = {}
        for event in self.trace.events:
            if isinstance(event, Hop):
                hops.setdefault(event.lane, []).append(event.seq)
        return hops

    @cached_property
    def _needed(self) -> list[tuple[int, ...]]:
        """For each claim, the earlier claims that it or a later one lies inside of."""
        return [
            tuple(sorted(_outer(self._claims[i:], i))) for i in range(len(self._claims))
        ]

    def run(self, first: int, start: int) -> bool:
        """Whether the claims from `first` on are found from place `start` on."""
        key = (
            first,
            *(self.picked[each] for each in self._needed[first]),
            self._lane(),
        )
        if self._failed.get(key, len(self.steps) + 1) <= start:
            return False
        end = self._run_end(first)
        for place in self._candidates(first, start):
            fits = self._take(first, end, place)
            if fits and self._rest(end, place + end - first):
                return True
            del self.picked[first:]
            if fits and self._final(first, end):
                break
        self._failed[key] = start
        return False

    def _rest(self, end: int, after: int) -> bool:
        """Whether what is behind the run, which ends before place `after`, is found."""
        if end < len(self._claims):
            return self.run(end, after + 1)
        return not self._open_end or after < len(self.steps)

    def _final(self, first: int, end: int) -> bool:
        """Whether the rest, not found behind this run, is not found behind a later one.

        So it is if the rest asks nothing of this run but where it ends: not to lie
        inside of it, and not for its lane, which is known from the lines before.
        """
        if end == len(self._claims):
            return True
        lane_known = first > 0 or self._claims[first].lane is not None
        return lane_known and not any(each >= first for each in self._needed[end])

    def _lane(self) -> int | None:
        return self.steps[self.picked[-1]].lane if self.picked else None

    def _run_end(self, first: int) -> int:
        """Return the claim after the last one that follows `first` without a gap."""
        end = first + 1
        while end < len(self._claims) and not self._claims[end].gap:
            end += 1
        return end

    def _candidates(self, index: int, start: int) -> Iterator[int]:
        claim = self._claims[index]
        # A leading ellipsis stands for at least one step before the first claim.
        start = max(start, 1) if claim.gap else start
        places = self.places.get(claim.line.text, [])
        last = self._last_place(index)
        for at in range(bisect_left(places, start), len(places)):
            if places[at] > last:
                return
            yield places[at]

    def _last_place(self, index: int) -> int:
        """No step that lies inside what the claim must lie inside of comes later."""
        inside = self._claims[index].inside
        if inside is None or inside >= len(self.picked):
            return len(self.steps)
        end = self.trace.end.get(self.steps[self.picked[inside]].seq)
        if end is None:
            return len(self.steps)
        return bisect_left(self.steps, end, key=lambda step: step.seq) - 1

    def _take(self, first: int, end: int, place: int) -> bool:
        """Pick the places for one run of claims, as far as they fit."""
        for index in range(first, end):
            here = place + index - first
            if not self._fits(index, here):
                return False
            self.picked.append(here)
            if len(self.picked) > len(self.furthest):
                self.furthest = tuple(self.picked)
        return True

    def _fits(self, index: int, place: int) -> bool:
        if place >= len(self.steps):
            return False
        step = self.steps[place]
        name = self._claims[index].line.text
        return (
            name in self.trace.names(step)
            and self.in_lane(index, place, self.picked)
            and self.inside(index, place, self.picked)
        )

    def in_lane(self, index: int, place: int, picked: Sequence[int]) -> bool:
        """Whether the step at `place` runs in the lane that the claim says."""
        step, wanted = self.steps[place], self._claims[index].lane
        if wanted is not None and self.trace.lanes[step.lane].label != wanted.text:
            return False
        if not index:
            return True
        before = self.steps[picked[index - 1]]
        if wanted is None:
            return step.lane == before.lane
        return step.lane != before.lane and self.led_to(step, before)

    def led_to(self, step: Call | Message, before: Call | Message) -> bool:
        """Whether a hop was seen that leads from `before` to the lane of `step`.

        Between two lanes of one thread control has to arrive after `before`; a lane of
        another thread may have been running already.
        """
        hops = self._hops.get(step.lane, [])
        kinds = {self.trace.lanes[each.lane].kind for each in (step, before)}
        earliest = 0 if "thread" in kinds else before.seq
        at = bisect_left(hops, earliest)
        return at < len(hops) and hops[at] < step.seq

    def inside(self, index: int, place: int, picked: Sequence[int]) -> bool:
        """Whether the step at `place` runs inside the step that the claim says."""
        wanted = self._claims[index].inside
        if wanted is None:
            return True
        seq = self.steps[picked[wanted]].seq
        return seq in self.trace.ancestors(self.steps[place])


def _outer(claims: Sequence[Claim], first: int) -> set[int]:
    """Return the claims before `first` that some of `claims` lie inside of."""
    return {c.inside for c in claims if c.inside is not None and c.inside < first}
