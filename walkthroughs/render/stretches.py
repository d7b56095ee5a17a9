"""The states of a lane, one after the other in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["running", "queued", "suspended", "client", "io"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time during which a lane was in one state.

    Args:
        state: the state.
        start: nanoseconds since the start of the recording.
        end: nanoseconds since the start of the recording.
    """

    state: State
    start: int
    end: int


def filled(
    known: Sequence[Stretch], times: Iterable[tuple[State, int, int]]
) -> list[Stretch]:
    """Return stretches in order, with others where those leave room.

    Args:
        known: stretches that stay, in order.
        times: the state, start and end of the others.
    """
    filled: list[Stretch] = []
    at = n = 0
    for state, start, end in sorted(times, key=lambda each: each[1:]):
        at = max(at, start)
        while n < len(known) and known[n].end <= at:
            filled.append(known[n])
            n += 1
        while at < end:
            if n == len(known) or known[n].start >= end:
                filled.append(Stretch(state, at, end))
                at = end
                break
            if known[n].start > at:
                filled.append(Stretch(state, at, known[n].start))
            at = max(at, known[n].end)
            filled.append(known[n])
            n += 1
    return [*filled, *known[n:]]
