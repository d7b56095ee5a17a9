"""The trace: what one recording saw, as frozen data that goes to JSON and back.

Everything that the site shows, the tests check and the JSON holds is this one object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .events import (
    Call,
    Event,
    Exit,
    Function,
    Header,
    Hop,
    Lane,
    LaneKind,
    Message,
    Package,
)
from .trace_json import json_lines, read

__all__ = [
    "Call",
    "Event",
    "Exit",
    "Function",
    "Header",
    "Hop",
    "Lane",
    "LaneKind",
    "Message",
    "Package",
    "Trace",
]


@dataclass(frozen=True)
class Trace:
    """One recording.

    Args:
        header: what was recorded.
        lanes: every lane that an event names.
        functions: every function that a call names.
        events: what happened, in order; `events[n].seq == n`.
    """

    header: Header
    lanes: tuple[Lane, ...] = ()
    functions: tuple[Function, ...] = ()
    events: tuple[Event, ...] = field(default=(), repr=False)

    @cached_property
    def steps(self) -> tuple[Call | Message, ...]:
        """What a listing speaks of: the calls and the messages, in order."""
        return tuple(e for e in self.events if isinstance(e, Call | Message))

    @cached_property
    def end(self) -> Mapping[int, int]:
        """Number of a call or sent message -> number of the event that ended it."""
        return {
            e.call: e.seq
            for e in self.events
            if isinstance(e, Exit) and e.how in ("return", "raise")
        }

    def function(self, call: Call) -> Function:
        """Return the function that `call` ran."""
        return self.functions[call.function]

    def name(self, step: Call | Message) -> str:
        """Return the step's name in a listing: by the class of the object called on."""
        return self.names(step)[0]

    def names(self, step: Call | Message) -> tuple[str, ...]:
        """Every name by which a listing may call the step, the best first."""
        if isinstance(step, Message):
            return (step.name,)
        # There are many calls, and few names.
        called = (step.function, step.receiver)
        names = self._names.get(called)
        if names is None:
            names = self._names[called] = self._named(
                self.function(step), step.receiver
            )
        return names

    @cached_property
    def _names(self) -> dict[tuple[int, str | None], tuple[str, ...]]:
        return {}

    @staticmethod
    def _named(function: Function, receiver: str | None) -> tuple[str, ...]:
        if receiver is None:
            return (function.name,)
        method = function.qualname.rpartition(".")[2]
        by_receiver = f"{receiver}.{method}".removesuffix(".__init__")
        if by_receiver == function.name:
            return (by_receiver,)
        return (by_receiver, function.name)

    def ancestors(self, step: Call | Message) -> Iterator[int]:
        """Yield the numbers of the steps that `step` runs inside of, from within."""
        parent = step.parent
        while parent is not None:
            yield parent
            above = self.events[parent]
            assert isinstance(above, Call | Message)
            parent = above.parent

    def to_json(self) -> str:
        """Write the trace as JSON text, one event a line, so that it can be diffed."""
        head = self.header, self.lanes, self.functions
        return "".join(json_lines(*head, iter(self.events)))

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read the trace that `to_json` wrote.

        Raises:
            TraceError: the text is not a trace, or has another schema.
        """
        return cls(*read(text))
