"""Perfetto: a view as a file in Chrome's trace format, which Perfetto opens.

A page draws time only for the lanes; here every call has its own, so the file holds all
the calls between the first and the last shown step, those left out on the page as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..trace import Call, Event, Exit, Hop, Message, Trace
from .view import View

Entry = dict[str, Any]

PROCESS = 1


def perfetto(view: View) -> str:
    """Write the text of the JSON file."""
    header = view.trace.header
    entries = [*_names(view.trace), *_entries(view)]
    return json.dumps(
        {
            "traceEvents": entries,
            "displayTimeUnit": "ns",
            "otherData": {"scenario": header.scenario, "server": header.server},
        }
    )


def _names(trace: Trace) -> Iterator[Entry]:
    for number, lane in enumerate(trace.lanes):
        yield {
            "ph": "M",
            "name": "thread_name",
            "pid": PROCESS,
            "tid": number + 1,
            "args": {"name": lane.label},
        }


def _entries(view: View) -> Iterator[Entry]:
    if not view.shown:
        return
    first, last = view.shown[0], view.shown[-1]
    slices = _Slices(view.trace)
    for event in view.trace.events[first : last + 1]:
        if isinstance(event, Hop):
            yield from slices.hop(event)
        elif isinstance(event, Message) and event.direction == "receive":
            yield _entry("i", event.name, event, s="t", args=dict(event.summary))
        elif isinstance(event, Call | Message):
            yield from slices.step(event)


class _Slices:
    """The times when the steps of a trace ran."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.exits: dict[int, list[Exit]] = {}
        for event in trace.events:
            if isinstance(event, Exit):
                self.exits.setdefault(event.call, []).append(event)

    def step(self, event: Call | Message) -> Iterator[Entry]:
        """One slice for each time the step ran."""
        pairs = event.args if isinstance(event, Call) else event.summary
        name = self.trace.name(event)
        started: Event | None = event
        for exit in self.exits.get(event.seq, ()):
            if started is None:
                started = exit
                continue
            lasted = (exit.time - started.time) / 1000
            yield _entry("X", name, started, dur=lasted, args=dict(pairs))
            started = None
        if started is not None:
            lasted = (self.trace.events[-1].time - started.time) / 1000
            yield _entry("X", name, started, dur=lasted, args=dict(pairs))

    def hop(self, hop: Hop) -> Iterator[Entry]:
        """Draw an arrow from the call that scheduled to what runs next in the lane."""
        if hop.origin is None:
            return
        origin = self.trace.events[hop.origin]
        yield _entry("s", hop.how, origin, cat="hop", id=hop.seq)
        yield _entry("f", hop.how, hop, cat="hop", id=hop.seq)


def _entry(phase: str, name: str, event: Event, **more: object) -> Entry:
    return {
        "ph": phase,
        "name": name,
        "ts": event.time / 1000,
        "pid": PROCESS,
        "tid": event.lane + 1,
        **more,
    }
