"""The source of events on Python 3.12 and later: `sys.monitoring` (PEP 669).

Code of packages out of focus is switched off at its first event, so that it runs at
full speed from then on.  `PY_UNWIND` and `PY_THROW` cannot be switched on for one
function alone, so they are heard for all and looked up by frame.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any

from .builder import Builder

NAME = "sys.monitoring"

# Absent before 3.12, where `profile` is used instead.
monitoring: Any = getattr(sys, "monitoring", None)


class Source:
    """Tells a builder what frames do."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tool: int | None = None

    def start(self) -> None:
        """Begins to listen, under the first tool id that is free."""
        free = [tool for tool in range(6) if monitoring.get_tool(tool) is None]
        # Coverage tools take ids from below, so ours comes from above.
        self._tool = tool = free[-1]
        monitoring.use_tool_id(tool, "walkthroughs")
        events = monitoring.events
        callbacks: dict[int, Any] = {
            events.PY_START: self._start,
            events.PY_RESUME: self._resume,
            events.PY_THROW: self._throw,
            events.PY_YIELD: self._yield,
            events.PY_RETURN: self._return,
            events.PY_UNWIND: self._unwind,
        }
        for event, callback in callbacks.items():
            monitoring.register_callback(tool, event, callback)
        monitoring.set_events(tool, sum(callbacks))
        monitoring.restart_events()

    def stop(self) -> None:
        """Stops listening and gives the tool id back; a second call does nothing."""
        if self._tool is not None:
            monitoring.set_events(self._tool, 0)
            monitoring.free_tool_id(self._tool)
            self._tool = None

    def _start(self, code: CodeType, offset: int) -> Any:
        frame = sys._getframe(1)
        if not self._builder.watches(frame):
            return monitoring.DISABLE
        self._builder.started(frame)
        return None

    def _known(self) -> FrameType | None:
        frame = sys._getframe(2)
        return frame if self._builder.knows(frame) else None

    def _resume(self, code: CodeType, offset: int) -> Any:
        return self._later(self._builder.resumed)

    def _yield(self, code: CodeType, offset: int, value: object) -> Any:
        return self._later(self._builder.suspended)

    def _return(self, code: CodeType, offset: int, value: object) -> Any:
        return self._later(self._builder.returned)

    def _later(self, tell: Any) -> Any:
        frame = sys._getframe(2)
        if self._builder.knows(frame):
            tell(frame)
        elif not self._builder.watches(frame):
            return monitoring.DISABLE
        return None

    def _throw(self, code: CodeType, offset: int, error: BaseException) -> None:
        if (frame := self._known()) is not None:
            self._builder.resumed(frame)

    def _unwind(self, code: CodeType, offset: int, error: BaseException) -> None:
        if (frame := self._known()) is not None:
            self._builder.raised(frame, type(error).__name__)
