"""What is written down while the program runs, and only that.

A recording should cost little, so an event is a tuple of numbers and short texts, and
everything that can wait does: lines, depths and the trace's own objects are made
afterwards, by `build`.  Laws:

* one call a frame: a frame that comes back after it stepped aside is the same call;
* a call's parent is the innermost step open in its lane when it began;
* a hop is written just before the first event that it leads to, and only then, so that
  the loop's own housekeeping leaves no mark;
* no lock while events are written: each touches only lists, dicts and a counter, in
  steps that no other thread can come between.  A lane belongs to one thread.

An entry is (number, time, lane, kind, ...), with what `Entry` says for each kind.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from asyncio import Task, TimerHandle, current_task
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from threading import get_ident
from time import perf_counter_ns
from types import FrameType
from typing import Any, Literal, Protocol

from ..focus import Focus
from ..trace import Lane, LaneKind
from .values import short
from .watched import OUT, Watched, Watching

Entry = tuple[Any, ...]
"""After number, time, lane and kind:

* "call": function, receiver, parent, the parent's instruction, arguments, whether the
  parent made the call itself;
* "return", "raise", "suspend", "resume": call, instruction, the exception's name;
* "receive", "send": type, summary, queue's depth, time waited, parent;
* "hop": its origin.
"""

Origin = tuple[str | None, int | None, int | None]
"""Who scheduled something: how (None: the loop's handle tells), in which lane, inside
which open step."""

IO: Origin = ("io", None, None)
"""Nobody did: the loop found a reason in the outside world."""

running_loop = asyncio._get_running_loop


class Sized(Protocol):
    """A queue, of asyncio or like those."""

    def qsize(self) -> int:
        """How many events wait in it."""


class Sending:
    """Stands on a lane's stack for an ASGI event that is being sent."""

    f_lasti = None


class Bottom:
    """Stands for what is below the first step of a lane."""

    f_lasti = None


_BOTTOM = Bottom()
_NOTHING: Entry = (None,)


class Here:
    """What is known of one thread.

    Attributes:
        task: the task that ran when it was last looked at.
        lane: the lane of that task.
        stack: the steps open in that lane.
        lanes: task -> its lane; None -> that of no task.
        handle: what the loop runs now.
        landing: what led to the present callback, until that has left a mark.
        looking: whether what runs is our own doing, which leaves no mark.
        lasting: whether handles that are made now run again and again.
    """

    __slots__ = (
        "handle",
        "landing",
        "lane",
        "lanes",
        "lasting",
        "looking",
        "stack",
        "task",
    )

    def __init__(self) -> None:
        self.task: Any = self
        self.lane = -1
        self.stack: list[Any] = []
        self.lanes: dict[Task[Any] | None, int] = {}
        self.handle: Any = None
        self.landing: Origin | None = None
        self.looking = False
        self.lasting = False


class Tape:
    """The entries of one recording, and what it takes to write them.

    Args:
        focus: which calls to keep.
        watch: dotted name -> names of the arguments whose repr is kept.
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
        self.max_events = max_events
        self.dropped = 0
        self.entries: list[Entry] = []
        self.recording = False
        self.started = perf_counter_ns()
        # Said when code that was switched off has to be judged again.
        self.restart: Callable[[], None] = lambda: None
        self.watching = Watching(focus, lambda: self.restart())
        self.numbers = itertools.count()
        # Frame, or event being sent -> the entry that it began with.
        self.open: dict[object, Entry] = {}
        # Lane -> the frames open in it, outermost first.
        self.stacks: list[list[Any]] = []
        self.here: dict[int, Here] = {}
        self._labels: list[tuple[LaneKind, str]] = []
        # Lanes of tasks that somebody made, until the hop that leads there is written.
        self._new: set[int] = set()
        self._lock = threading.Lock()
        self.loop_name: Literal["loop", "reactor"] = loop_name
        self._main = threading.main_thread().ident
        # Kept beside, for a server may run thousands of tasks: which names are taken,
        # and from which number on to look for one that is not.
        self._names: set[tuple[LaneKind, str]] = set()
        self._unused_from: dict[tuple[LaneKind, str], int] = {}

    def write(self, lane: int, kind: str, *more: object) -> Entry:
        """Writes down one event."""
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
    ) -> Sending:
        """An ASGI event passes the door; one being sent stays open until `sent`.

        Args:
            direction: which way it goes.
            type: what it is.
            summary: what it carries, in short.
            queue: the queue that such events come from, if the server has one.
            asked: when the application began to wait for it.
        """
        step = Sending()
        if not self.recording:
            return step
        waited = 0 if asked is None else perf_counter_ns() - asked
        here = self.arrived()
        stack = here.stack
        parent = self.open[stack[-1]][0] if stack else None
        depth = None if queue is None else _depth(queue, here)
        entry = self.write(here.lane, direction, type, summary, depth, waited, parent)
        if direction == "send":
            self.open[step] = entry
            stack.append(step)
        return step

    def sent(self, step: Sending, error: str | None = None) -> None:
        """The server took the event, or refused it with an error of that class."""
        entry = self.open.pop(step, None)
        if entry is not None:
            how = "raise" if error else "return"
            self.write(entry[2], how, entry[0], None, error)
            leave(self.stacks[entry[2]], step)

    # Who scheduled what

    def origin(self, here: Here, how: str | None) -> Origin:
        """The present moment, as the cause of something that will run later.

        Inside a callback that has left no mark so far, the cause is what led to that
        callback: so a chain of the loop's own steps is one hop.
        """
        pending = here.landing
        if pending is not None and pending is not IO:
            return pending if pending[0] == how else (how, pending[1], pending[2])
        self.look_around(here)
        stack = here.stack
        return (how, here.lane, self.open[stack[-1]][0] if stack else None)

    def carried(self, fn: Callable[..., Any], how: str) -> Callable[..., Any]:
        """The function, which remembers who has scheduled it now."""
        origin = self.origin(self.thread(), how)

        def run(*args: Any, **kwargs: Any) -> Any:
            here = self.thread()
            before = here.landing
            here.landing = origin
            try:
                return fn(*args, **kwargs)
            finally:
                # If it has left its mark, so has whatever led to it.
                here.landing = before if here.landing is not None else None

        return run

    def thread(self) -> Here:
        """What is known of the present thread."""
        here = self.here.get(get_ident())
        return here if here is not None else self.here.setdefault(get_ident(), Here())

    # Lanes

    def arrived(self) -> Here:
        """The present thread, once it is known in which lane; writes what led there."""
        here = self.thread()
        self.look_around(here)
        if here.landing is not None:
            self.arrive(here)
        return here

    def look_around(self, here: Here) -> None:
        """Finds out in which lane the thread is now."""
        loop = running_loop()
        # Without a running loop there is no task; asking would raise.
        task = current_task(loop) if loop is not None else None
        if task is not here.task:
            lane = here.lanes.get(task)
            here.lane = self._lane_of(task, here) if lane is None else lane
            here.stack, here.task = self.stacks[here.lane], task

    def arrive(self, here: Here) -> None:
        """Writes the hop that led the thread to its lane."""
        how, lane, step = here.landing or IO
        here.landing = None
        self.write(here.lane, "hop", (how or self._how(here), lane, step))

    def _how(self, here: Here) -> str:
        """How a handle of the loop came to run."""
        if isinstance(getattr(here.handle._callback, "__self__", None), Task):
            if here.lane in self._new:
                self._new.discard(here.lane)
                return "create_task"
            return "wake"
        return "call_later" if isinstance(here.handle, TimerHandle) else "call_soon"

    def name_lane(self, name: str) -> None:
        """Calls the present lane, if it is a task, by that name from now on."""
        here = self.thread()
        self.look_around(here)
        lane = here.lane
        with self._lock:
            kind, before = self._labels[lane]
            if kind == "task":
                self._names.discard(("task", before))
                self._unused_from.pop(("task", before.rstrip(" 0123456789")), None)
                self._labels[lane] = (kind, self._unused("task", name))

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes seen so far."""
        return tuple(Lane(kind, name) for kind, name in self._labels)

    def _lane_of(self, task: Task[Any] | None, here: Here) -> int:
        """A lane for what the thread now runs for the first time."""
        with self._lock:
            lane = here.lanes[task] = len(self._labels)
            self.stacks.append([])
            self._labels.append(self._label(task))
        if task is not None and here.landing is not None:
            self._new.add(lane)
        return lane

    def _label(self, task: Task[Any] | None) -> tuple[LaneKind, str]:
        kind: LaneKind = "thread"
        name = ""
        if task is not None:
            coroutine = task.get_coro()
            kind, name = "task", getattr(coroutine, "__name__", "") or repr(coroutine)
        elif get_ident() == self._main:
            kind = self.loop_name
        else:
            name = _thread_name(threading.current_thread().name)
        return kind, self._unused(kind, name)

    def _unused(self, kind: LaneKind, name: str) -> str:
        """The name, numbered if another lane of that kind has it; it is taken now."""
        if not name:
            return name
        for number in itertools.count(self._unused_from.get((kind, name), 1)):
            numbered = f"{name} {number}" if number > 1 else name
            if (kind, numbered) not in self._names:
                break
        self._names.add((kind, numbered))
        self._unused_from[kind, name] = number + 1
        return numbered

    def args(
        self, seen: Watched, receiver: str | None, frame: FrameType
    ) -> tuple[tuple[str, str], ...]:
        """The arguments that the scenario watches, in short."""
        wanted = self.watch.get(self.watching.called_name(seen, receiver), ())
        values = frame.f_locals if wanted else {}
        return tuple(pair for name in wanted for pair in watched(name, values))


def watched(wanted: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What to keep of an argument: "scope" for the whole in short, "scope[]" for each
    of its entries, when it is a plain dict."""
    name = wanted.removesuffix("[]")
    value = values.get(name)
    if name != wanted and type(value) is dict:
        for key, each in value.items():
            yield f"{name}[{short(key)}]", short(each, str(key))
    elif name in values:
        yield name, short(value, name)


# What frames do.  These run for every call, so all that they need is at hand as a local
# name: an attribute costs several times as much.


def beginning(tape: Tape) -> Callable[[Watched, FrameType], None]:
    """The function to call when a frame of watched code begins to run."""
    opened, stacks = tape.open, tape.stacks
    get, append = tape.open.get, tape.entries.append
    numbers, now, limit = tape.numbers, perf_counter_ns, tape.max_events
    threads, watching = tape.here, tape.watching
    args_of = tape.args if tape.watch else None

    def begin(seen: Watched, frame: Any) -> None:
        receiver: Any = None
        if seen.self is not None:
            # An object of a class without subclasses can be of that class only.
            if seen.alone is not None and not seen.heirs():
                receiver = seen.alone
            elif (receiver := watching.receiver(seen, frame)) is OUT:
                return
        # A task may begin anywhere; a plain function stays in its caller's lane.
        caller: Any = None if seen.resumable else frame.f_back
        above = get(caller)
        if above is None:
            here = threads.get(get_ident()) or tape.thread()
            if here.looking:
                return
            loop = running_loop()
            if loop is None or current_task(loop) is not here.task:
                tape.look_around(here)
            if here.landing is not None:
                tape.arrive(here)
            lane, stack = here.lane, here.stack
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
            seen.number if seen.number >= 0 else watching.number(seen),
            receiver,
            above[0],
            caller.f_lasti,
            args_of(seen, receiver, frame) if args_of is not None else (),
            frame.f_back is caller,
        )
        if entry[0] < limit:
            append(entry)
        else:
            tape.dropped += 1
        opened[frame] = entry
        stack.append(frame)

    return begin


def ending(tape: Tape) -> Callable[..., None]:
    """The function to call when a frame is done; not all frames are known."""
    return _leaving(tape, tape.open.pop)


def suspending(tape: Tape) -> Callable[..., None]:
    """The function to call when a frame steps aside, to come back later."""
    return _leaving(tape, tape.open.get)


def _leaving(
    tape: Tape, find: Callable[[Any, None], Entry | None]
) -> Callable[..., None]:
    append, numbers, now = tape.entries.append, tape.numbers, perf_counter_ns
    limit, stacks = tape.max_events, tape.stacks

    def left(frame: Any, how: str, at: int, error: str | None = None) -> None:
        began = find(frame, None)
        if began is None:
            return
        lane = began[2]
        entry = (next(numbers), now(), lane, how, began[0], at, error)
        if entry[0] < limit:
            append(entry)
        else:
            tape.dropped += 1
        stack = stacks[lane]
        if stack and stack[-1] is frame:
            del stack[-1]
        else:
            leave(stack, frame)

    return left


def resuming(tape: Tape) -> Callable[[Any, int], None]:
    """The function to call when a frame that had stepped aside runs again."""
    opened, append, stacks = tape.open, tape.entries.append, tape.stacks
    numbers, now, limit = tape.numbers, perf_counter_ns, tape.max_events

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
            here = tape.arrived()
            lane, stack = here.lane, here.stack
        if lane != began[2]:
            # What follows happens there; the call is still the same one.
            opened[frame] = (began[0], began[1], lane, *began[3:])
        entry = (next(numbers), now(), lane, "resume", began[0], at, None)
        if entry[0] < limit:
            append(entry)
        else:
            tape.dropped += 1
        stack.append(frame)

    return resume


def _depth(queue: Sized, here: Here) -> int:
    # That it is asked is our own doing, and leaves no mark.
    here.looking = True
    try:
        return queue.qsize()
    finally:
        here.looking = False


def leave(stack: list[Any], step: object) -> None:
    """Takes a step off its lane's stack."""
    # Whatever stands above has lost its end: it goes with the frame below it.
    while stack and step in stack:
        stack.pop()


def _thread_name(name: str) -> str:
    """A thread's name without the numbers that differ from run to run."""
    stem = name.rstrip("0123456789_-")
    # What the pools of concurrent.futures, asyncio and Twisted call their threads.
    pooled = stem in (
        "ThreadPoolExecutor",
        "asyncio",
        "PoolThread-twisted.internet.reactor",
    )
    return "executor" if pooled else stem
