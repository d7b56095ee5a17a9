"""The scale of a picture of time: which moment is where, and what is cut out.

Places are in proportion to time, as percentages of the width, except in a cut, and only
waiting is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

LEFT, WIDE = 0.6, 98.2
"""Where the first moment is, and how wide the whole time is, in percent."""
CUT = 8.0
"""How wide a cut is, in percent of the picture."""
LONGEST = 18.0
"""Waiting that would be wider than that many percent is cut."""
CUTS = 6
"""How many cuts there are at most."""
APART = 9.0
"""How far apart the times on the scale are at least, in percent."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the scale.

    Args:
        start: when it begins, in nanoseconds.
        end: when it ends.
        left: where it begins, in percent.
        right: where it ends.
        cut: whether it is not in proportion.
    """

    start: int
    end: int
    left: float
    right: float
    cut: bool


class Scale:
    """Which time is where.

    Args:
        start: the first moment, in nanoseconds.
        end: the last one.
        busy: from when to when something ran or was queued; this is never cut.
    """

    def __init__(self, start: int, end: int, busy: Sequence[tuple[int, int]]) -> None:
        self.start = start
        self.end = max(end, start + 1)
        self.gaps = list(self._gaps(busy))
        self.pieces = list(self._pieces())

    def x(self, moment: int) -> float:
        """Return where a moment is, in percent; those outside are at the edges."""
        for piece in self.pieces:
            if moment <= piece.end:
                into = max(0, moment - piece.start) / (piece.end - piece.start)
                return piece.left + into * (piece.right - piece.left)
        return LEFT + WIDE

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Yield the times to write: where, and how long after the start."""
        step = _round(self.rate * APART)
        unit, name = next(each for each in UNITS if step >= each[0])
        for piece in self.pieces:
            if piece.cut:
                continue
            at = self.start + -(-(piece.start - self.start) // step) * step
            while at <= piece.end:
                yield self.x(at), f"{(at - self.start) / unit:g} {name}"
                at += step

    @cached_property
    def rate(self) -> float:
        """How many nanoseconds one percent of the width stands for, outside of cuts."""
        cuts = self.cuts
        long = self.end - self.start - sum(end - start for start, end in cuts)
        return long / (WIDE - CUT * len(cuts))

    @cached_property
    def cuts(self) -> list[tuple[int, int]]:
        """The waiting that is cut, in order."""
        cuts: list[tuple[int, int]] = []
        long = self.end - self.start
        for start, end in sorted(self.gaps, key=lambda gap: gap[0] - gap[1]):
            share = (end - start) / long * (WIDE - CUT * len(cuts))
            if len(cuts) == CUTS or share <= LONGEST or end - start == long:
                break
            cuts.append((start, end))
            long -= end - start
        return sorted(cuts)

    def _gaps(self, busy: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        at = self.start
        for start, end in sorted(busy):
            if start > at:
                yield at, min(start, self.end)
            at = max(at, end)
            if at >= self.end:
                return
        yield at, self.end

    def _pieces(self) -> Iterator[Piece]:
        edges = [self.start, *(each for cut in self.cuts for each in cut), self.end]
        left = LEFT
        for start, end in pairwise(edges):
            if start == end:
                continue
            cut = (start, end) in self.cuts
            wide = CUT if cut else (end - start) / self.rate
            yield Piece(start, end, left, left + wide, cut)
            left += wide


UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def _round(least: float) -> int:
    """Return the smallest 1, 2 or 5 with zeros that is not below `least`."""
    power = 1
    while power * 10 < least:
        power *= 10
    return next(power * n for n in (1, 2, 5, 10) if power * n >= least)
