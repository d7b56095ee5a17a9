"""asyncio's tasks: which one is running, and which one a loop handle belongs to."""

from __future__ import annotations

import asyncio
import sys
from asyncio import Task, TimerHandle
from collections.abc import Callable
from typing import Any

TASKS: tuple[type[Task[Any]], ...] = (Task, asyncio.tasks._PyTask)  # type: ignore[attr-defined]
"""asyncio's task in C, and the same in Python."""

running_loop = asyncio._get_running_loop

# Before 3.12 `current_task` is written in Python, and the profiler would be called for
# it each time.
current_task: Callable[[Any], Task[Any] | None] = (
    asyncio.current_task
    if sys.version_info >= (3, 12)
    else asyncio.tasks._current_tasks.get  # type: ignore[attr-defined]
)


def task_of(handle: Any) -> Task[Any] | None:
    """Return the task that the handle runs a step of."""
    task: Any = getattr(handle._callback, "__self__", None)
    return task if isinstance(task, TASKS) else None


def is_running(task: Task[Any]) -> bool:
    """Whether the task is in the middle of a step."""
    if task.done():
        return False  # and the coroutine is gone: 3.12.1 breaks if asked for it
    coroutine = task.get_coro()
    running = getattr(coroutine, "cr_running", getattr(coroutine, "gi_running", False))
    return bool(running)


def scheduled_by(handle: Any) -> str:
    """Return what scheduled a handle of the loop, if it is not a task's first."""
    if task_of(handle) is not None:
        return "wake"
    return "call_later" if isinstance(handle, TimerHandle) else "call_soon"
