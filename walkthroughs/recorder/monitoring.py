"""The source of events on Python 3.12 and later: `sys.monitoring` (PEP 669).

The beginning of code is heard everywhere, until it is judged: code out of focus is
switched off at its first event, so that it runs at full speed from then on; for code in
focus, the rest is switched on.  `PY_UNWIND` and `PY_THROW` cannot be switched on for
one function alone, so they are heard for all and looked up by frame.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from ..errors import RecordingError
from .event_log import EventLog
from .frames import make_begin, make_end, make_resume, make_suspend

NAME = "sys.monitoring"

# Absent before 3.12, where `profile` is used instead.
monitoring: Any = getattr(sys, "monitoring", None)


class Source:
    """Writes down what frames do."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._tool: int | None = None

    def start(self) -> None:
        """Listen, under the last tool id that is free.

        Raises:
            RecordingError: other tools have them all.
        """
        free = [tool for tool in range(6) if monitoring.get_tool(tool) is None]
        if not free:
            raise RecordingError(
                "sys.monitoring has no tool id left for the recorder: stop one of the "
                f"tools that use them: {', '.join(map(monitoring.get_tool, range(6)))}"
            )
        # Coverage tools take ids from below, so ours comes from above.
        self._tool = tool = free[-1]
        monitoring.use_tool_id(tool, "walkthroughs")
        events = monitoring.events
        for name, callback in _callbacks(self._log, tool).items():
            monitoring.register_callback(tool, getattr(events, name), callback)
        monitoring.set_events(
            tool, events.PY_START | events.PY_THROW | events.PY_UNWIND
        )
        self._log.restart = monitoring.restart_events
        monitoring.restart_events()

    def stop(self) -> None:
        """Stop listening and give the tool id back; do nothing the second time."""
        if self._tool is not None:
            monitoring.set_events(self._tool, 0)
            for seen in self._log.code_filter.known.values():
                if seen.kept:
                    monitoring.set_local_events(self._tool, seen.code, 0)
            monitoring.free_tool_id(self._tool)
            self._tool = None

    def warnings(self) -> Iterator[str]:
        """Yield what was not heard: nothing, for no tool takes events from another."""
        yield from ()


def _callbacks(log: EventLog, tool: int) -> dict[str, Any]:
    """Return a function for each event."""
    begin, end = make_begin(log), make_end(log)
    suspend, resume = make_suspend(log), make_resume(log)
    opened, known, judge = log.open, log.code_filter.known.get, log.code_filter.judge
    frame, off = sys._getframe, monitoring.DISABLE
    events, listen = monitoring.events, monitoring.set_local_events
    rest = events.PY_RETURN | events.PY_YIELD | events.PY_RESUME

    def started(code: CodeType, offset: int) -> Any:
        seen = known(id(code))
        if seen is None:
            seen = judge(frame(1))
            if seen.kept:
                listen(tool, code, rest)
        if seen.kept:
            begin(seen, frame(1))
        elif seen.final:
            return off
        return None

    def returned(code: CodeType, offset: int, value: object) -> None:
        end(frame(1), "return", offset)

    def yielded(code: CodeType, offset: int, value: object) -> None:
        suspend(frame(1), "suspend", offset)

    def resumed(code: CodeType, offset: int) -> None:
        resume(frame(1), offset)

    def thrown(code: CodeType, offset: int, error: BaseException) -> None:
        resume(frame(1), offset)

    def unwound(code: CodeType, offset: int, error: BaseException) -> None:
        # Heard of every frame of the process, and of most more than once.
        seen = known(id(code))
        if seen is not None and seen.kept and (left := frame(1)) in opened:
            # The offset may be that of a handler which the compiler made.
            end(left, "raise", left.f_lasti, type(error).__name__)

    return {
        "PY_START": started,
        "PY_RETURN": returned,
        "PY_YIELD": yielded,
        "PY_RESUME": resumed,
        "PY_THROW": thrown,
        "PY_UNWIND": unwound,
    }
