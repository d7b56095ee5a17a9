"""What is written down while the program runs, and only that.

A recording should cost little, so an event is a tuple of numbers and short texts, and
everything that can wait does: lines, depths and the trace's own objects are made
afterwards, by `build`.  Laws:

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

import asyncio
import itertools
import re
import sys
import threading
from asyncio import BaseEventLoop, Task, TimerHandle
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from threading import get_ident
from time import perf_counter_ns
from types import FrameType
from typing import Any, Literal, Protocol
from weakref import ref

from ..focus import Focus
from ..trace import LaneKind
from .code_filter import OUT, CodeFilter, CodeInfo
from .values import label, short

Entry = tuple[Any, ...]
"""After number, time, lane and kind:

* "call": function, receiver, parent, the parent's instruction, arguments, whether the
  parent made the call itself;
* "return", "raise", "suspend", "resume": call, instruction, the exception's name;
* "receive", "send": type, summary, queue's depth, time waited, parent;
* "hop": its origin; when that was, when the callback began, and the thread's number.
"""


class Place:
    """Where code runs: in a task, or in a thread beside all tasks.

    Args:
        kind: what kind of lane it becomes.
        name: what the lane is called, unless the program gave a name.
        given: what the program calls the task.

    Attributes:
        number: its lane, -1 as long as no entry names it.
        stack: the steps open in it, outermost first.
    """

    __slots__ = ("given", "kind", "name", "number", "stack")

    def __init__(self, kind: LaneKind, name: str, given: str = "") -> None:
        self.kind = kind
        self.name = name
        self.given = given
        self.number = -1
        self.stack: list[Any] = []

    @property
    def label(self) -> str:
        """The name to show."""
        return label(self.name if _UNNAMED.fullmatch(self.given) else self.given)

    def origin(self, how: str | None, opened: Mapping[object, Entry]) -> Origin:
        """Return the present moment in this place, as a cause."""
        step = opened[self.stack[-1]][0] if self.stack else None
        return (how, self, step, perf_counter_ns())


_UNNAMED = re.compile(r"|None|Task-\d+")
"""What tasks are called to which the program gave no name; None, by Python 3.13.0."""

Origin = tuple[str | None, Place | None, int | None, int | None]
"""Who scheduled something: how (None: the loop's handle tells), in which place, inside
which open step, and when.  Of a chain of the loop's own steps the time is that of the
last one: what it leads to was not ready before."""

IO: Origin = ("io", None, None, None)
"""Nobody did: the loop found a reason in the outside world."""

EVERYWHERE = "*"
"""Stands for all functions whose own name is not watched."""

ELSEWHERE = ("executor", "thread")
"""How work comes to a thread: what it leads to comes from there, not from whom it had it."""

TASKS: tuple[type[Task[Any]], ...] = (Task, asyncio.tasks._PyTask)  # type: ignore[attr-defined]
"""asyncio's task in C, and the same in Python."""

running_loop = asyncio._get_running_loop

# `current_task` is Python before 3.12, and a profiler pays for each call of that.
current_task: Callable[[Any], Task[Any] | None] = (
    asyncio.current_task
    if sys.version_info >= (3, 12)
    else asyncio.tasks._current_tasks.get  # type: ignore[attr-defined]
)


class Sized(Protocol):
    """A queue, of asyncio or like those."""

    def qsize(self) -> int:
        """How many events wait in it."""


class SendStep:
    """Stands on a lane's stack for an ASGI event that is being sent."""

    f_lasti = None


class Bottom:
    """Stands for what is below the first step of a lane."""

    f_lasti = None


_BOTTOM = Bottom()
_NOTHING: Entry = (None,)


class ThreadState:
    """What is known of one thread.

    Attributes:
        task: the task that ran when it was last looked at.
        place: the place of that task.
        stack: the steps open there.
        own: the place of what the thread runs beside all tasks.
        loop: the loop that ran when it was last looked at.
        number: tells it from the other threads of this process.
        handle: what the loop runs now.
        began: when the present callback or piece of work began to run.
        pending: what led to the present callback, until that has left a mark.
        starting: the coroutine that is made a task right now, and the cause of it.
        aside: the tasks that run inside the present callback though it is not theirs,
            for they were begun at once ("eager"); with the cause that waits for each.
        begun: those tasks, and those that have stepped aside since.
        heard: whether calls of the thread were heard.
        looking: whether what runs is our own doing, which leaves no mark.
        lasting: whether handles that are made now run again and again.
    """

    __slots__ = (
        "aside",
        "began",
        "begun",
        "handle",
        "heard",
        "lasting",
        "looking",
        "loop",
        "number",
        "own",
        "pending",
        "place",
        "stack",
        "starting",
        "task",
    )

    def __init__(self) -> None:
        self.task: Any = self
        self.place: Place = _NOWHERE
        self.stack: list[Any] = []
        self.own: Place | None = None
        self.loop: Any = None
        self.number = next(_THREADS)
        self.handle: Any = None
        self.began: int | None = None
        self.pending: Origin | None = None
        self.starting: tuple[Any, Origin] | None = None
        self.aside: list[tuple[Task[Any], Origin | None]] = []
        self.begun: list[Task[Any]] = []
        self.heard = False
        self.looking = False
        self.lasting = False


_THREADS = itertools.count()

_NOWHERE = Place("thread", "")


class Threads(threading.local):
    """Has what is known of the present thread, for as long as the thread lives."""

    def __init__(self) -> None:
        self.state = ThreadState()


class EventLog:
    """The entries of one recording, and what it takes to write them.

    Args:
        focus: which calls to keep.
        watch: dotted name -> names of the arguments whose repr is kept; those under
            `EVERYWHERE` are kept of every other function that has them.
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
        self.watch = watch
        self._watched: dict[CodeInfo, tuple[str, ...]] = {}
        self.max_events = max_events
        self.dropped = 0
        self.entries: list[Entry] = []
        self.recording = False
        self.started = perf_counter_ns()
        # Said when code that was switched off has to be judged again.
        self.restart: Callable[[], None] = lambda: None
        self.code_filter = CodeFilter(focus, lambda: self.restart())
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
        cause = (how or _how(state.handle), lane, step)
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
        if state.handle is not None and task is not _task_of(state.handle):
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
        while state.aside and not _is_running(state.aside[-1][0]):
            task, pending = state.aside.pop()
            if pending is None and state.pending is None:
                pending = ("return", self._tasks[ref(task)], None, None)
            state.pending = pending

    def _thread_place(self) -> Place:
        if get_ident() == self._main:
            return Place(self.loop_name, "")
        thread = _this_thread()
        return Place("thread", _thread_name(thread.name) if thread else "")

    def args(
        self, seen: CodeInfo, receiver: str | None, frame: FrameType
    ) -> tuple[tuple[str, str], ...]:
        """Return the arguments that the scenario watches, in short."""
        wanted = self.watch.get(self.code_filter.called_name(seen, receiver))
        if wanted is None:
            wanted = self._everywhere(seen)
        values = frame.f_locals if wanted else {}
        return tuple(
            pair for name in wanted for pair in watched_arguments(name, values)
        )

    def _everywhere(self, seen: CodeInfo) -> tuple[str, ...]:
        """Return those of a function's arguments that are watched in any function."""
        found = self._watched.get(seen)
        if found is None:
            code = seen.code
            count = code.co_argcount + code.co_kwonlyargcount
            names = self.watch.get(EVERYWHERE, ())
            found = tuple(each for each in code.co_varnames[:count] if each in names)
            self._watched[seen] = found
        return found


def watched_arguments(
    wanted: str, values: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what to keep of an argument, by name and repr.

    "scope" is the whole in short, "scope[]" each of its entries, when it is a plain
    dict.
    """
    name = wanted.removesuffix("[]")
    value = values.get(name)
    if name != wanted and type(value) is dict:
        for key, each in value.items():
            yield f"{name}[{short(key)}]", short(each, str(key))
    elif name in values:
        yield name, short(value, name)


# What frames do.  These run for every call, so all that they need is at hand as a local
# name: an attribute costs several times as much.


def make_begin(log: EventLog) -> Callable[[CodeInfo, FrameType], None]:
    """Return the function to call when a frame of watched code begins to run."""
    opened, stacks = log.open, log.stacks
    get, append = log.open.get, log.entries.append
    numbers, now, limit = log.numbers, perf_counter_ns, log.max_events
    threads, code_filter = log.threads, log.code_filter
    args_of = log.args if log.watch else None

    def begin(seen: CodeInfo, frame: Any) -> None:
        receiver: Any = None
        if seen.self is not None:
            # An object of a class without subclasses can be of that class only.
            if seen.alone is not None and not seen.subclasses():
                receiver = seen.alone
            elif (receiver := code_filter.receiver(seen, frame)) is OUT:
                return
        # A task may begin anywhere; a plain function stays in its caller's lane.
        caller: Any = None if seen.resumable else frame.f_back
        above = get(caller)
        if above is None:
            state = threads.state
            if state.looking:
                return
            loop = running_loop()
            if loop is None or current_task(loop) is not state.task:
                log.locate(state)
            if state.pending is not None:
                log.write_hop(state)
            lane = state.place.number
            if lane < 0:
                lane = log.lane_of(state.place)
            stack = stacks[lane]
            caller = stack[-1] if stack else _BOTTOM
            above = get(caller, _NOTHING)
        else:
            lane = above[2]
            stack = stacks[lane]
        entry = (
            next(numbers),
            now(),
            lane,
            "call",
            seen.number if seen.number >= 0 else code_filter.number(seen),
            receiver,
            above[0],
            caller.f_lasti,
            args_of(seen, receiver, frame) if args_of is not None else (),
            frame.f_back is caller,
        )
        if entry[0] < limit:
            append(entry)
        else:
            log.dropped += 1
        opened[frame] = entry
        stack.append(frame)

    return begin


def make_end(log: EventLog) -> Callable[..., None]:
    """Return the function to call when a frame is done; not all frames are known."""
    return _make_leave(log, log.open.pop)


def make_suspend(log: EventLog) -> Callable[..., None]:
    """Return the function to call when a frame steps aside, to come back later."""
    return _make_leave(log, log.open.get)


def _make_leave(
    log: EventLog, find: Callable[[Any, None], Entry | None]
) -> Callable[..., None]:
    append, numbers, now = log.entries.append, log.numbers, perf_counter_ns
    limit, stacks = log.max_events, log.stacks

    def left(frame: Any, how: str, at: int, error: str | None = None) -> None:
        began = find(frame, None)
        if began is None:
            return
        lane = began[2]
        entry = (next(numbers), now(), lane, how, began[0], at, error)
        if entry[0] < limit:
            append(entry)
        else:
            log.dropped += 1
        stack = stacks[lane]
        if stack and stack[-1] is frame:
            del stack[-1]
        else:
            remove_step(stack, frame)

    return left


def make_resume(log: EventLog) -> Callable[[Any, int], None]:
    """Return the function to call when a frame that had stepped aside runs again."""
    opened, append, stacks = log.open, log.entries.append, log.stacks
    numbers, now, limit = log.numbers, perf_counter_ns, log.max_events

    def resume(frame: Any, at: int) -> None:
        began = opened.get(frame)
        if began is None:
            return
        back = frame.f_back
        above = opened.get(back)
        # An exception goes past frames that wait, which are not resumed for it.
        if above is not None and (stack := stacks[above[2]]) and stack[-1] is back:
            lane = above[2]
        else:
            lane = log.lane_of(log.enter_lane().place)
            stack = stacks[lane]
        if lane != began[2]:
            # What follows happens there; the call is still the same one.
            opened[frame] = (began[0], began[1], lane, *began[3:])
        entry = (next(numbers), now(), lane, "resume", began[0], at, None)
        if entry[0] < limit:
            append(entry)
        else:
            log.dropped += 1
        stack.append(frame)

    return resume


def drop_ended_steps(state: ThreadState) -> None:
    """Drop the steps that seem open in this thread, but have ended unheard.

    What has ended without a word must not be taken for the caller of what follows.
    """
    running, frame = set(), sys._getframe().f_back
    while frame is not None:
        running.add(frame)
        frame = frame.f_back
    state.stack[:] = [each for each in state.stack if each in running]


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


def _how(handle: Any) -> str:
    """How a handle of the loop came to run, if it is not a task's first."""
    if _task_of(handle) is not None:
        return "wake"
    return "call_later" if isinstance(handle, TimerHandle) else "call_soon"


def _task_of(handle: Any) -> Task[Any] | None:
    """Return the task that the handle runs a step of."""
    task: Any = getattr(handle._callback, "__self__", None)
    return task if isinstance(task, TASKS) else None


def _is_running(task: Task[Any]) -> bool:
    """Whether the task is in the middle of a step."""
    if task.done():
        return False  # and the coroutine is gone: 3.12.1 breaks if asked for it
    coroutine = task.get_coro()
    running = getattr(coroutine, "cr_running", getattr(coroutine, "gi_running", False))
    return bool(running)


def _this_thread() -> threading.Thread | None:
    """Return the thread that this runs in; None if no `Thread` has started it."""
    # Not `current_thread`, which would make a thread of one it does not know.
    known = threading._active.get(get_ident())  # type: ignore[attr-defined]
    if known is None:
        # One that has only begun is not listed yet, but its outermost frame knows it.
        frame = sys._getframe()
        while frame.f_back is not None:
            frame = frame.f_back
        known = frame.f_locals.get("self")
    return known if isinstance(known, threading.Thread) else None


_THREAD = re.compile(r"Thread-\d+ \((?P<target>.+)\)")


def _thread_name(name: str) -> str:
    """Return a thread's name without the numbers that differ from run to run."""
    named = _THREAD.fullmatch(name)
    stem = label(named["target"] if named else name).rstrip("0123456789_-")
    # What the pools of concurrent.futures, asyncio and Twisted call their threads.
    pooled = stem in (
        "ThreadPoolExecutor",
        "asyncio",
        "PoolThread-twisted.internet.reactor",
    )
    return "executor" if pooled else stem
