"""Where code runs: in a task, or in a thread beside all tasks; and what led there."""

from __future__ import annotations

import itertools
import re
import sys
import threading
from asyncio import Task
from collections.abc import Mapping
from threading import get_ident
from time import perf_counter_ns
from typing import Any

from ..trace import LaneKind
from .values import label


class Place:
    """Where code runs: in a task, or in a thread beside all tasks.

    Args:
        kind: what kind of lane it becomes.
        name: what the lane is called, unless the program gave a name.
        given: what the program calls the task.

    Attributes:
        number: its lane, -1 as long as no entry names it.
        stack: the steps open in it, outermost first.
    """

    __slots__ = ("given", "kind", "name", "number", "stack")

    def __init__(self, kind: LaneKind, name: str, given: str = "") -> None:
        self.kind = kind
        self.name = name
        self.given = given
        self.number = -1
        self.stack: list[Any] = []

    @property
    def label(self) -> str:
        """The name to show."""
        return label(self.name if _UNNAMED.fullmatch(self.given) else self.given)

    def origin(
        self, how: str | None, opened: Mapping[object, tuple[Any, ...]]
    ) -> Origin:
        """Return the present moment in this place, as a cause."""
        step = opened[self.stack[-1]][0] if self.stack else None
        return (how, self, step, perf_counter_ns())


_UNNAMED = re.compile(r"|None|Task-\d+")
"""What tasks are called to which the program gave no name; None, by Python 3.13.0."""

Origin = tuple[str | None, Place | None, int | None, int | None]
"""Who scheduled something: how (None: the loop's handle tells), in which place, inside
which open step, and when.  Of a chain of the loop's own steps the time is that of the
last one: what it leads to was not ready before."""

IO: Origin = ("io", None, None, None)
"""Nobody did: the loop found a reason in the outside world."""

ELSEWHERE = ("executor", "thread")
"""How work comes to a thread: what it leads to comes from there, not from whom it had it."""


class ThreadState:
    """What is known of one thread.

    Attributes:
        task: the task that ran when it was last looked at.
        place: the place of that task.
        stack: the steps open there.
        own: the place of what the thread runs beside all tasks.
        loop: the loop that ran when it was last looked at.
        number: tells it from the other threads of this process.
        handle: what the loop runs now.
        began: when the present callback or piece of work began to run.
        pending: what led to the present callback, until that has left a mark.
        starting: the coroutine that is made a task right now, and the cause of it.
        aside: the tasks that run inside the present callback though it is not theirs,
            for they were begun at once ("eager"); with the cause that waits for each.
        begun: those tasks, and those that have stepped aside since.
        heard: whether calls of the thread were heard.
        looking: whether what runs is our own doing, which leaves no mark.
        lasting: whether handles that are made now run again and again.
    """

    __slots__ = (
        "aside",
        "began",
        "begun",
        "handle",
        "heard",
        "lasting",
        "looking",
        "loop",
        "number",
        "own",
        "pending",
        "place",
        "stack",
        "starting",
        "task",
    )

    def __init__(self) -> None:
        self.task: Any = self
        self.place: Place = _NOWHERE
        self.stack: list[Any] = []
        self.own: Place | None = None
        self.loop: Any = None
        self.number = next(_THREADS)
        self.handle: Any = None
        self.began: int | None = None
        self.pending: Origin | None = None
        self.starting: tuple[Any, Origin] | None = None
        self.aside: list[tuple[Task[Any], Origin | None]] = []
        self.begun: list[Task[Any]] = []
        self.heard = False
        self.looking = False
        self.lasting = False


_THREADS = itertools.count()

_NOWHERE = Place("thread", "")


class Threads(threading.local):
    """Has what is known of the present thread, for as long as the thread lives."""

    def __init__(self) -> None:
        self.state = ThreadState()


def drop_ended_steps(state: ThreadState) -> None:
    """Drop the steps that seem open in this thread, but have ended unheard.

    What has ended without a word must not be taken for the caller of what follows.
    """
    running, frame = set(), sys._getframe().f_back
    while frame is not None:
        running.add(frame)
        frame = frame.f_back
    state.stack[:] = [each for each in state.stack if each in running]


def this_thread() -> threading.Thread | None:
    """Return the thread that this runs in; None if no `Thread` has started it."""
    # Not `current_thread`, which would make a thread of one it does not know.
    known = threading._active.get(get_ident())  # type: ignore[attr-defined]
    if known is None:
        # One that has only begun is not listed yet, but its outermost frame knows it.
        frame = sys._getframe()
        while frame.f_back is not None:
            frame = frame.f_back
        known = frame.f_locals.get("self")
    return known if isinstance(known, threading.Thread) else None


_THREAD = re.compile(r"Thread-\d+ \((?P<target>.+)\)")


def thread_name(name: str) -> str:
    """Return a thread's name without the numbers that differ from run to run."""
    named = _THREAD.fullmatch(name)
    stem = label(named["target"] if named else name).rstrip("0123456789_-")
    # What the pools of concurrent.futures, asyncio and Twisted call their threads.
    pooled = stem in (
        "ThreadPoolExecutor",
        "asyncio",
        "PoolThread-twisted.internet.reactor",
    )
    return "executor" if pooled else stem
