"""Who scheduled what: listens where asyncio and threads take work in and hand it out.

asyncio's tasks and futures are written in C and call no Python function that a profiler
could see.  But whatever they schedule becomes a `Handle` of the loop, and runs as one;
work for threads goes through `ThreadPoolExecutor.submit` and `Thread.start`.  Twisted
has roads of its own, see `twisted`.
"""

from __future__ import annotations

import sys
import threading
from asyncio import BaseEventLoop, Handle, futures
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from time import perf_counter_ns
from types import CodeType, MethodType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from . import twisted as reactor
from .code_filter import family
from .event_log import EventLog
from .places import IO, Origin
from .tasks import TASKS, current_task, running_loop

_LASTING = {"_add_reader", "_add_writer", "add_signal_handler"}
"""The functions of a loop whose handles are not scheduled but run each time that the
loop finds a reason."""

# asyncio tells a loop of the end of a pool's work with a function made for the occasion.
_PASS_ON = next(
    each
    for each in vars(futures)["_chain_future"].__code__.co_consts
    if isinstance(each, CodeType) and each.co_name == "_set_state"
)


class Scheduling:
    """Puts listeners in place, and takes them away.

    They are methods of classes, replaced while the recording lasts: a loop may be made
    by anybody at any time.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._undo: list[tuple[type, str, Any]] = []
        # Keyed by identity: equal timers are not the same timer.
        self._origins: dict[int, Origin] = {}
        # The handles that run each time that the loop finds a reason.
        self._outside: WeakSet[Handle] = WeakSet()
        # A pool's work -> the moment when it was done, once it is.
        self._done: WeakKeyDictionary[Future[Any], list[Origin]] = WeakKeyDictionary()

    def start(self) -> None:
        """Begins to listen."""
        self._replace(Handle, "__init__", self._wrap_handle_init)
        self._replace(Handle, "_run", self._wrap_handle_run)
        self._replace(BaseEventLoop, "create_task", self._wrap_create_task)
        for loop in family(BaseEventLoop):
            for name in _LASTING & loop.__dict__.keys():
                self._replace(loop, name, self._wrap_lasting)
        self._replace(ThreadPoolExecutor, "submit", self._wrap_submit)
        self._replace(threading.Thread, "start", self._wrap_thread_start)
        if "anyio" in sys.modules:
            backend = import_module("anyio._backends._asyncio").AsyncIOBackend
            self._replace(backend, "run_sync_in_worker_thread", self._wrap_run_sync)
        for cls, name, wrap in reactor.listeners(self._log):
            self._replace(cls, name, wrap)

    def stop(self) -> None:
        """Put back what was there before; do nothing the second time."""
        while self._undo:
            cls, name, original = self._undo.pop()
            setattr(cls, name, original)

    def _replace(self, cls: type, name: str, wrap: Callable[[Any], Any]) -> None:
        original = cls.__dict__[name]
        self._undo.append((cls, name, original))
        setattr(cls, name, wrap(original))

    def _wrap_handle_init(self, original: Any) -> Any:
        # Here, and not when `call_soon` returns: the loop of another thread may have
        # run the handle by then.
        origins, threads, log = self._origins, self._log.threads, self._log
        outside, opened = self._outside, self._log.open

        def make(
            handle: Any, callback: Any, args: Any, loop: Any, context: Any = None
        ) -> None:
            original(handle, callback, args, loop, context)
            state = threads.state
            if state.lasting:
                origins.pop(id(handle), None)
                outside.add(handle)
                return
            running = running_loop()
            task = current_task(running) if running is not None else None
            # A step that the task itself does not ask for is its first: all others it
            # asks for itself, or they are wake-ups.
            first = is_step(callback) and callback.__self__ is not task
            how = "create_task" if first else None
            if getattr(callback, "__code__", None) is _PASS_ON and (
                done := self._done.get(args[1])
            ):
                # The loop itself asks for it if the work is done before it looks.
                origins[id(handle)] = (*done[0][:3], perf_counter_ns())
                return
            if task is None:
                origins[id(handle)] = log.origin(state, how)
                return
            if task is not state.task:
                log.locate(state)
            # As `Place.origin` does, but without its cost.
            stack = state.stack
            step = opened[stack[-1]][0] if stack else None
            origins[id(handle)] = (how, state.place, step, perf_counter_ns())

        return make

    def _wrap_handle_run(self, original: Any) -> Any:
        pop, threads, log = self._origins.pop, self._log.threads, self._log
        outside = self._outside

        # As `EventLog.with_cause` does, but without its cost.
        def run(handle: Any) -> Any:
            state = threads.state
            before, outer = state.pending, (state.handle, state.began)
            origin = pop(id(handle), None)
            if origin is None and handle in outside:
                origin = IO
            state.pending, state.handle = origin, handle
            state.began = perf_counter_ns()
            try:
                return original(handle)
            finally:
                if state.begun:
                    log.name_eager_tasks(state)
                state.pending = before if state.pending is not None else None
                state.handle, state.began = outer
                if log.ended is not None:
                    log.ended(state)

        return run

    def _wrap_create_task(self, original: Any) -> Any:
        """Listen for tasks that are begun before `create_task` returns ("eager")."""
        log = self._log

        def create_task(loop: Any, coro: Any, **more: Any) -> Any:
            if loop._task_factory is None:
                return original(loop, coro, **more)
            state = log.threads.state
            origin = log.origin(state, "create_task")
            outer, state.starting = state.starting, (coro, origin)
            try:
                return original(loop, coro, **more)
            finally:
                state.starting = outer
                log.task_made(state)

        return create_task

    def _wrap_lasting(self, original: Any) -> Any:
        def add(loop: Any, *args: Any) -> Any:
            state = self._log.threads.state
            before, state.lasting = state.lasting, True
            try:
                return original(loop, *args)
            finally:
                state.lasting = before

        return add

    def _wrap_submit(self, original: Any) -> Any:
        def submit(pool: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            done: list[Origin] = []
            work = self._log.with_cause(fn, "executor", done.append)
            future = original(pool, work, *args, **kwargs)
            self._done[future] = done
            return future

        return submit

    def _wrap_thread_start(self, original: Any) -> Any:
        def start(thread: Any) -> Any:
            # A pool starts its threads itself; what they run says who wanted it.
            thread.run = self._log.with_cause(thread.run, "thread")
            return original(thread)

        return start

    def _wrap_run_sync(self, original: Any) -> Any:
        def send(cls: type, func: Any, *args: Any, **kwargs: Any) -> Any:
            work = self._log.with_cause(func, "executor")
            return original.__func__(cls, work, *args, **kwargs)

        return classmethod(send)


def is_step(callback: Any) -> bool:
    """Whether it is a step of a task: asyncio's in C, or the same in Python."""
    kind = type(callback)
    if kind is MethodType:
        name: str = callback.__name__
        return name == "__step" and isinstance(callback.__self__, TASKS)
    return kind.__name__ == "TaskStepMethWrapper"
