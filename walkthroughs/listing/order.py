"""Says which steps of a recording come in the same order every time.

A recording has one order of everything, and part of it is chance: two threads run at the
same time, and what a thread wakes on the loop comes now before another callback, now
after it.  Sure is only what the hops tell: a thread's work comes after what handed it
over, and a task goes on after what woke it.

So the events are cut into *segments*, one for each hop.  Those that a loop runs one after
the other without any help from outside are on one *strand*, and in a fixed order.  A
strand ends where another thread comes in.  What a socket sets going comes after all that
its loop did before: a client waits for its answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from ..trace import Call, Event, Hop, Message, Trace

Step = Call | Message
Barrier = Literal["", "loops", "all"]

MAIN = 0
"""The strand of what the loop does from the start."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """What a lane does from one hop to the next.

    Args:
        first: the number of its first event.
        strand: the number of its strand.
        thread: whether its lane is a thread, and no loop, reactor or task.
        after: the numbers of the events that it surely comes after.
        barrier: it comes after all that ran before it: on loops, or anywhere.
        started: whether it is all that a thread of its own does.
    """

    first: int
    strand: int
    thread: bool
    after: tuple[int, ...]
    barrier: Barrier = ""
    started: bool = False


class Order:
    """What comes before what in each run, as far as one recording tells.

    Args:
        trace: the recording.
    """

    def __init__(self, trace: Trace) -> None:
        self._threads = [lane.kind == "thread" for lane in trace.lanes]
        self._segments: list[_Segment] = []
        self._of: list[int] = []  # event -> its segment
        self._here: dict[int, int] = {}  # lane -> the segment that it is in
        self._last: dict[int, int] = {}  # strand -> its last event
        self._times: dict[int, list[int]] = {}  # lane -> the times of its events
        self._events: dict[int, list[int]] = {}  # lane -> their numbers
        self._strands = MAIN
        # The lane of a task without events -> the strand of its latest work in a thread.
        self._handed: dict[int, int] = {}
        self._time: list[int] = []  # of each event
        self._pasts: dict[int, list[float]] = {}
        self._futures: dict[int, list[float]] = {}
        for event in trace.events:
            self._add(event)

    def is_sure(self, one: Step, other: Step) -> bool:
        """Whether these two, one of which is in a listing, have a fixed order."""
        return self.before(one, other) or self.before(other, one)

    def before(self, one: Step, listed: Step) -> bool:
        """Whether a step surely comes before one of a listing."""
        return self._past(listed.seq)[self._of[one.seq]] >= one.seq != listed.seq

    def behind(self, one: Step, listed: Step) -> bool:
        """Whether a step surely comes after one of a listing."""
        return self._future(listed.seq)[self._of[one.seq]] <= one.seq != listed.seq

    def may_part(self, step: Step, one: Step, other: Step) -> bool:
        """Whether a step may come between two of a listing, which stand in this order."""
        if step.seq in (one.seq, other.seq):
            return False
        if self._of[one.seq] == self._of[other.seq] and not (
            self._threads[one.lane] or self._threads[step.lane]
        ):
            # A loop does nothing else until it is done with a callback.
            return (
                self._of[step.seq] == self._of[one.seq]
                and one.seq < step.seq < other.seq
            )
        return not self.before(step, one) and not self.behind(step, other)

    def racing(self, steps: Sequence[Step]) -> set[int]:
        """Find the steps of threads that run beside other threads.

        Work that a pool was given is mostly waited for, even if no hop says so: it runs
        beside other work, and not beside its loop.

        Args:
            steps: those that count.

        Returns:
            their numbers.
        """
        spans: dict[int, list[int]] = {}
        for step in steps:
            spans.setdefault(self._of[step.seq], []).append(step.seq)
        racing = (span for each, span in spans.items() if self._races(each, spans))
        return {seq for span in racing for seq in span}

    def _races(self, number: int, spans: Mapping[int, Sequence[int]]) -> bool:
        """Whether a segment, with its steps, has no fixed place among the others."""
        segment, span = self._segments[number], spans[number]
        if not segment.thread:
            return False
        past, future = self._look_back(span[0]), self._look_ahead(span[-1])
        return any(
            past[other] < each[-1] and future[other] > each[0]
            for other, each in spans.items()
            if other != number and (segment.started or self._segments[other].thread)
        )

    def _add(self, event: Event) -> None:
        lane, seq = event.lane, event.seq
        if isinstance(event, Hop):
            self._arrive(event)
        elif lane not in self._here:
            self._begin(lane, seq, self._new() if self._threads[lane] else MAIN, ())
        self._of.append(self._here[lane])
        self._time.append(event.time)
        self._last[self._segments[self._here[lane]].strand] = seq
        self._times.setdefault(lane, []).append(event.time)
        self._events.setdefault(lane, []).append(seq)

    def _arrive(self, hop: Hop) -> None:
        """Begin the segment of a hop."""
        lane, thread = hop.lane, self._threads[hop.lane]
        # A thread of a pool does one piece of work after the other by chance.
        mine = () if thread else tuple(self._events.get(lane, ())[-1:])
        strand, after, barrier = self._led(hop, mine)
        self._begin(lane, hop.seq, strand, after, barrier, hop.how == "thread")

    def _led(
        self, hop: Hop, mine: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...], Barrier]:
        """Return the strand of a hop's segment, and what it surely comes after.

        Args:
            hop: the hop.
            mine: the last event of its lane, if that comes before it.
        """
        thread = self._threads[hop.lane]
        if hop.how == "return":
            here = self._here.get(hop.lane)
            return MAIN if here is None else self._segments[here].strand, mine, ""
        if hop.origin_lane is None:
            return MAIN, mine, "loops"
        origin = self._origin(hop)
        from_thread = self._threads[hop.origin_lane]
        if origin is None:
            # It left no event, so what led to it is not known: on a loop, all that was
            # seen may have; in a thread, nothing else need have.
            if thread:
                strand = self._new()
                return strand, self._handed_before(hop, strand), "loops"
            return self._new(), mine, "" if from_thread else "all"
        if thread or from_thread or self._may_run(mine, origin):
            return self._new(), (*mine, origin), ""
        return self._segments[self._of[origin]].strand, (*mine, origin), ""

    def _handed_before(self, hop: Hop, strand: int) -> tuple[int, ...]:
        """Return the end of the work that a task without events handed over before.

        If that was over by then, the task has waited for it.

        Args:
            hop: what leads to its next work.
            strand: that of the next work.
        """
        assert hop.origin_lane is not None
        before = self._handed.get(hop.origin_lane)
        self._handed[hop.origin_lane] = strand
        if before is None or hop.scheduled is None:
            return ()
        end = self._last[before]
        return (end,) if self._time[end] <= hop.scheduled else ()

    def _begin(
        self,
        lane: int,
        first: int,
        strand: int,
        after: tuple[int, ...],
        barrier: Barrier = "",
        started: bool = False,
    ) -> None:
        if strand in self._last:
            after = (*after, self._last[strand])
        self._here[lane] = len(self._segments)
        thread = self._threads[lane]
        self._segments.append(_Segment(first, strand, thread, after, barrier, started))

    def _new(self) -> int:
        self._strands += 1
        return self._strands

    def _origin(self, hop: Hop) -> int | None:
        """Return the last event of the lane that scheduled a hop, at that moment."""
        assert hop.origin_lane is not None
        events = self._events.get(hop.origin_lane, [])
        at = len(events)
        if hop.scheduled is not None:
            at = bisect_right(self._times.get(hop.origin_lane, []), hop.scheduled)
        return events[at - 1] if at else None

    def _may_run(self, mine: tuple[int, ...], origin: int) -> bool:
        """Whether a lane might have gone on without what wakes it now.

        So it might if it is no part of the strand that does: it would have come late.
        """
        strand = self._segments[self._of[origin]].strand
        return any(self._segments[self._of[each]].strand != strand for each in mine)

    def _past(self, event: int) -> list[float]:
        """Return for each segment its last event that surely comes before an event."""
        if event not in self._pasts:
            self._pasts[event] = self._look_back(event)
        return self._pasts[event]

    def _look_back(self, event: int) -> list[float]:
        upto = [-inf] * len(self._segments)
        upto[self._of[event]] = event
        everywhere = on_loops = -inf
        for number in range(self._of[event], -1, -1):
            segment = self._segments[number]
            beyond = everywhere if segment.thread else max(everywhere, on_loops)
            upto[number] = max(upto[number], beyond)
            if upto[number] < segment.first:
                continue
            for each in segment.after:
                upto[self._of[each]] = max(upto[self._of[each]], each)
            if segment.barrier == "all":
                everywhere = max(everywhere, segment.first - 1)
            elif segment.barrier:
                on_loops = max(on_loops, segment.first - 1)
        return upto

    def _future(self, event: int) -> list[float]:
        """Return for each segment its first event that surely comes after an event."""
        if event not in self._futures:
            self._futures[event] = self._look_ahead(event)
        return self._futures[event]

    def _look_ahead(self, event: int) -> list[float]:
        since = [inf] * len(self._segments)
        since[self._of[event]] = event
        anywhere = event
        on_loops = inf if self._segments[self._of[event]].thread else event
        for number in range(self._of[event] + 1, len(self._segments)):
            segment = self._segments[number]
            reached = any(since[self._of[each]] <= each for each in segment.after)
            reached |= segment.barrier == "all" and anywhere < segment.first
            reached |= segment.barrier == "loops" and on_loops < segment.first
            if reached:
                since[number] = segment.first
                on_loops = on_loops if segment.thread else min(on_loops, segment.first)
        return since
