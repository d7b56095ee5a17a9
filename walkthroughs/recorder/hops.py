"""Who scheduled what: listens where asyncio and threads take work in and hand it out.

asyncio's tasks and futures are written in C and call no Python function that a profiler
could see.  But whatever they schedule becomes a `Handle` of the loop, and runs as one;
work for threads goes through `ThreadPoolExecutor.submit` and `Thread.start`.  Twisted
has roads of its own, see `reactor`.
"""

from __future__ import annotations

import sys
import threading
from asyncio import Handle, Task, TimerHandle, current_task
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import get_ident
from typing import Any

from . import reactor
from .tape import Origin, Tape

_IO: Origin = ("io", None, None)

_LASTING = frozenset({"_add_reader", "_add_writer", "add_signal_handler"})
"""The functions of a loop whose handles are not scheduled but run each time that the
loop finds a reason."""


class Hops:
    """Puts listeners in place, and takes them away.

    They are methods of classes, replaced while the recording lasts: a loop may be made
    by anybody at any time.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._undo: list[tuple[type, str, Any]] = []
        # Keyed by identity: equal timers are not the same timer.
        self._origins: dict[int, Origin] = {}

    def start(self) -> None:
        """Begins to listen."""
        self._replace(Handle, "__init__", self._making)
        self._replace(Handle, "_run", self._running)
        self._replace(ThreadPoolExecutor, "submit", self._submitting)
        self._replace(threading.Thread, "start", self._starting)
        for cls, name, wrap in reactor.listeners(self._tape):
            self._replace(cls, name, wrap)

    def stop(self) -> None:
        """Puts back what was there before; a second call does nothing."""
        while self._undo:
            cls, name, original = self._undo.pop()
            setattr(cls, name, original)

    def _replace(self, cls: type, name: str, wrap: Callable[[Any], Any]) -> None:
        original = cls.__dict__[name]
        self._undo.append((cls, name, original))
        setattr(cls, name, wrap(original))

    def _making(self, original: Any) -> Any:
        # Here, and not when `call_soon` returns: the loop of another thread may have
        # run the handle by then.
        origins, tape, frame = self._origins, self._tape, sys._getframe
        seen, threads = tape.tasks, tape.here
        opened, stacks = tape.open, tape.stacks

        def make(
            handle: Any, callback: Any, args: Any, loop: Any, context: Any = None
        ) -> None:
            original(handle, callback, args, loop, context)
            task = getattr(callback, "__self__", None)
            if isinstance(task, Task):
                how = "wake" if task in seen else "create_task"
            elif frame(1).f_code.co_name in _LASTING:
                origins.pop(id(handle), None)
                return
            else:
                how = "call_later" if isinstance(handle, TimerHandle) else "call_soon"
            # As `Tape.origin` does, but without its cost.
            here = threads.get(get_ident()) or tape.thread()
            pending = here.landing
            if pending is not None and pending is not _IO:
                origins[id(handle)] = (how, pending[1], pending[2])
                return
            running = here.loop
            if running is None or current_task(running) is not here.task:
                tape.look_around(here)
            lane = here.lane
            stack = stacks[lane]
            origins[id(handle)] = (how, lane, opened[stack[-1]][0] if stack else None)

        return make

    def _running(self, original: Any) -> Any:
        pop, threads, thread = self._origins.pop, self._tape.here.get, self._tape.thread

        # As `Tape.carried` does, but without its cost.
        def run(handle: Any) -> Any:
            here = threads(get_ident()) or thread()
            before, loop = here.landing, here.loop
            here.landing = pop(id(handle), _IO)
            here.loop = handle._loop
            try:
                return original(handle)
            finally:
                here.landing = before if here.landing is not None else None
                here.loop = loop

        return run

    def _submitting(self, original: Any) -> Any:
        def submit(pool: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            return original(pool, self._tape.carried(fn, "executor"), *args, **kwargs)

        return submit

    def _starting(self, original: Any) -> Any:
        def start(thread: Any) -> Any:
            # A pool starts its threads itself; what they run says who wanted it.
            thread.run = self._tape.carried(thread.run, "thread")
            return original(thread)

        return start
