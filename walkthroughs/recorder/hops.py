"""Who scheduled what: listens where asyncio and threads take work in and hand it out.

asyncio's tasks and futures are written in C and call no Python function that a profiler
could see.  But whatever they schedule becomes a `Handle` of the loop, and runs as one;
work for threads goes through `ThreadPoolExecutor.submit` and `Thread.start`.  Twisted
has roads of its own, see `reactor`.
"""

from __future__ import annotations

import threading
from asyncio import BaseEventLoop, Handle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import get_ident
from typing import Any

from . import reactor
from .tape import IO, Origin, Tape
from .watched import family

_LASTING = {"_add_reader", "_add_writer", "add_signal_handler"}
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
        for loop in family(BaseEventLoop):
            for name in _LASTING & loop.__dict__.keys():
                self._replace(loop, name, self._lasting)
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
        origins, threads = self._origins, self._tape.here.get
        thread, origin = self._tape.thread, self._tape.origin

        def make(
            handle: Any, callback: Any, args: Any, loop: Any, context: Any = None
        ) -> None:
            original(handle, callback, args, loop, context)
            here = threads(get_ident()) or thread()
            if here.lasting:
                origins.pop(id(handle), None)
            else:
                origins[id(handle)] = origin(here, None)

        return make

    def _running(self, original: Any) -> Any:
        pop, threads, thread = self._origins.pop, self._tape.here.get, self._tape.thread

        # As `Tape.carried` does, but without its cost.
        def run(handle: Any) -> Any:
            here = threads(get_ident()) or thread()
            before, outer = here.landing, here.handle
            here.landing, here.handle = pop(id(handle), IO), handle
            try:
                return original(handle)
            finally:
                here.landing = before if here.landing is not None else None
                here.handle = outer

        return run

    def _lasting(self, original: Any) -> Any:
        def add(loop: Any, *args: Any) -> Any:
            here = self._tape.thread()
            before, here.lasting = here.lasting, True
            try:
                return original(loop, *args)
            finally:
                here.lasting = before

        return add

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
