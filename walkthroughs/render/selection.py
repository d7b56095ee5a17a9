"""Which steps of a whole recording to show, where no listing names them.

Every request has the same room.  In it the status of its answer comes first, then the
application's own calls, its ASGI events, and the calls that those run inside of; then the server, then the
framework, each from the outside in.  What happens again and again in the same way is
shown once, with how often.  The rest stays in the recording, and the view folds and
counts it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import groupby

from ..focus import Focus
from ..trace import Call, Exit, Hop, Trace
from .sentences import status

STEPS = 300
"""How many steps of a request are shown, by default."""

IN_ALL = 3_000
"""How many steps of all requests together are shown, by default.

Of more requests than that, the first are shown with their status alone."""

ONCE = 3
"""What happens up to so many times in the same way is shown each time."""


@dataclass(frozen=True)
class Selection:
    """Steps to show.

    Args:
        shown: their numbers, ascending.
        times: number of a step -> how often the same happens there, itself included,
            where it is shown for all of them.
    """

    shown: Sequence[int]
    times: Mapping[int, int]


def select(
    trace: Trace, ranked: Sequence[Focus], at_most: int | None = None
) -> Selection:
    """Select the steps to show.

    Args:
        trace: the recording.
        ranked: what may be shown, what matters most first: the application's own
            code, the server, the framework.
        at_most: how many in all; None for `STEPS` of each request, and `IN_ALL`.
    """
    return _Selector(trace, ranked).select(at_most)


OUT = 1_000
"""The rank of what may not be shown."""

EVENT = -1
"""The rank of an ASGI event."""


class _Selector:
    def __init__(self, trace: Trace, ranked: Sequence[Focus]) -> None:
        self.trace = trace
        # A step is named once: there are hundreds of thousands.
        self.names = {step.seq: trace.name(step) for step in trace.steps}
        self.ranks = _ranks(trace, self.names, ranked)
        self.request = dict(_requests(trace))
        self.again, self.times = _repeated(trace, self.names, self.ranks, self.request)

    def select(self, at_most: int | None) -> Selection:
        groups: dict[int, list[int]] = {}
        for seq in self.wanted:
            groups.setdefault(self.request[seq], []).append(seq)
        kept: set[int] = set()
        # The smallest first: what they leave over is for the others.
        for n, group in enumerate(sorted(groups.values(), key=len)):
            kept.update(group[: _room(len(groups) - n, at_most, len(kept))])
        times = {seq: count for seq, count in self.times.items() if seq in kept}
        return Selection(sorted(kept), times)

    @cached_property
    def wanted(self) -> list[int]:
        """The steps that may be shown, what matters most first."""
        depths = self.depths
        around = self.around
        answers = {step.seq for step in self.trace.steps if status(step)}

        def worth(seq: int) -> tuple[int, int, int]:
            rank = self.ranks[seq]
            if rank == 0:
                return (0, depths[seq] + 1, seq)
            if rank == EVENT:
                return (0 if seq in answers else 1, 0, seq)
            return (2 if seq in around else 2 + rank, depths[seq], seq)

        shown = (s for s, rank in self.ranks.items() if rank < OUT)
        return sorted((seq for seq in shown if seq not in self.again), key=worth)

    @cached_property
    def around(self) -> set[int]:
        """The steps that the application's own calls and events run inside of."""
        around: set[int] = set()
        for step in self.trace.steps:
            if self.ranks[step.seq] in (0, EVENT) and step.seq not in self.again:
                for above in self.trace.ancestors(step):
                    if above in around:
                        break  # and so is all that it runs inside of
                    around.add(above)
        return around

    @cached_property
    def depths(self) -> Mapping[int, int]:
        """Step -> how many calls that may be shown it runs inside of."""
        depths: dict[int, int] = {}
        for step in self.trace.steps:
            above = step.parent
            inside = above is not None and self.ranks[above] < OUT
            depths[step.seq] = (0 if above is None else depths[above]) + inside
        return depths


