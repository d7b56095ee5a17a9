"""Who scheduled what: listens where asyncio and threads take work in and hand it out.

asyncio's tasks and futures are written in C and call no Python function that a profiler
could see.  But whatever they schedule goes through `call_soon`, `call_soon_threadsafe`
or `call_at` of the loop, and runs as a `Handle`; work for threads goes through
`ThreadPoolExecutor.submit` and `Thread.start`.  Twisted's asyncio reactor stands on the
same loop, so its `callLater` and `callFromThread` need nothing more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .builder import Builder, Origin

_IO = Origin("io")


class Hops:
    """Puts listeners in place, and takes them away.

    They are methods of classes, replaced while the recording lasts: a loop may be made
    by anybody at any time.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._undo: list[tuple[type, str, Any]] = []
        # Keyed by identity: equal timers are not the same timer.
        self._origins: dict[int, Origin] = {}
        self._scheduled = threading.local()

    def start(self) -> None:
        """Begins to listen."""
        loop = asyncio.BaseEventLoop
        self._replace(loop, "call_soon", self._scheduling("call_soon"))
        self._replace(loop, "call_soon_threadsafe", self._scheduling("call_soon"))
        self._replace(loop, "call_at", self._scheduling("call_later"))
        self._replace(asyncio.Handle, "__init__", self._making)
        self._replace(asyncio.Handle, "_run", self._running)
        self._replace(ThreadPoolExecutor, "submit", self._submitting)
        self._replace(threading.Thread, "start", self._starting)

    def stop(self) -> None:
        """Puts back what was there before; a second call does nothing."""
        while self._undo:
            cls, name, original = self._undo.pop()
            setattr(cls, name, original)

    def _replace(self, cls: type, name: str, wrap: Callable[[Any], Any]) -> None:
        original = cls.__dict__[name]
        self._undo.append((cls, name, original))
        setattr(cls, name, wrap(original))

    def _scheduling(self, how: str) -> Callable[[Any], Any]:
        def wrap(original: Any) -> Any:
            def schedule(loop: Any, *args: Any, **kwargs: Any) -> Any:
                outer = getattr(self._scheduled, "how", None)
                self._scheduled.how = how
                try:
                    return original(loop, *args, **kwargs)
                finally:
                    self._scheduled.how = outer

            return schedule

        return wrap

    def _making(self, original: Any) -> Any:
        # Here, and not when `call_soon` returns: the loop of another thread may have
        # run the handle by then.
        def make(handle: Any, callback: Any, *args: Any, **kwargs: Any) -> None:
            how = getattr(self._scheduled, "how", None)
            if how is not None:
                self._origins[id(handle)] = self._cause(how, callback)
            original(handle, callback, *args, **kwargs)

        return make

    def _cause(self, how: str, callback: Any) -> Origin:
        task = getattr(callback, "__self__", None)
        if isinstance(task, asyncio.Task):
            how = "wake" if self._builder.has_lane(task) else "create_task"
        return self._builder.origin(how)

    def _running(self, original: Any) -> Any:
        def run(handle: Any) -> Any:
            with self._builder.landing(self._origins.pop(id(handle), _IO)):
                return original(handle)

        return run

    def _submitting(self, original: Any) -> Any:
        def submit(pool: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            return original(pool, self._carried(fn, "executor"), *args, **kwargs)

        return submit

    def _starting(self, original: Any) -> Any:
        def start(thread: Any) -> Any:
            # A pool starts its threads itself; what they run says who wanted it.
            thread.run = self._carried(thread.run, "thread")
            return original(thread)

        return start

    def _carried(self, fn: Callable[..., Any], how: str) -> Callable[..., Any]:
        origin = self._builder.origin(how)

        def run(*args: Any, **kwargs: Any) -> Any:
            with self._builder.landing(origin):
                return fn(*args, **kwargs)

        return run
