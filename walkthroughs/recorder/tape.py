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
from asyncio import current_task
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from threading import get_ident
from time import perf_counter_ns
from types import FrameType
from typing import Any, Literal, TypeVar

from ..focus import Focus
from ..trace import Lane, LaneKind
from .values import short
from .watched import OUT, Watched, Watching

Entry = tuple[Any, ...]
"""After number, time, lane and kind:

* "call": function, receiver, parent, the parent's instruction, arguments;
* "return", "raise", "suspend", "resume": call, instruction, the exception's name;
* "receive", "send": type, summary, queue's depth, time waited, parent;
* "hop": its origin.
"""

Origin = tuple[str, int | None, int | None]
"""Who scheduled something: how, in which lane, inside which open step."""

T = TypeVar("T")

LaneKey = tuple[int, "asyncio.Task[Any] | None"]

_get_running_loop = asyncio._get_running_loop


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
        loop: the loop whose callback it runs, None if it runs none.
        task: the task that ran when it was last looked at.
        lane: the lane of that task.
        landing: what led to the present callback, until that has left a mark.
        looking: whether what runs is our own doing, which leaves no mark.
    """

    __slots__ = ("landing", "lane", "looking", "loop", "task")

    def __init__(self) -> None:
        self.loop: Any = None
        self.task: Any = self
        self.lane = -1
        self.landing: Origin | None = None
        self.looking = False


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
        self._lanes: dict[LaneKey, int] = {}
        self._labels: list[tuple[LaneKind, str]] = []
        self._lock = threading.Lock()
        self.loop_name: Literal["loop", "reactor"] = loop_name
        self._main = threading.main_thread().ident
        # Kept beside, for a server may run thousands of tasks: who has a lane, which
        # names are taken, and from which number on to look for one that is not.
        self.tasks: set[asyncio.Task[Any]] = set()
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
        depth: int | None,
        waited: int = 0,
    ) -> Sending:
        """An ASGI event passes the door; one being sent stays open until `sent`."""
        step = Sending()
        if not self.recording:
            return step
        lane = self.lane()
        stack = self.stacks[lane]
        parent = self.open[stack[-1]][0] if stack else None
        entry = self.write(lane, direction, type, summary, depth, waited, parent)
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

    def origin(self, how: str) -> Origin:
        """The present moment, as the cause of something that will run later.

        Inside a callback that has left no mark so far, the cause is what led to that
        callback: so a chain of the loop's own steps is one hop.
        """
        here = self.thread()
        pending = here.landing
        if pending is not None and pending[0] != "io":
            return (how, pending[1], pending[2])
        lane = self.lane(arrive=False)
        stack = self.stacks[lane]
        return (how, lane, self.open[stack[-1]][0] if stack else None)

    def carried(self, fn: Callable[..., Any], how: str) -> Callable[..., Any]:
        """The function, which remembers who has scheduled it now."""
        origin = self.origin(how)

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

    def look(self, at: Callable[[], T]) -> T:
        """What a function returns; that it runs is our own doing, and leaves no mark."""
        here = self.thread()
        here.looking = True
        try:
            return at()
        finally:
            here.looking = False

    def thread(self) -> Here:
        """What is known of the present thread."""
        here = self.here.get(get_ident())
        return here if here is not None else self.here.setdefault(get_ident(), Here())

    # Lanes

    def lane(self, arrive: bool = True) -> int:
        """The lane we are in; with `arrive`, writes the hop that led here."""
        here = self.thread()
        self.look_around(here)
        if arrive and here.landing is not None:
            self.arrive(here)
        return here.lane

    def look_around(self, here: Here) -> None:
        """Finds out in which lane the thread is now."""
        loop = here.loop or _get_running_loop()
        # Without a running loop there is no task; asking would raise.
        task = current_task(loop) if loop is not None else None
        if task is not here.task:
            here.lane, here.task = self._lane_of((get_ident(), task)), task

    def arrive(self, here: Here) -> None:
        """Writes the hop that led the thread to its lane."""
        entry = (next(self.numbers), perf_counter_ns(), here.lane, "hop", here.landing)
        here.landing = None
        if entry[0] < self.max_events:
            self.entries.append(entry)
        else:
            self.dropped += 1

    def name_lane(self, name: str) -> None:
        """Calls the present lane, if it is a task, by that name from now on."""
        lane = self.lane(arrive=False)
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

    def _lane_of(self, key: LaneKey) -> int:
        with self._lock:
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = len(self._labels)
                self.stacks.append([])
                self._labels.append(self._label(key))
            return lane

    def _label(self, key: LaneKey) -> tuple[LaneKind, str]:
        thread, task = key
        kind: LaneKind = "thread"
        name = ""
        if task is not None:
            self.tasks.add(task)
            coroutine = task.get_coro()
            kind, name = "task", getattr(coroutine, "__name__", "") or repr(coroutine)
        elif thread == self._main:
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
            loop = here.loop
            if loop is None or current_task(loop) is not here.task:
                tape.look_around(here)
            if here.landing is not None:
                tape.arrive(here)
            lane = here.lane
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
            seen.number if seen.number >= 0 else watching.number(seen),
            receiver,
            above[0],
            caller.f_lasti,
            args_of(seen, receiver, frame) if args_of is not None else (),
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
    pop, append = tape.open.pop, tape.entries.append
    numbers, now, limit, stacks = (
        tape.numbers,
        perf_counter_ns,
        tape.max_events,
        tape.stacks,
    )

    def end(frame: Any, how: str, at: int, error: str | None = None) -> None:
        began = pop(frame, None)
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

    return end


def suspending(tape: Tape) -> Callable[[Any, int], None]:
    """The function to call when a frame steps aside, to come back later."""
    get, append, stacks = tape.open.get, tape.entries.append, tape.stacks
    numbers, now, limit = tape.numbers, perf_counter_ns, tape.max_events

    def suspend(frame: Any, at: int) -> None:
        began = get(frame)
        if began is None:
            return
        lane = began[2]
        entry = (next(numbers), now(), lane, "suspend", began[0], at, None)
        if entry[0] < limit:
            append(entry)
        else:
            tape.dropped += 1
        stack = stacks[lane]
        if stack and stack[-1] is frame:
            del stack[-1]
        else:
            leave(stack, frame)

    return suspend


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
        lane = above[2] if above is not None else -1
        # An exception goes past frames that wait, which are not resumed for it.
        if lane < 0 or stacks[lane][-1:] != [back]:
            lane = tape.lane()
        if lane != began[2]:
            # What follows happens there; the call is still the same one.
            opened[frame] = (began[0], began[1], lane, *began[3:])
        entry = (next(numbers), now(), lane, "resume", began[0], at, None)
        if entry[0] < limit:
            append(entry)
        else:
            tape.dropped += 1
        stacks[lane].append(frame)

    return resume


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
