"""What frames do, as entries of the event log.

These functions run for every call, so all that they need is at hand as a local name: an
attribute costs several times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from types import FrameType
from typing import Any

from .code_filter import OUT, CodeInfo
from .event_log import Entry, EventLog, remove_step
from .tasks import current_task, running_loop


class Bottom:
    """Stands for what is below the first step of a lane."""

    f_lasti = None


_BOTTOM = Bottom()
_NOTHING: Entry = (None,)


def make_begin(log: EventLog) -> Callable[[CodeInfo, FrameType], None]:
    """Return the function to call when a frame of watched code begins to run."""
    opened, stacks = log.open, log.stacks
    get, append = log.open.get, log.entries.append
    numbers, now, limit = log.numbers, perf_counter_ns, log.max_events
    threads, code_filter = log.threads, log.code_filter
    args_of = log.arguments.values_of_call if log.arguments is not None else None

    def begin(seen: CodeInfo, frame: Any) -> None:
        receiver: Any = None
        if seen.self is not None:
            # An object of a class without subclasses can be of that class only.
            if seen.alone is not None and not seen.subclasses():
                receiver = seen.alone
            elif (receiver := code_filter.receiver(seen, frame)) is OUT:
                return
        # A task may begin anywhere; a plain function stays in its caller's lane.
        caller: Any = None if seen.resumable else frame.f_back
        above = get(caller)
        if above is None:
            state = threads.state
            if state.looking:
                return
            loop = running_loop()
            if loop is None or current_task(loop) is not state.task:
                log.locate(state)
            if state.pending is not None:
                log.write_hop(state)
            lane = state.place.number
            if lane < 0:
                lane = log.lane_of(state.place)
            stack = stacks[lane]
            caller = stack[-1] if stack else _BOTTOM
            above = get(caller, _NOTHING)
        else:
            lane = above[2]
            stack = stacks[lane]
        entry = (
            next(numbers),
            now(),
            lane,
            "call",
            seen.number if seen.number >= 0 else code_filter.number(seen),
            receiver,
            above[0],
            caller.f_lasti,
            args_of(seen, receiver, frame) if args_of is not None else (),
            frame.f_back is caller,
        )
        if entry[0] < limit:
            append(entry)
        else:
            log.dropped += 1
        opened[frame] = entry
        stack.append(frame)

    return begin


def make_end(log: EventLog) -> Callable[..., None]:
    """Return the function to call when a frame is done; not all frames are known."""
    return _make_leave(log, log.open.pop)


def make_suspend(log: EventLog) -> Callable[..., None]:
    """Return the function to call when a frame steps aside, to come back later."""
    return _make_leave(log, log.open.get)


def _make_leave(
    log: EventLog, find: Callable[[Any, None], Entry | None]
) -> Callable[..., None]:
    append, numbers, now = log.entries.append, log.numbers, perf_counter_ns
    limit, stacks = log.max_events, log.stacks

    def left(frame: Any, how: str, at: int, error: str | None = None) -> None:
        began = find(frame, None)
        if began is None:
            return
        lane = began[2]
        entry = (next(numbers), now(), lane, how, began[0], at, error)
        if entry[0] < limit:
            append(entry)
        else:
            log.dropped += 1
        stack = stacks[lane]
        if stack and stack[-1] is frame:
            del stack[-1]
        else:
            remove_step(stack, frame)

    return left


def make_resume(log: EventLog) -> Callable[[Any, int], None]:
    """Return the function to call when a frame that had stepped aside runs again."""
    opened, append, stacks = log.open, log.entries.append, log.stacks
    numbers, now, limit = log.numbers, perf_counter_ns, log.max_events

    def resume(frame: Any, at: int) -> None:
        began = opened.get(frame)
        if began is None:
            return
        back = frame.f_back
        above = opened.get(back)
        # An exception goes past frames that wait, which are not resumed for it.
        if above is not None and (stack := stacks[above[2]]) and stack[-1] is back:
            lane = above[2]
        else:
            lane = log.lane_of(log.enter_lane().place)
            stack = stacks[lane]
        if lane != began[2]:
            # What follows happens there; the call is still the same one.
            opened[frame] = (began[0], began[1], lane, *began[3:])
        entry = (next(numbers), now(), lane, "resume", began[0], at, None)
        if entry[0] < limit:
            append(entry)
        else:
            log.dropped += 1
        stack.append(frame)

    return resume
