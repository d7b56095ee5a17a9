"""asyncio's own selector loop on the network in memory.

When the loop has nothing to do it asks its selector to wait.  That is the moment when
the rest of the world acts, or when the clock jumps to the next timer.  There are no
threads: what is meant for one runs in place.
"""

from __future__ import annotations

import asyncio
import selectors
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from .clock import Clock
from .network import network


class Outside(Protocol):
    """What goes on outside the server."""

    def look(self) -> None:
        """Look; called each time that the loop looks at its sockets."""

    def wait(self, seconds: float | None) -> None:
        """Pass the time; called when the loop is idle for some seconds."""


class MemorySelector(selectors._BaseSelectorImpl):
    """Finds out which sockets in memory are ready.

    Args:
        outside: says what goes on outside.
    """

    def __init__(self, outside: Callable[[], Outside]) -> None:
        super().__init__()
        self._outside = outside

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the ready keys and their events; let the world act if there are none."""
        self._outside().look()
        ready = self._ready()
        if not ready and (timeout is None or timeout > 0):
            self._outside().wait(timeout)
            ready = self._ready()
        return ready

    def _ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        found = []
        for key in list(self.get_map().values()):
            sock = network.sockets.get(key.fd)
            if sock is None:
                continue  # a descriptor of something else, which is never ready
            read = selectors.EVENT_READ * sock.is_readable()
            write = selectors.EVENT_WRITE * sock.is_writable()
            if events := (read | write) & key.events:
                found.append((key, events))
        return found


class MemoryLoop(BaseSelectorEventLoop):
    """The loop.

    Args:
        clock: tells the time.
        outside: says what goes on outside.
    """

    def __init__(self, clock: Clock, outside: Callable[[], Outside]) -> None:
        self._clock = clock
        super().__init__(MemorySelector(outside))

    def time(self) -> float:
        """Return the time of the clock, in seconds."""
        return self._clock.now()

    def run_in_executor(  # type: ignore[override]  # no type variables needed
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        """Call the function here and now; return a future.

        Its result comes with the loop's next round, as that of a thread would at best.
        """
        future = self.create_future()
        try:
            done, value = future.set_result, func(*args)
        except StopIteration as error:
            done, value = future.set_exception, RuntimeError(f"it raised {error!r}")
        except Exception as error:  # noqa: BLE001 - the caller gets it
            done, value = future.set_exception, error
        self.call_soon(_unless_done, future, done, value)
        return future

    # No other thread ever has to wake the loop.

    def _make_self_pipe(self) -> None:
        self._internal_fds = 0

    def _close_self_pipe(self) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _unless_done(
    future: asyncio.Future[Any], done: Callable[[Any], None], value: Any
) -> None:
    if not future.done():  # its waiter may have been cancelled
        done(value)


def forget(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what still runs on a loop that is not running, and drop its timers."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=1))
    for queue in ("_ready", "_scheduled"):
        getattr(loop, queue).clear()


@contextmanager
def no_other_loop() -> Iterator[None]:
    """Hide the loop that runs outside the block, so that another may run inside it.

    In a browser the page's own loop calls us; the server's loop has to run meanwhile.
    """
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
