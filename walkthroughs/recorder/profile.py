"""The source of events on Python 3.11: `sys.setprofile`.

The interpreter says only "call" and "return", for a coroutine at each step.  What a
"return" means stands in the byte code: a frame that stops at `YIELD_VALUE` stepped
aside, one at `RETURN_VALUE` is done, any other was left by an exception.  One case
needs memory: an exception *thrown into* a waiting frame enters and leaves it at the
very `YIELD_VALUE` where it waited.  Which exception it was, the interpreter does not
say here.
"""

from __future__ import annotations

import dis
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from .event_log import EventLog
from .frames import make_begin, make_end, make_resume, make_suspend
from .places import ThreadState, drop_ended_steps

NAME = "sys.setprofile"

_YIELD = frozenset({dis.opmap["YIELD_VALUE"]})
_RETURN = frozenset({dis.opmap["RETURN_VALUE"], dis.opmap["RETURN_GENERATOR"]})

Heard = Callable[[FrameType, str, Any], None]


class Source:
    """Writes down what frames do."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._hear: Heard = _listener(log)
        self._replaced = False

    def start(self) -> None:
        """Begins to listen, in this thread and in those that start from now on."""
        self._log.ended = self.restore
        threading.setprofile(self._hear)
        sys.setprofile(self._hear)

    def stop(self) -> None:
        """Stop listening in this thread and in new ones."""
        if sys.getprofile() is self._hear:
            sys.setprofile(None)
        threading.setprofile(None)

    def restore(self, state: ThreadState) -> None:
        """Listen again if a profiler took our place in this thread and is gone.

        The interpreter has one place for a profiler in each thread.  One that is still
        at work keeps it: the program wants its result.
        """
        profiler = sys.getprofile()
        if profiler is self._hear:
            state.heard = True
        elif state.heard and self._log.recording:
            self._replaced = True
            if profiler is None:
                drop_ended_steps(state)
                sys.setprofile(self._hear)

    def warnings(self) -> Iterator[str]:
        """Yield what was not heard, a sentence each."""
        if self._replaced:
            yield (
                "Another profiler ran in the application and took the recorder's place "
                "(cProfile does so before Python 3.12): calls made meanwhile are missing."
            )


def _listener(log: EventLog) -> Heard:
    begin, end = make_begin(log), make_end(log)
    codes, judge = log.code_filter.known, log.code_filter.judge
    known = codes.get
    opened, step_on = log.open, _steps(log)

    def hear(frame: Any, event: str, arg: Any) -> None:
        if event == "call":
            code = frame.f_code
            seen = known(id(code))
            if seen is None:
                if not log.recording:
                    return sys.setprofile(None)  # in a thread that nobody told
                seen = judge(frame)
            if seen.kept:
                if seen.resumable and frame in opened:
                    step_on(frame, event, arg)
                else:
                    begin(seen, frame)
        elif event == "return" and frame in opened:
            if arg is not None and not codes[id(frame.f_code)].resumable:
                end(frame, "return", frame.f_lasti)
            else:
                step_on(frame, event, arg)
        return None

    return hear


def _steps(log: EventLog) -> Heard:
    """Handle frames that are not simply called, or do not simply return."""
    end, suspend, resume = make_end(log), make_suspend(log), make_resume(log)
    thrown: dict[int, int] = {}

    def step_on(frame: FrameType, event: str, arg: Any) -> None:
        at = frame.f_lasti
        op = frame.f_code.co_code[at]
        if event == "call":
            if op in _YIELD:
                thrown[id(frame)] = at
            return resume(frame, at)
        thrown_at = thrown.pop(id(frame), None)
        if op in _RETURN:
            end(frame, "return", at)
        elif op in _YIELD and (arg is not None or thrown_at != at):
            suspend(frame, "suspend", at)
        else:
            end(frame, "raise", at)
        return None

    return step_on
