"""When a lane ran, by its own events.

A lane is *running* from the moment when the loop or the thread began a callback, a step
of a task or a piece of work, until the last recorded call in it ended or stepped aside.
A call that is open while the loop runs another callback in its thread (it runs the
loop) does not count.  Recorded calls of a lane are of one callback if no other
callback of the thread began between them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ..trace import Call, Event, Exit, Hop, Message, Trace

TIMER = "call_later"

INSIDE = ("deferred", "return")
"""How a hop comes about in the middle of a callback, and not at its beginning."""


@dataclass(frozen=True, slots=True)
class Run:
    """A time during which a lane ran without a break.

    Args:
        start: when it began, in nanoseconds since the start of the recording.
        end: when the last recorded call in it ended or stepped aside.
        hop: what led to it, if the recording saw it.
    """

    start: int
    end: int
    hop: Hop | None


class LaneRuns:
    """When a lane ran, and when its calls had stepped aside, by its own events.

    Args:
        trace: the recording.
        events: those of the lane, in order.
        fresh: the numbers of the hops of its thread that begin a callback, ascending.
        placed: whether its thread is known.

    Attributes:
        runs: when it ran.
        aside: from when to when all of its recorded calls were suspended.
    """

    def __init__(
        self,
        trace: Trace,
        events: Sequence[Event],
        fresh: Sequence[int],
        placed: bool,
    ) -> None:
        self.trace = trace
        self.fresh = fresh
        self.placed = placed
        self.runs: list[Run] = []
        self.aside: list[tuple[int, int]] = []
        # The steps that are open, outermost first; so many of them run the loop.
        self.open: list[int] = []
        self.below = 0
        # The event before; what led to the present callback; since when it runs.
        self.last: Event | None = None
        self.hop: Hop | None = None
        self.since: int | None = None
        # Since when all its calls have stepped aside.
        self.away: int | None = None
        for event in events:
            self.take(event)
            self.last = event
        if self.since is not None and self.last is not None:
            last = trace.events[-1]
            known = placed and not self.began_between(self.last.seq, last.seq + 1)
            self.pause(last.time if known else self.last.time)

    def take(self, event: Event) -> None:
        """Follow the lane over one event."""
        if isinstance(event, Hop) and event.how not in INSIDE:
            self.arrive(event)
            return
        if self.since is not None and self.has_run_loop(event):
            assert self.last is not None
            self.pause(self.last.time)
            self.below = len(self.open)
        if self.since is None:
            self.go_on(event)
        if isinstance(event, Exit):
            self.leave(event)
        elif isinstance(event, Call) or (
            isinstance(event, Message) and event.direction == "send"
        ):
            self.open.append(event.seq)
        if len(self.open) <= self.below:
            self.pause(event.time)

    def arrive(self, hop: Hop) -> None:
        """Begin a new callback."""
        if self.since is not None and self.last is not None:
            # What is open still, while the loop begins something new, only runs the
            # loop; how long it ran before that is not known.
            self.pause(self.last.time)
        scheduled = 0 if hop.scheduled is None or hop.how == TIMER else hop.scheduled
        began = hop.time if hop.began is None else max(hop.began, scheduled)
        if self.away is not None:
            self.aside.append((self.away, scheduled or began))
        self.away, self.below = None, len(self.open)
        self.since, self.hop = began, hop

    def go_on(self, event: Event) -> None:
        """Run again, with no hop in between: in the same callback, if that is known."""
        self.away = None
        if (
            self.hop is not None
            and self.last is not None
            and self.runs
            and not self.began_between(self.last.seq, event.seq)
        ):
            self.since = self.runs.pop().start
            return
        self.since, self.hop = event.time, None

    def has_run_loop(self, event: Event) -> bool:
        """Return whether the lane, up to an event, has only run the loop."""
        if not self.placed or self.last is None:
            return False
        if isinstance(event, Hop) and event.how == "return":
            # A task that was begun at once ran within the callback.
            return False
        return self.began_between(self.last.seq, event.seq)

    def began_between(self, first: int, last: int) -> bool:
        """Return whether a callback of the thread began between two events."""
        at = bisect_right(self.fresh, first)
        return at < len(self.fresh) and self.fresh[at] < last

    def leave(self, exit: Exit) -> None:
        """Stop running a step, or go on with it."""
        if exit.how == "resume":
            self.open.append(exit.call)
            return
        if exit.call in self.open:
            del self.open[self.open.index(exit.call) :]
        if exit.how == "suspend":
            # A `send` that is awaited steps aside with the call that it made.
            while self.open and isinstance(self.trace.events[self.open[-1]], Message):
                self.open.pop()
        self.below = min(self.below, len(self.open))
        is_task = self.trace.lanes[exit.lane].kind == "task"
        if exit.how == "suspend" and not self.open and is_task:
            self.away = exit.time

    def pause(self, moment: int) -> None:
        """Note that nothing recorded runs any more."""
        assert self.since is not None
        self.runs.append(Run(self.since, max(self.since, moment), self.hop))
        self.since = None