def _room(requests: int, at_most: int | None, taken: int) -> int:
    """How many steps one of so many requests may have that still have none."""
    # Rounded up, so that all of it is used.
    if at_most is None:
        return min(STEPS, -(-(IN_ALL - taken) // requests))
    return -(-(at_most - taken) // requests)


def _ranks(
    trace: Trace, names: Mapping[int, str], ranked: Sequence[Focus]
) -> Mapping[int, int]:
    """Step -> its rank."""

    @cache
    def rank(name: str, own: bool) -> int:
        if not own and not name.endswith(">"):
            # A decorator's wrapper is as private as the decorator, whatever its name.
            name = name.partition(".<locals>.")[0]
        return next((n for n, f in enumerate(ranked) if f.takes(name, own)), OUT)

    return {
        step.seq: rank(names[step.seq], step.own) if isinstance(step, Call) else EVENT
        for step in trace.steps
    }


# Requests


def _requests(trace: Trace) -> Iterator[tuple[int, int]]:
    """Yield the number of a step and its request, as far as hops tell.

    What no request has set going belongs to the one that is under way, or comes next.
    """
    begun = 0
    labels = [lane.label for lane in trace.lanes]
    applications = {n for n, name in enumerate(labels) if name.startswith(APPLICATION)}
    # Lane -> the request that it works for now.
    working: dict[int, int] = {}
    started: set[int] = set()
    for event in trace.events:
        if isinstance(event, Exit):
            continue
        lane = event.lane
        if lane in applications and lane not in started:
            started.add(lane)
            begun += 1
            working[lane] = begun
        elif isinstance(event, Hop) and lane not in started:
            origin = working.get(-1 if event.origin_lane is None else event.origin_lane)
            if origin is None or trace.lanes[lane].kind in ("loop", "reactor"):
                working.pop(lane, None)
            else:
                working[lane] = origin
        if not isinstance(event, Hop):
            yield event.seq, working.get(lane) or begun or 1


APPLICATION = "task: application"
"""How the labels of the lanes begin in which an application is called."""


# Repetitions


def _repeated(
    trace: Trace,
    names: Mapping[int, str],
    ranks: Mapping[int, int],
    request: Mapping[int, int],
) -> tuple[set[int], Mapping[int, int]]:
    """Find steps that only repeat an earlier one, and count those of that one.

    A step repeats another of the same request if both run in the same place, have the
    same name, and steps of the same names run inside of them; and if no call of the
    application's own that is shown by itself stands between them.
    """
    inside = _inside(trace, names, ranks)
    alike: dict[object, list[int]] = {}
    for step in trace.steps:
        seq = step.seq
        if ranks[seq] < OUT:
            place = (request[seq], step.lane, step.parent, names[seq], inside.get(seq))
            alike.setdefault(place, []).append(seq)
    often = [seqs for seqs in alike.values() if len(seqs) > ONCE]
    alone = _alone(trace, ranks, {seq for seqs in often for seq in seqs})
    runs = (
        run
        for seqs in often
        for run in _parted(seqs, alone[trace.events[seqs[0]].lane])
    )
    many = [run for run in runs if len(run) > ONCE]
    again = {seq for seqs in many for seq in seqs[1:]}
    for step in trace.steps:
        if step.parent in again:
            again.add(step.seq)
    return again, {seqs[0]: len(seqs) for seqs in many if seqs[0] not in again}


def _alone(
    trace: Trace, ranks: Mapping[int, int], often: set[int]
) -> Mapping[int, list[int]]:
    """Lane -> the application's own calls there that do not happen often."""
    alone: dict[int, list[int]] = defaultdict(list)
    for step in trace.steps:
        if ranks[step.seq] == 0 and step.seq not in often:
            alone[step.lane].append(step.seq)
    return alone


def _parted(seqs: Sequence[int], between: Sequence[int]) -> Iterator[list[int]]:
    """Yield the parts of some steps that have none of others between them."""
    for _, part in groupby(seqs, key=partial(bisect_left, between)):
        yield list(part)


def _inside(
    trace: Trace, names: Mapping[int, str], ranks: Mapping[int, int]
) -> Mapping[int, int]:
    """Step -> the names of the steps inside of it that may be shown, as bits.

    One bit stands for one name: sets of names would take many times as long.
    """
    bits: dict[str, int] = {}
    found: dict[int, int] = {}
    for step in reversed(trace.steps):
        if step.parent is not None:
            here = found.get(step.parent, 0) | found.get(step.seq, 0)
            if ranks[step.seq] < OUT:
                name = names[step.seq]
                bit = bits.get(name)
                if bit is None:
                    bit = bits[name] = 1 << len(bits)
                here |= bit
            found[step.parent] = here
    return found
