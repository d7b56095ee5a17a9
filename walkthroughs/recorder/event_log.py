"""What is written down while the program runs, and only that.

A recording should cost little, so an event is a tuple of numbers and short texts, and
everything that can wait does: lines, depths and the trace's own objects are made
afterwards, by `build`.  Invariants:

* one call a frame: a frame that comes back after it stepped aside is the same call;
* a call's parent is the innermost step open in its lane when it began;
* a hop is written just before the first event that it leads to, and only then, so that
  the loop's own housekeeping leaves no mark;
* a hop's cause is where control was when the work was scheduled.  Only a plain callback
  that left no mark is passed over, for what had led to it; a task or a thread is named
  even if nothing in it was recorded.  What is not known is not said;
* no lock while events are written: each touches only lists, dicts and a counter, in
  steps that no other thread can come between.  A lane belongs to one thread;
* threads and tasks are told apart by object: the system uses a thread's number again.

An entry is (number, time, lane, kind, ...), with what `Entry` says for each kind.
"""

from __future__ import annotations

import itertools
import threading
from asyncio import BaseEventLoop, Task
from collections import deque
from collections.abc import Callable, Mapping
from threading import get_ident
from time import perf_counter_ns
from typing import Any, Literal, Protocol
from weakref import ref

from ..focus import Focus
from .arguments import WatchedArguments
from .code_filter import CodeFilter
from .places import (
    ELSEWHERE,
    IO,
    Origin,
    Place,
    Threads,
    ThreadState,
    this_thread,
    thread_name,
)
from .tasks import current_task, is_running, running_loop, scheduled_by, task_of

Entry = tuple[Any, ...]
"""After number, time, lane and kind:

* "call": function, receiver, parent, the parent's instruction, arguments, whether the
  parent made the call itself;
* "return", "raise", "suspend", "resume": call, instruction, the exception's name;
* "receive", "send": type, summary, queue's depth, time waited, parent;
* "hop": its origin; when that was, when the callback began, and the thread's number.
"""


class Sized(Protocol):
    """A queue, of asyncio or like those."""

    def qsize(self) -> int:
        """How many events wait in it."""


class SendStep:
    """Stands on a lane's stack for an ASGI event that is being sent."""

    f_lasti = None


