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
from types import CodeType, FrameType
from typing import Any

from .builder import Builder

NAME = "sys.setprofile"

_YIELD = frozenset({dis.opmap["YIELD_VALUE"]})
_RETURN = frozenset({dis.opmap["RETURN_VALUE"], dis.opmap["RETURN_GENERATOR"]})


class Source:
    """Tells a builder what frames do."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        # Keyed by identity, with the code beside it to keep that identity its own.
        self._watched: dict[int, tuple[CodeType, bool]] = {}
        self._thrown: dict[int, int] = {}

    def start(self) -> None:
        """Begins to listen, in this thread and in those that start from now on."""
        threading.setprofile(self._hear)
        sys.setprofile(self._hear)

    def stop(self) -> None:
        """Stops listening in this thread and in new ones."""
        sys.setprofile(None)
        threading.setprofile(None)

    def _hear(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call" and self._watches(frame):
            self._call(frame)
        elif event == "return" and self._builder.knows(frame):
            self._return(frame, arg)

    def _watches(self, frame: FrameType) -> bool:
        code = frame.f_code
        known = self._watched.get(id(code))
        if known is None:
            known = self._watched[id(code)] = (code, self._builder.watches(frame))
        return known[1]

    def _call(self, frame: FrameType) -> None:
        if not self._builder.knows(frame):
            self._builder.started(frame)
            return
        if frame.f_code.co_code[frame.f_lasti] in _YIELD:
            self._thrown[id(frame)] = frame.f_lasti
        self._builder.resumed(frame)

    def _return(self, frame: FrameType, arg: Any) -> None:
        op = frame.f_code.co_code[frame.f_lasti]
        thrown_at = self._thrown.pop(id(frame), None)
        if op in _RETURN:
            self._builder.returned(frame)
        elif op in _YIELD and (arg is not None or thrown_at != frame.f_lasti):
            self._builder.suspended(frame)
        else:
            self._builder.raised(frame, None)
