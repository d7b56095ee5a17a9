"""When each lane ran and when it waited, and what a step waited for.

All of it comes from the times in a recording, and nothing is said that those do not show.
Invariants:

* a lane is *running* as `lane_runs` says;
* it is *queued* from the moment when something was scheduled until it began.  A timer
  that is set is not queued;
* a task is *suspended* from the moment when its last recorded call stepped aside, or when
  it asked for an ASGI event, until it is scheduled again;
* it waits for the *client* while it is suspended in `receive`, if the event that it gets
  then is one of HTTP or WebSocket, and a callback that the loop ran because of I/O
  scheduled it: up to that callback;
* a loop waits for *I/O* from the end of what its thread ran last, up to a callback that
  the loop ran because of I/O, if nothing recorded ran in that thread in between.

The rest of a lane's time is unknown, and stays blank.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..trace import Call, Event, Exit, Hop, Message, Trace
from .lane_runs import INSIDE, TIMER, LaneRuns, Run
from .stretches import State, Stretch, filled

MANY = 100
"""What has waited for more runs of other lanes than that is not told of each of them."""

CONNECTIONS = ("http.", "websocket.")
"""How the types of the ASGI events begin that a connection brings."""


@dataclass(frozen=True, slots=True)
class Queued:
    """How long something that was scheduled waited for its turn.

    Args:
        start: when it was ready to run, in nanoseconds since the start of the recording.
        end: when it began to run.
        behind: the lane of the same thread that ran for the longest in between; None
            if no recorded call is known to have run there.
        for_long: for how many nanoseconds that lane ran in between.
        many: how often something ran there, if too often to look at each time; else 0.
        unsure: whether something may have run there that is not counted, since the
            thread of this or of another lane is not known.
    """

    start: int
    end: int
    behind: int | None = None
    for_long: int = 0
    many: int = 0
    unsure: bool = False

    @property
    def waited(self) -> int:
        """How long, in nanoseconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time during which a call was suspended.

    Args:
        start: when it stepped aside, in nanoseconds since the start of the recording.
        end: when it was scheduled again; if that is not known, or if a timer did it,
            when it ran again.
        hop: what woke it; None if what had called it had gone on running, as it does
            with a value from a generator.
        received: the ASGI event that it awaited, if it was one.
    """

    start: int
    end: int
    hop: Hop | None
    received: Message | None

    @property
    def waited(self) -> int:
        """How long, in nanoseconds."""
        return self.end - self.start


class Waits:
    """What a recording tells of waiting.

    Args:
        trace: the recording.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def runs(self, lane: int) -> Sequence[Run]:
        """Return when a lane ran, in order."""
        return self._scanned[lane].runs

    def stretches(self, lane: int) -> Sequence[Stretch]:
        """Return the states of a lane, in order; they do not overlap."""
        return self._stretches[lane]

    def queued(self, hop: Hop) -> Queued | None:
        """Return how long a hop waited for its turn; None if that is not known.

        A timer is not queued while it has to wait, and neither is what has run within
        the call that scheduled it.
        """
        if hop.scheduled is None or hop.began is None or hop.how == TIMER:
            return None
        # What schedules itself again is not queued before it has stepped aside.
        again = hop.origin_lane == hop.lane
        own = self._run_at(hop.lane, hop.scheduled) if again else None
        start = max(hop.scheduled, own.end if own else 0)
        if hop.how in INSIDE or start >= hop.began:
            return None
        if hop.thread is None:
            return Queued(start, hop.began, unsure=True)
        if (many := self._often(hop.thread, start, hop.began)) > MANY:
            return Queued(start, hop.began, many=many)
        ran: dict[int, int] = {}
        for lane, run in self._ran(hop.thread, start, hop.began):
            part = min(run.end, hop.began) - max(run.start, start)
            ran[lane] = ran.get(lane, 0) + part
        behind = max(ran, key=lambda lane: ran[lane], default=None)
        if behind is None:
            unplaced = any(True for _ in self._ran(None, start, hop.began))
            return Queued(start, hop.began, unsure=unplaced)
        return Queued(start, hop.began, behind, ran[behind])

    def timer(self, hop: Hop) -> int | None:
        """Return after how many nanoseconds a timer ran; None for any other hop."""
        if hop.how != TIMER or hop.scheduled is None or hop.began is None:
            return None
        return hop.began - hop.scheduled

    def suspensions(self, call: int) -> Sequence[Suspension]:
        """Return when a call was suspended, in order; one that never ended is left out."""
        return self._suspensions.get(call, ())

    def received(self, message: Message) -> int:
        """Return how long the application waited in `receive`, in nanoseconds.

        It is 0 for an event that was there already, and for one that is sent.
        """
        return 0 if self.woken(message) is None else message.waited

    def woken(self, message: Message) -> Hop | None:
        """Return what woke the task that waited for an event; None if it did not wait."""
        if message.direction == "send":
            return None
        hop = self._hop_between(message.lane, -1, message.seq)
        return hop if hop and hop.time > _asked(message) else None

    def client(self, message: Message) -> int:
        """Return how long `receive` waited for the client, in nanoseconds."""
        return sum(end - start for start, end in self._client(message))

    @cached_property
    def threads(self) -> Mapping[int, int]:
        """Lane -> the number of its thread, as far as that is known."""
        hops = (each for each in self.trace.events if isinstance(each, Hop))
        return {hop.lane: hop.thread for hop in hops if hop.thread is not None}

    # Inside

    @cached_property
    def _by_lane(self) -> list[list[Event]]:
        lanes: list[list[Event]] = [[] for _ in self.trace.lanes]
        for event in self.trace.events:
            lanes[event.lane].append(event)
        return lanes

    @cached_property
    def _scanned(self) -> list[LaneRuns]:
        fresh: dict[int | None, list[int]] = {}
        for event in self.trace.events:
            if isinstance(event, Hop) and event.how not in INSIDE:
                fresh.setdefault(event.thread, []).append(event.seq)
        return [
            LaneRuns(
                self.trace,
                events,
                fresh.get(self.threads.get(lane), ()),
                lane in self.threads,
            )
            for lane, events in enumerate(self._by_lane)
        ]

    @cached_property
    def _starts(self) -> list[list[int]]:
        return [[run.start for run in scan.runs] for scan in self._scanned]

    def _run_at(self, lane: int, moment: int) -> Run | None:
        at = bisect_right(self._starts[lane], moment) - 1
        runs = self._scanned[lane].runs
        return runs[at] if at >= 0 and moment <= runs[at].end else None

    @cached_property
    def _in_thread(self) -> Mapping[int | None, Sequence[tuple[int, Run]]]:
        """Thread -> what ran in it, with the lane, in the order of the beginnings.

        None -> what ran in lanes whose thread is not known.
        """
        found: dict[int | None, list[tuple[int, Run]]] = {}
        for lane in range(len(self.trace.lanes)):
            thread = self.threads.get(lane)
            found.setdefault(thread, []).extend((lane, run) for run in self.runs(lane))
        return {
            thread: sorted(runs, key=lambda each: each[1].start)
            for thread, runs in found.items()
        }

    @cached_property
    def _outlasting(self) -> Mapping[int | None, Sequence[int]]:
        """Thread -> for each of its runs, the last one before it that ended later.

        It is the place in `_in_thread`; -1 for none.
        """
        found: dict[int | None, list[int]] = {}
        for thread, runs in self._in_thread.items():
            later: list[int] = []
            longest: list[int] = []
            for at, (_, run) in enumerate(runs):
                while longest and runs[longest[-1]][1].end <= run.end:
                    longest.pop()
                later.append(longest[-1] if longest else -1)
                longest.append(at)
            found[thread] = later
        return found

    def _often(self, thread: int, start: int, end: int) -> int:
        """Return how often something began to run in a thread between two moments."""
        runs = self._in_thread.get(thread, ())
        first, last = (
            bisect_left(runs, moment, key=lambda each: each[1].start)
            for moment in (start, end)
        )
        return last - first

    def _ran(
        self, thread: int | None, start: int, end: int
    ) -> Iterator[tuple[int, Run]]:
        """Yield what ran in a thread between two moments, and its lanes."""
        runs = self._in_thread.get(thread, ())
        at = bisect_left(runs, end, key=lambda each: each[1].start) - 1
        while at >= 0:
            lane, run = runs[at]
            if run.end > start:
                yield lane, run
                at -= 1
            else:
                # Of tasks that are begun at once, one runs within another.
                at = self._outlasting[thread][at]

    @cached_property
    def _suspensions(self) -> dict[int, list[Suspension]]:
        found: dict[int, list[Suspension]] = {}
        aside: dict[int, Exit] = {}
        for event in self.trace.events:
            if not isinstance(event, Exit):
                continue
            if event.how == "suspend":
                aside[event.call] = event
            elif since := aside.pop(event.call, None):
                # A generator gives a value and goes on in the same step of its task.
                hop = self._hop_between(event.lane, since.seq, event.seq)
                if hop is not None:
                    each = self._suspension(since, event, hop)
                    found.setdefault(event.call, []).append(each)
        return found

    def _suspension(self, since: Exit, until: Exit, hop: Hop) -> Suspension:
        if self._went_on(since, hop):
            return Suspension(since.time, until.time, None, None)
        if hop.scheduled is None or hop.how == TIMER:
            end = until.time if hop.began is None else hop.began
        else:
            end = hop.scheduled
        received = self._received(until.lane, since.time, until)
        return Suspension(since.time, max(since.time, end), hop, received)

    def _went_on(self, since: Exit, hop: Hop) -> bool:
        """Return whether the caller of a step ran, after that had stepped aside.

        A caller that awaits the step is suspended next, in the line of the call.
        """
        call = self.trace.events[since.call]
        assert isinstance(call, Call)
        lane = self._by_lane[since.lane]
        first = bisect_right(lane, since.seq, key=lambda each: each.seq)
        for at in range(first, len(lane)):
            event = lane[at]
            if event.seq >= hop.seq:
                return False
            if not isinstance(event, Exit) or event.how != "suspend":
                return True
            if event.call == call.parent:
                return None not in (call.line, event.line) and call.line != event.line
        return False

    def _hop_between(self, lane: int, first: int, last: int) -> Hop | None:
        hops = self._hops[lane]
        at = bisect_left(hops, last, key=lambda hop: hop.seq)
        return hops[at - 1] if at and hops[at - 1].seq > first else None

    @cached_property
    def _hops(self) -> list[list[Hop]]:
        return [
            [each for each in lane if isinstance(each, Hop)] for lane in self._by_lane
        ]

    @cached_property
    def _receipts(self) -> list[list[Message]]:
        return [
            [
                each
                for each in lane
                if isinstance(each, Message) and each.direction == "receive"
            ]
            for lane in self._by_lane
        ]

    def _received(self, lane: int, since: int, until: Exit) -> Message | None:
        """Return the event that the lane awaited from one moment to another."""
        receipts = self._receipts[lane]
        at = bisect_right(receipts, until.seq, key=lambda each: each.seq)
        if at == len(receipts):
            return None
        return receipts[at] if _asked(receipts[at]) <= since else None

    def _client(self, message: Message) -> Iterator[tuple[int, int]]:
        """Yield the times when `receive` waited for the client, from when to when."""
        if not message.type.startswith(CONNECTIONS):
            return
        hop, asked = self.woken(message), _asked(message)
        if hop is None or hop.scheduled is None or hop.origin_lane is None:
            return
        # Only if it was scheduled in that very callback.
        cause = self._run_at(hop.origin_lane, hop.scheduled)
        if cause and cause.hop and cause.hop.how == "io" and cause.start > asked:
            yield asked, cause.start

    @cached_property
    def _stretches(self) -> list[Sequence[Stretch]]:
        return [self._states(lane) for lane in range(len(self.trace.lanes))]

    def _states(self, lane: int) -> Sequence[Stretch]:
        """Return the states of a lane: what is known better goes before the rest."""
        scan = self._scanned[lane]
        receipts = self._receipts[lane]
        known = [Stretch("running", run.start, run.end) for run in scan.runs]
        queued = map(self.queued, self._hops[lane])
        known = filled(known, (("queued", q.start, q.end) for q in queued if q))
        clients = (each for message in receipts for each in self._client(message))
        known = filled(known, (("client", *each) for each in clients))
        known = filled(known, map(self._awaited, receipts))
        known = filled(known, (("suspended", *each) for each in scan.aside))
        if self.trace.lanes[lane].kind in ("loop", "reactor"):
            known = filled(known, self._waiting_for_io(lane))
        return known

    def _awaited(self, message: Message) -> tuple[State, int, int]:
        """Return when the application was suspended in `receive`."""
        hop, asked = self.woken(message), _asked(message)
        if hop is None:
            return "suspended", asked, asked
        return "suspended", asked, hop.time if hop.scheduled is None else hop.scheduled

    def _waiting_for_io(self, lane: int) -> Iterator[tuple[State, int, int]]:
        thread = self.threads.get(lane)
        if thread is None:
            return
        ended = None
        for _, run in self._in_thread[thread]:
            found = run.hop is not None and run.hop.how == "io"
            if found and ended is not None and ended < run.start:
                yield "io", ended, run.start
            ended = run.end if ended is None else max(ended, run.end)


def _asked(message: Message) -> int:
    """When the application asked for the event."""
    return message.time - message.waited
