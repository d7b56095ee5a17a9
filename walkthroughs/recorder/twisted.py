"""Twisted's roads from who schedules to what runs.

Its asyncio reactor stands on a loop that `scheduling` hears, but one timer of that loop runs
all calls that are due, and other reactors have no such loop.  So each call remembers
who wanted it: delayed calls, calls from threads, work for the pool of threads, and the
callbacks of a Deferred, which are there because somebody fired it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from .event_log import EventLog

Listener = tuple[type, str, Callable[[Any], Any]]
"""A class, a method of it, and what makes of that method one that is heard."""

WORK = (
    ("twisted.internet.base", "ReactorBase", "callLater", 1, "call_later"),
    ("twisted.internet.base", "ReactorBase", "callFromThread", 0, "call_from_thread"),
    (
        "twisted.internet.asyncioreactor",
        "AsyncioSelectorReactor",
        "callFromThread",
        0,
        "call_from_thread",
    ),
    (
        "twisted.python.threadpool",
        "ThreadPool",
        "callInThreadWithCallback",
        1,
        "executor",
    ),
)
"""Module, class and method that take in work, the place of the function among the
arguments, and what such work is called."""


def listeners(log: EventLog) -> Iterator[Listener]:
    """Yield what to listen to in Twisted; nothing if it has not been imported."""
    if log.loop_name != "reactor" and "twisted.internet" not in sys.modules:
        return
    for module, cls, method, place, how in WORK:
        taker = getattr(import_module(module), cls)
        yield taker, method, partial(_wrap_taker, log, place, how)
    deferred = import_module("twisted.internet.defer").Deferred
    yield deferred, "callback", partial(_wrap_firing, log)
    yield deferred, "errback", partial(_wrap_firing, log)


def _wrap_taker(log: EventLog, place: int, how: str, original: Any) -> Any:
    def take(self: Any, *args: Any, **kwargs: Any) -> Any:
        before, work, after = args[:place], args[place], args[place + 1 :]
        return original(self, *before, log.with_cause(work, how), *after, **kwargs)

    return take


def _wrap_firing(log: EventLog, original: Any) -> Any:
    def fire(deferred: Any, *args: Any) -> Any:
        return log.with_cause(original, "deferred")(deferred, *args)

    return fire
