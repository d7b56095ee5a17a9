"""Which steps of a whole recording to show, where no listing names them.

Events at the application's door and the application's own calls come first, with all
that they run inside of; then the server, then the framework, each from the outside in,
as deep as there is room.  The rest stays in the recording, and the view folds and counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from ..focus import Focus
from ..trace import Call, Message, Trace

STEPS = 300
"""How many steps are shown, unless told."""


def choose(
    trace: Trace, ranked: Sequence[Focus], at_most: int | None = STEPS
) -> Sequence[int]:
    """The numbers of the steps to show, ascending.

    Args:
        trace: the recording.
        ranked: what may be shown, what matters most first: the application's own
            code, the server, the framework.
        at_most: how many, None for all of it.  Events at the door are shown even so.
    """
    ranks = {step.seq: _rank(trace, step, ranked) for step in trace.steps}
    depths = _depths(trace, ranks)
    chosen = set(_with_ancestors(trace, _door(trace), ranks))
    calls = [s for s in trace.steps if isinstance(s, Call) and ranks[s.seq] < OUT]
    by_worth = sorted(calls, key=lambda call: (ranks[call.seq], depths[call.seq]))
    groups = groupby(by_worth, key=lambda call: (ranks[call.seq], depths[call.seq]))
    full: set[int] = set()
    for (rank, _), group in groups:
        more = set(_with_ancestors(trace, group, ranks)) - chosen
        if at_most is not None and len(chosen) + len(more) > at_most:
            full.add(rank)
        if rank not in full:
            chosen |= more
    return sorted(chosen)


OUT = 1_000
"""The rank of what may not be shown."""


def _rank(trace: Trace, step: Call | Message, ranked: Sequence[Focus]) -> int:
    if isinstance(step, Message):
        return 0
    name = trace.name(step)
    return next((n for n, focus in enumerate(ranked) if name in focus), OUT)


def _door(trace: Trace) -> Iterable[Call | Message]:
    return (step for step in trace.steps if isinstance(step, Message))


def _depths(trace: Trace, ranks: Mapping[int, int]) -> Mapping[int, int]:
    """Step -> how many calls that may be shown it runs inside of."""
    depths: dict[int, int] = {}
    for step in trace.steps:
        above = step.parent
        inside = above is not None and ranks[above] < OUT
        depths[step.seq] = (0 if above is None else depths[above]) + inside
    return depths


def _with_ancestors(
    trace: Trace, steps: Iterable[Call | Message], ranks: Mapping[int, int]
) -> Iterable[int]:
    for step in steps:
        yield step.seq
        yield from (seq for seq in trace.ancestors(step) if ranks[seq] < OUT)
