"""How long calls took: running, in the calls they made, and waiting.

A call waits between each `suspend` and the `resume` after it; it runs for the rest of
the time until it ends.  A call that has not ended has no duration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ..trace import Call, Exit, Message, Trace


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a step took, in nanoseconds.

    Args:
        total: from its beginning to its end.
        waiting: of that, while it had stepped aside.
        itself: of that, while none of the recorded calls inside of it ran either.
    """

    total: int
    waiting: int
    itself: int


def durations(trace: Trace) -> Mapping[int, Duration]:
    """Return how long steps took: number of a call or sent message -> duration."""
    aside: dict[int, int] = {}
    waiting: Counter[int] = Counter()
    totals: dict[int, int] = {}
    for event in trace.events:
        if not isinstance(event, Exit):
            continue
        call = event.call
        if event.how == "suspend":
            aside[call] = event.time
            continue
        since = aside.pop(call, None)
        # Most calls never step aside, and of them there are hundreds of thousands.
        if since is not None:
            waiting[call] += event.time - since
        if event.how != "resume":
            totals[call] = event.time - trace.events[call].time
    inside: dict[int, int] = {}
    for seq, total in totals.items():
        step = trace.events[seq]
        assert isinstance(step, Call | Message)
        if step.parent is not None:
            running = total - waiting[seq]
            inside[step.parent] = inside.get(step.parent, 0) + running
    return {
        seq: Duration(
            total, waiting[seq], max(0, total - waiting[seq] - inside.get(seq, 0))
        )
        for seq, total in totals.items()
    }


def spoken(nanoseconds: int) -> str:
    """Return a duration with its unit, to three digits: "85 µs", "1.24 ms", "10.0 s"."""
    if nanoseconds < 1000:
        return "less than 1 µs"
    microseconds = nanoseconds / 1000
    if microseconds < 999.5:
        return f"{microseconds:.0f} µs"
    unit, value = ("ms", microseconds / 1000)
    if value >= 999.5:
        unit, value = ("s", value / 1000)
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"