class EventLog:
    """The entries of one recording, and what it takes to write them.

    Args:
        focus: which calls to keep.
        watch: which arguments to keep, see `WatchedArguments`.
        loop_name: what the lane of the main thread's callbacks is called.
        max_events: events of that number and higher ones are only counted.
    """

    def __init__(
        self,
        focus: Focus,
        watch: Mapping[str, tuple[str, ...]],
        loop_name: Literal["loop", "reactor"] = "loop",
        max_events: int = 1_000_000,
    ) -> None:
        self.focus = focus
        self.max_events = max_events
        self.dropped = 0
        self.entries: list[Entry] = []
        self.recording = False
        self.started = perf_counter_ns()
        # Said when code that was switched off has to be judged again.
        self.restart: Callable[[], None] = lambda: None
        self.code_filter = CodeFilter(focus, lambda: self.restart())
        self.arguments = WatchedArguments(watch, self.code_filter) if watch else None
        # Said when a callback or a piece of work has ended.
        self.ended: Callable[[ThreadState], None] | None = None
        self.numbers = itertools.count()
        # Frame, or event being sent -> the entry that it began with.
        self.open: dict[object, Entry] = {}
        # Lane -> the frames open in it, outermost first.  The last one, -1, is for all
        # that begins when the recording is full.
        self.stacks: list[list[Any]] = [[]]
        self.threads = Threads()
        # Lane -> its place.
        self.places: list[Place] = []
        # The place of each task that is alive.
        self._tasks: dict[ref[Task[Any]], Place] = {}
        self._forget_task = self._tasks.pop
        # The classes of loops whose scheduling nobody hears.
        self.unrecorded_loops: set[type] = set()
        self._lock = threading.Lock()
        self.loop_name: Literal["loop", "reactor"] = loop_name
        self._main = threading.main_thread().ident

    def write(self, lane: int, kind: str, *more: object) -> Entry:
        """Write one event."""
        entry: Entry = (next(self.numbers), perf_counter_ns(), lane, kind, *more)
        if entry[0] < self.max_events:
            self.entries.append(entry)
        else:
            self.dropped += 1
        return entry

    def skip(self, number: int) -> None:
        """Goes on to count from that number, if it has not been reached yet."""
        missing = number - next(self.numbers) - 1
        # In C, so that no other thread takes a number meanwhile.
        deque(itertools.islice(self.numbers, max(missing, 0)), maxlen=0)

    # ASGI events

    def message(
        self,
        direction: Literal["receive", "send"],
        type: str,
        summary: tuple[tuple[str, str], ...],
        queue: Sized | None,
        asked: int | None = None,
    ) -> SendStep:
        """Write an ASGI event; one being sent stays open until `sent`.

        Args:
            direction: which way it goes.
            type: what it is.
            summary: what it carries, in short.
            queue: the queue that such events come from, if the server has one.
            asked: when the application began to wait for it.
        """
        step = SendStep()
        if not self.recording:
            return step
        waited = 0 if asked is None else perf_counter_ns() - asked
        state = self.enter_lane()
        lane = self.lane_of(state.place)
        stack = self.stacks[lane]
        parent = self.open[stack[-1]][0] if stack else None
        depth = None if queue is None else _depth(queue, state)
        entry = self.write(lane, direction, type, summary, depth, waited, parent)
        if direction == "send":
            self.open[step] = entry
            stack.append(step)
        return step

    def sent(self, step: SendStep, error: str | None = None) -> None:
        """Note that the server took the event, or refused it with that error."""
        entry = self.open.pop(step, None)
        if entry is not None:
            how = "raise" if error else "return"
            self.write(entry[2], how, entry[0], None, error)
            remove_step(self.stacks[entry[2]], step)

    # Who scheduled what

    def origin(self, state: ThreadState, how: str | None) -> Origin:
        """Return the present moment, as the cause of something that will run later.

        Inside a plain callback that has left no mark so far, the cause is what led to
        that callback: so a chain of the loop's own steps is one hop.
        """
        self.locate(state)
        cause = state.pending
        if cause is None or cause is IO or state.task is not None:
            return state.place.origin(how, self.open)
        if cause[0] in ELSEWHERE:
            return state.place.origin(how, self.open)
        return (how, cause[1], cause[2], perf_counter_ns())

    def with_cause(
        self,
        fn: Callable[..., Any],
        how: str,
        done: Callable[[Origin], None] | None = None,
    ) -> Callable[..., Any]:
        """Return the function, which remembers what has scheduled it now.

        Args:
            fn: the function.
            how: the way in which it was scheduled.
            done: is told of the end of a call, as the cause of what it leads to.
        """
        origin = self.origin(self.threads.state, how)

        def run(*args: Any, **kwargs: Any) -> Any:
            state = self.threads.state
            before, outer = state.pending, state.began
            state.pending, state.began = origin, perf_counter_ns()
            try:
                return fn(*args, **kwargs)
            finally:
                if done is not None:
                    done(self.origin(state, None))
                # If it has left its mark, so has whatever led to it.
                state.pending = before if state.pending is not None else None
                state.began = outer
                if self.ended is not None:
                    self.ended(state)

        return run

    # Lanes

    def enter_lane(self) -> ThreadState:
        """Find the lane of the present thread, and write the hop that led to it."""
        state = self.threads.state
        self.locate(state)
        if state.pending is not None:
            self.write_hop(state)
        return state

    def locate(self, state: ThreadState) -> None:
        """Find out in which place the thread is now."""
        loop = running_loop()
        # Without a running loop there is no task; asking would raise.
        task = current_task(loop) if loop is not None else None
        if task is state.task:
            return
        if loop is not state.loop:
            state.loop = loop
            if loop is not None and not isinstance(loop, BaseEventLoop):
                self.unrecorded_loops.add(type(loop))
        if state.aside:
            self.leave_eager_tasks(state)
        place = state.own if task is None else self._tasks.get(ref(task))
        if place is None:
            place = self._new_place(task, state)
        state.place, state.stack, state.task = place, place.stack, task

    def write_hop(self, state: ThreadState) -> None:
        """Write the hop that led the thread to its lane."""
        how, place, step, scheduled = state.pending or IO
        state.pending = None
        lane = None if place is None else self.lane_of(place)
        cause = (how or scheduled_by(state.handle), lane, step)
        when = (scheduled, state.began, state.number)
        self.write(self.lane_of(state.place), "hop", cause, when)

    def name_lane(self, name: str) -> None:
        """Give the present lane, if it is a task, that name from now on."""
        state = self.threads.state
        self.locate(state)
        if state.place.kind == "task":
            state.place.name, state.place.given = name, ""

    def lane_of(self, place: Place) -> int:
        """Return the number of the lane, which is the next one if it has none yet."""
        if place.number < 0 and not self.dropped:
            with self._lock:
                # A log that is full takes no more lanes, for nothing would show them.
                if place.number < 0:
                    self.stacks.insert(-1, place.stack)
                    self.places.append(place)
                    place.number = len(self.places) - 1
        return place.number

    def _new_place(self, task: Task[Any] | None, state: ThreadState) -> Place:
        """Make a place for what the thread now runs for the first time."""
        if task is None:
            state.own = place = self._thread_place()
            return place
        name = getattr(task.get_coro(), "__name__", "") or repr(task.get_coro())
        place = Place("task", name, task.get_name())
        self._tasks[ref(task, self._forget_task)] = place
        if state.handle is not None and task is not task_of(state.handle):
            # It runs inside of another's callback: it was begun at once.
            state.aside.append((task, state.pending))
            state.begun.append(task)
            coroutine, origin = state.starting or (None, None)
            known = coroutine is not None and coroutine is task.get_coro()
            state.pending = origin if known else None
        return place

    def task_made(self, state: ThreadState) -> None:
        """Note a new task; if it was begun at once, go on in the task that made it."""
        if state.aside:
            state.task = state  # not known until somebody looks
            self.locate(state)
            if (
                state.pending is not None
                and state.pending[0] == "return"
                and state.stack
            ):
                # What the open steps call next is not asked for its lane.
                self.write_hop(state)

    def name_eager_tasks(self, state: ThreadState) -> None:
        """At a callback's end, the tasks begun at once in it have got their names."""
        for task in state.begun:
            place = self._tasks[ref(task)]
            if place.given:
                place.given = task.get_name()
        state.begun.clear()
        state.aside.clear()

    def leave_eager_tasks(self, state: ThreadState) -> None:
        """Leaves those tasks that were begun at once and have stepped aside."""
        while state.aside and not is_running(state.aside[-1][0]):
            task, pending = state.aside.pop()
            if pending is None and state.pending is None:
                pending = ("return", self._tasks[ref(task)], None, None)
            state.pending = pending

    def _thread_place(self) -> Place:
        if get_ident() == self._main:
            return Place(self.loop_name, "")
        thread = this_thread()
        return Place("thread", thread_name(thread.name) if thread else "")


def _depth(queue: Sized, state: ThreadState) -> int:
    # That it is asked is our own doing, and leaves no mark.
    state.looking = True
    try:
        return queue.qsize()
    finally:
        state.looking = False


def remove_step(stack: list[Any], step: object) -> None:
    """Take a step off its lane's stack."""
    # Whatever stands above has lost its end: it goes with the frame below it.
    while stack and step in stack:
        stack.pop()
