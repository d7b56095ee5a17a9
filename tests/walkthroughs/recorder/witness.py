"""Sees who schedules what, by other means than the recorder, to hold it against that.

The loop is instrumented as anybody would do it: a subclass that notes the cause whenever
something is scheduled.  The program's own functions say when they begin and end, and
work for a thread is wrapped where it is handed over.  Nothing here knows of an `EventLog`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from asyncio import Handle, Task, TimerHandle
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

Place = Any
"""A task, or a thread for what it runs beside all tasks."""


@dataclass(frozen=True, eq=False)
class Cause:
    """Who scheduled something: how, where, inside which step."""

    how: str | None
    place: Place | None
    step: int | None


@dataclass
class Now(threading.local):
    """What a thread runs.

    Attributes:
        pending: what led to the present callback, until a step has begun in it.
        task: the task that the present callback belongs to.
        made: the causes of the tasks that are being made, innermost last.
        begun: for each of those, the task if it has begun already, and what was pending.
        handed: for each piece of work that is being handed to a thread, innermost last,
            the cause of what its end leads to, once it has ended.
    """

    pending: Cause | None = None
    task: Task[Any] | None = None
    made: list[Cause] = field(default_factory=list)
    begun: list[tuple[Task[Any], Cause | None] | None] = field(default_factory=list)
    handed: list[list[Cause]] = field(default_factory=list)


class Witness:
    """What was seen: the hops of each place, and the place of each step."""

    def __init__(self) -> None:
        self.now = Now()
        self.hops: dict[Place, list[Cause]] = defaultdict(list)
        self.places: dict[int, Place] = {}
        self.open: dict[Place, list[int]] = defaultdict(list)
        self.causes: dict[Handle, Cause] = {}
        self.known: set[Task[Any]] = set()
        self.outside: set[Handle] = set()

    # Told by the program

    def begins(self, step: int) -> None:
        place = self.place()
        self.places[step] = place
        self.arrived(place)
        self.open[place].append(step)

    def ends(self, step: int) -> None:
        place = self.place()
        assert self.open[place].pop() == step

    def task_begins(self) -> None:
        """The first thing that each task says."""
        now, task = self.now, asyncio.current_task()
        assert task is not None
        self.known.add(task)
        if task is not now.task:
            now.begun[-1] = (task, now.pending)
            now.pending = now.made[-1]

    def carried(self, how: str, work: Callable[[], Any]) -> Callable[[], Any]:
        """Work for a thread, or for a reactor."""
        cause = self.cause(how)

        def run() -> Any:
            before, self.now.pending = self.now.pending, cause
            try:
                return work()
            finally:
                left = self.now.pending is None
                self.now.pending = None if left else before

        return run

    # Inside

    def place(self) -> Place:
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        return task or threading.current_thread()

    def arrived(self, place: Place) -> None:
        if self.now.pending is not None:
            self.hops[place].append(self.now.pending)
            self.now.pending = None

    def cause(self, how: str | None) -> Cause:
        place, pending = self.place(), self.now.pending
        if pending is None or pending.how in ("io", "thread", "executor"):
            pending = None
        if pending is not None and not isinstance(place, Task):
            return Cause(how, pending.place, pending.step)
        steps = self.open[place]
        return Cause(how, place, steps[-1] if steps else None)

    def runs(self, handle: Any, original: Callable[[Any], Any]) -> None:
        now = self.now
        outer = now.pending, now.task
        while handle not in self.causes and handle not in self.outside:
            time.sleep(0)  # another thread has not noted it yet
        task = getattr(handle._callback, "__self__", None)
        now.task = task if isinstance(task, Task) else None
        cause = self.causes.pop(handle, None) or Cause("io", None, None)
        if cause.how is None:
            timer = isinstance(handle, TimerHandle)
            how = "wake" if now.task else "call_later" if timer else "call_soon"
            cause = Cause(how, cause.place, cause.step)
        now.pending = cause
        if now.task is not None and self.open[now.task]:
            self.arrived(now.task)  # its open steps go on
        try:
            original(handle)
        finally:
            left = now.pending is None
            now.pending, now.task = None if left else outer[0], outer[1]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listens to handles being run, as long as the block lasts."""
        original: Any = vars(Handle)["_run"]

        def _run(handle: Handle) -> None:
            self.runs(handle, original)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Handle, "_run", _run)
            yield


# Typed loosely: its methods take whatever asyncio's take, and pass it on.
Loop: Any = asyncio.SelectorEventLoop


class WitnessLoop(Loop):  # type: ignore[misc]
    """Notes the cause of whatever is scheduled."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        super().__init__()

    def _noted(
        self, make: Callable[..., Any], cause: Cause, *args: Any, **more: Any
    ) -> Any:
        handle = make(*args, **more)
        self.witness.causes[handle] = cause
        return handle

    def call_soon(self, callback: Any, *args: Any, **more: Any) -> Any:
        task: Any = getattr(callback, "__self__", None)
        first = isinstance(task, Task) and task not in self.witness.known
        if first:
            self.witness.known.add(task)
        cause = self.witness.cause("create_task" if first else None)
        if task is not None and self.witness.place() is task:
            # It schedules its own next step when it has stepped aside.
            cause = Cause(None, task, None)
        return self._noted(super().call_soon, cause, callback, *args, **more)

    def call_soon_threadsafe(self, callback: Any, *args: Any, **more: Any) -> Any:
        handed = self.witness.now.handed
        # What has ended already is passed on by who hands it over.
        cause = handed[-1][0] if handed else self.witness.cause(None)
        return self._noted(super().call_soon_threadsafe, cause, callback, *args, **more)

    def call_at(self, when: float, callback: Any, *args: Any, **more: Any) -> Any:
        cause = self.witness.cause(None)
        return self._noted(super().call_at, cause, when, callback, *args, **more)

    def _add_callback(self, handle: Handle) -> None:
        self.witness.outside.add(handle)
        super()._add_callback(handle)

    def create_task(self, coro: Any, **more: Any) -> Any:
        witness, now = self.witness, self.witness.now
        maker = witness.place()
        now.made.append(witness.cause("create_task"))
        now.begun.append(None)
        try:
            return super().create_task(coro, **more)
        finally:
            now.made.pop()
            if (begun := now.begun.pop()) is not None:
                task, before = begun
                back = Cause("return", task, None) if now.pending is None else None
                now.pending = before or back
                if now.pending is back and witness.open[maker]:
                    witness.arrived(maker)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        ended: list[Cause] = []

        def work() -> Any:
            try:
                return func(*args)
            finally:
                ended.append(self.witness.cause(None))

        carried = self.witness.carried("executor", work)
        handed = self.witness.now.handed
        handed.append(ended)
        try:
            return super().run_in_executor(executor, carried)
        finally:
            handed.pop()
