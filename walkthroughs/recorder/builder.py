"""The trace in the making.

Owns the numbering of events, the lanes, and which calls are open in which lane.  The
sources of events (`monitoring`, `profile`) tell it what frames do; `hops` tells it who
scheduled what; `door` tells it of ASGI events.  Laws:

* one call a frame: a frame that comes back after it stepped aside is the same call;
* a call's parent is the innermost call open in its lane when it began;
* a hop is written just before the first event that it leads to, and only then, so that
  the loop's own housekeeping leaves no mark.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType
from typing import Any, Literal

from ..focus import Focus
from ..trace import Call, Event, Exit, Function, Hop, Lane, LaneKind, Message
from .values import receiver_class, short, takes_receiver

LaneKey = tuple[int, asyncio.Task[Any] | None]


@dataclass(slots=True, eq=False)
class Open:
    """A step that has begun and not ended; `frame` is None for a sent message."""

    seq: int
    frame: FrameType | None
    lane: int
    depth: int


@dataclass(slots=True)
class LaneState:
    """One lane and the steps open in it, outermost first."""

    number: int
    kind: LaneKind
    name: str
    stack: list[Open] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who scheduled something: how, in which lane, inside which open step."""

    how: str
    lane: int | None = None
    step: int | None = None


class Builder:
    """Collects the events of one recording.

    Args:
        focus: which calls to keep.
        watch: dotted name -> names of the arguments whose repr is kept.
        loop_name: what the lane of the main thread's callbacks is called.
        max_events: how many events are kept; later ones are only counted.
    """

    def __init__(
        self,
        focus: Focus,
        watch: Mapping[str, tuple[str, ...]],
        loop_name: Literal["loop", "reactor"] = "loop",
        max_events: int = 1_000_000,
    ) -> None:
        self.focus = focus
        self._packages = focus.packages
        self.watch = watch
        self.max_events = max_events
        self.dropped = 0
        self.events: list[Event] = []
        self.functions: list[Function] = []
        self.recording = False
        self._loop_name: Literal["loop", "reactor"] = loop_name
        self._main = threading.main_thread().ident
        self._numbers = itertools.count()
        self._start = time.perf_counter_ns()
        self._lock = threading.RLock()
        self._lanes: dict[LaneKey, LaneState] = {}
        self._states: list[LaneState] = []
        # Kept beside, for a server may run thousands of tasks: who has a lane, which
        # names are taken, and from which number on to look for one that is not.
        self._tasks: set[asyncio.Task[Any]] = set()
        self._names: set[tuple[LaneKind, str]] = set()
        self._unused_from: dict[tuple[LaneKind, str], int] = {}
        self._landings: dict[int, Origin] = {}
        self._looking: set[int] = set()
        self._open: dict[int, Open] = {}
        # Keyed by identity: code objects of two files may compare equal.  The code is
        # kept beside its number so that no other code gets the same identity.
        self._functions: dict[int, tuple[CodeType, int]] = {}
        self._visible: dict[tuple[int, str | None], bool] = {}

    # What frames do

    def watches(self, frame: FrameType) -> bool:
        """Whether this frame runs a function that may be in focus, now or later."""
        code = frame.f_code
        if not code.co_flags & CO_OPTIMIZED:
            return False  # the body of a module or a class
        module: str = frame.f_globals.get("__name__") or ""
        own = module == __package__ or module.startswith(f"{__package__}.")
        if own or module.partition(".")[0] not in self._packages:
            return False
        # A method goes by the class of whatever it is called on, a function does not.
        return takes_receiver(code) or f"{module}.{code.co_qualname}" in self.focus

    def started(self, frame: FrameType) -> None:
        """A frame of a watched package began to run."""
        if not self.recording or threading.get_ident() in self._looking:
            return
        receiver = receiver_class(frame)
        with self._lock:
            number = self._function(frame)
            if not self._in_focus(frame.f_code, number, receiver):
                return
            lane = self._lane()
            above = lane.stack[-1] if lane.stack else None
            call = Call(
                self._next(),
                self._now(),
                lane.number,
                function=number,
                receiver=receiver,
                parent=above.seq if above else None,
                depth=above.depth + 1 if above else 0,
                line=above.frame.f_lineno if above and above.frame else None,
                args=self._args(frame, number, receiver),
            )
            self._keep(call)
            step = Open(call.seq, frame, lane.number, call.depth)
            lane.stack.append(step)
            self._open[id(frame)] = step

    def knows(self, frame: FrameType) -> bool:
        """Whether the frame is a call that has begun and not ended."""
        return id(frame) in self._open

    def resumed(self, frame: FrameType) -> None:
        """A frame that had stepped aside runs again."""
        with self._lock:
            step = self._open.get(id(frame))
            if step is None:
                return
            lane = self._lane()
            step.lane = lane.number
            lane.stack.append(step)
            self._exit("resume", step)

    def suspended(self, frame: FrameType) -> None:
        """A coroutine or generator stepped aside."""
        with self._lock:
            step = self._open.get(id(frame))
            if step is not None:
                self._exit("suspend", step)
                self._leave(step)

    def returned(self, frame: FrameType) -> None:
        """A frame is done."""
        self._end(frame, "return")

    def raised(self, frame: FrameType, error: str | None) -> None:
        """A frame was left by an exception of that class; None if it is not known."""
        self._end(frame, "raise", error)

    # ASGI events

    def message(
        self,
        direction: Literal["receive", "send"],
        type: str,
        summary: tuple[tuple[str, str], ...],
        depth: int | None,
        waited: int = 0,
    ) -> Open:
        """An ASGI event passes the door; one being sent stays open until `sent`."""
        with self._lock:
            lane = self._lane()
            above = lane.stack[-1] if lane.stack else None
            event = Message(
                self._next(),
                self._now(),
                lane.number,
                direction=direction,
                type=type,
                summary=summary,
                depth=depth,
                waited=waited,
                parent=above.seq if above else None,
            )
            self._keep(event)
            step = Open(event.seq, None, lane.number, above.depth + 1 if above else 0)
            if direction == "send":
                lane.stack.append(step)
            return step

    def sent(self, step: Open, error: str | None = None) -> None:
        """The server took the event, or refused it with an error of that class."""
        with self._lock:
            self._exit("raise" if error else "return", step, error)
            self._leave(step)

    # Who scheduled what

    def origin(self, how: str) -> Origin:
        """The present moment, as the cause of something that will run later.

        Inside a callback that has left no mark so far, the cause is what led to that
        callback: so a chain of the loop's own steps is one hop.
        """
        with self._lock:
            pending = self._landings.get(threading.get_ident())
            if pending is not None and pending.how != "io":
                return Origin(how, pending.lane, pending.step)
            lane = self._lane(arrive=False)
            step = lane.stack[-1].seq if lane.stack else None
            return Origin(how, lane.number, step)

    @contextmanager
    def landing(self, origin: Origin) -> Iterator[None]:
        """What runs inside was scheduled by `origin`."""
        thread = threading.get_ident()
        before = self._landings.get(thread)
        self._landings[thread] = origin
        try:
            yield
        finally:
            # If it has left its mark, so has whatever led to it.
            unmarked = self._landings.pop(thread, None) is not None
            if unmarked and before is not None:
                self._landings[thread] = before

    @contextmanager
    def looking(self) -> Iterator[None]:
        """What runs inside is our own doing, not the program's: it leaves no mark."""
        thread = threading.get_ident()
        self._looking.add(thread)
        try:
            yield
        finally:
            self._looking.discard(thread)

    def name_lane(self, name: str) -> None:
        """Calls the present lane, if it is a task, by that name from now on."""
        with self._lock:
            lane = self._lane(arrive=False)
            if lane.kind == "task":
                self._names.discard(("task", lane.name))
                self._unused_from.pop(("task", lane.name.rstrip(" 0123456789")), None)
                lane.name = self._unused("task", name)

    def has_lane(self, task: asyncio.Task[Any]) -> bool:
        """Whether the task has been seen to run."""
        return task in self._tasks

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes seen so far."""
        return tuple(Lane(lane.kind, lane.name) for lane in self._states)

    # Inside

    def _next(self) -> int:
        return next(self._numbers)

    def _now(self) -> int:
        return time.perf_counter_ns() - self._start

    def _keep(self, event: Event) -> None:
        if len(self.events) < self.max_events:
            self.events.append(event)
        else:
            self.dropped += 1

    def _end(
        self,
        frame: FrameType,
        how: Literal["return", "raise"],
        value: str | None = None,
    ) -> None:
        with self._lock:
            step = self._open.pop(id(frame), None)
            if step is not None:
                self._exit(how, step, value)
                self._leave(step)

    def _exit(
        self,
        how: Literal["return", "raise", "suspend", "resume"],
        step: Open,
        value: str | None = None,
    ) -> None:
        if not self.recording:
            return
        line = step.frame.f_lineno if step.frame else None
        self._keep(
            Exit(
                self._next(),
                self._now(),
                step.lane,
                how=how,
                call=step.seq,
                line=line,
                value=value,
            )
        )

    def _leave(self, step: Open) -> None:
        stack = self._states[step.lane].stack
        # Whatever stands above has lost its end: it goes with the frame below it.
        while stack and step in stack:
            stack.pop()

    def _function(self, frame: FrameType) -> int:
        code = frame.f_code
        known = self._functions.get(id(code))
        if known is not None:
            return known[1]
        module: str = frame.f_globals.get("__name__") or "?"
        number = len(self.functions)
        self.functions.append(
            Function(
                module=module,
                qualname=code.co_qualname,
                file=_relative(code.co_filename, module),
                line=code.co_firstlineno,
            )
        )
        self._functions[id(code)] = (code, number)
        return number

    def _in_focus(self, code: CodeType, number: int, receiver: str | None) -> bool:
        key = (id(code), receiver)
        if key not in self._visible:
            self._visible[key] = self._name(number, receiver) in self.focus
        return self._visible[key]

    def _name(self, number: int, receiver: str | None) -> str:
        function = self.functions[number]
        if receiver is None:
            return function.name
        method = function.qualname.rpartition(".")[2]
        return f"{receiver}.{method}".removesuffix(".__init__")

    def _args(
        self, frame: FrameType, number: int, receiver: str | None
    ) -> tuple[tuple[str, str], ...]:
        wanted = self.watch.get(self._name(number, receiver), ())
        values = frame.f_locals if wanted else {}
        return tuple(
            (name, short(values[name], name)) for name in wanted if name in values
        )

    def _lane(self, arrive: bool = True) -> LaneState:
        """The lane we are in; with `arrive`, writes the hop that led here."""
        thread = threading.get_ident()
        key = (thread, _current_task())
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = self._new_lane(key)
            self._states.append(lane)
        if arrive and (origin := self._landings.pop(thread, None)):
            self._keep(
                Hop(
                    self._next(),
                    self._now(),
                    lane.number,
                    how=origin.how,
                    origin_lane=origin.lane,
                    origin=origin.step,
                )
            )
        return lane

    def _new_lane(self, key: LaneKey) -> LaneState:
        thread, task = key
        kind: LaneKind = "thread"
        name = ""
        if task is not None:
            self._tasks.add(task)
            coroutine = task.get_coro()
            kind, name = "task", getattr(coroutine, "__name__", "") or repr(coroutine)
        elif thread == self._main:
            kind = self._loop_name
        else:
            name = _thread_name(threading.current_thread().name)
        return LaneState(len(self._states), kind, self._unused(kind, name))

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


def _current_task() -> asyncio.Task[Any] | None:
    # Without a running loop there is no task; asking would raise.
    loop = asyncio._get_running_loop()
    return asyncio.current_task(loop) if loop is not None else None


def _thread_name(name: str) -> str:
    """A thread's name without the numbers that differ from run to run."""
    stem = name.rstrip("0123456789_-")
    # What the pools of concurrent.futures and of asyncio call their threads.
    return "executor" if stem in ("ThreadPoolExecutor", "asyncio") else stem


def _relative(filename: str, module: str) -> str:
    """The path below the folder that the module's top package was imported from."""
    parts = filename.replace("\\", "/").split("/")
    depth = module.count(".") + 1
    if parts[-1] == "__init__.py":
        depth += 1
    return "/".join(parts[-depth:])
