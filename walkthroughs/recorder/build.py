"""Makes the trace's events out of the entries of an event log, once the program has run."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from operator import itemgetter
from types import CodeType

from ..trace import Call, Event, Exit, Hop, Lane, LaneKind, Message
from .event_log import Entry, EventLog


def numbered(names: Iterable[tuple[LaneKind, str]]) -> Iterator[Lane]:
    """Yield lanes of these kinds and names, with a number from the second of a name on."""
    taken: set[tuple[LaneKind, str]] = set()
    # From which number on to look: a server may run thousands of tasks.
    unused: dict[tuple[LaneKind, str], int] = {}
    for kind, name in names:
        for number in count(unused.get((kind, name), 1)):
            with_number = f"{name} {number}" if name and number > 1 else name
            if (kind, with_number) not in taken or not name:
                break
        taken.add((kind, with_number))
        unused[kind, name] = number + 1
        yield Lane(kind, with_number)


class TraceBuilder:
    """The entries of an event log as they are now, to be made into events.

    Args:
        log: what was recorded; threads may still be writing to it.
    """

    def __init__(self, log: EventLog) -> None:
        self.log = log
        # Two threads may take their numbers in one order and write in another.
        self.entries = sorted(log.entries, key=itemgetter(0))
        self.places = tuple(log.places)
        # A number that was taken when the recording ended, or skipped when start-up
        # was over, is missing.
        whole = not self.entries or self.entries[-1][0] == len(self.entries) - 1
        self.place: Mapping[int, int] | range = (
            range(len(self.entries))
            if whole
            else {entry[0]: n for n, entry in enumerate(self.entries)}
        )
        self.depth = array("I")
        self.lines: dict[tuple[int, int], int | None] = {}
        # Threads are numbered in the order of their first hops.
        self.threads: dict[int, int] = {}
        self.codes = [each.code for each in log.code_filter.called]

    def lanes(self) -> tuple[Lane, ...]:
        """Return the lanes, in the order of their numbers.

        Lanes of the same kind and name are numbered in the order in which something
        happened in them, so that those that are only named as a cause take no number
        away.
        """
        order = dict.fromkeys(entry[2] for entry in self.entries)
        order.update(dict.fromkeys(range(len(self.places))))
        places = (self.places[number] for number in order)
        names = [(place.kind, place.label) for place in places]
        found = dict(zip(order, numbered(names), strict=True))
        return tuple(found[number] for number in range(len(self.places)))

    def events(self) -> Iterator[Event]:
        """Yield the events, numbered in order."""
        makers: dict[str, Callable[[Entry, int], Event]] = {
            "call": self.call,
            "hop": self.hop,
            "receive": self.message,
            "send": self.message,
        }
        for number, entry in enumerate(self.entries):
            event = makers.get(entry[3], self.exit)(entry, number)
            parent = event.parent if isinstance(event, Call | Message) else None
            self.depth.append(0 if parent is None else self.depth[parent] + 1)
            yield event

    def call(self, entry: Entry, number: int) -> Call:
        """Make the event of an entry that a call began."""
        _, _, lane, _, function, receiver, parent, at, args, direct = entry
        above, code_filter = self.number(parent), self.log.code_filter
        return Call(
            number,
            self.time(entry),
            lane,
            function=function,
            receiver=receiver,
            parent=above,
            depth=0 if above is None else self.depth[above] + 1,
            line=self.line(parent, at),
            args=args,
            direct=direct,
            own=code_filter.is_own(code_filter.called[function], receiver),
        )

    def exit(self, entry: Entry, number: int) -> Exit:
        """Make the event of an entry that a call stopped running, or resumed."""
        _, _, lane, how, call, at, value = entry
        return Exit(
            number,
            self.time(entry),
            lane,
            how=how,
            call=self.place[call],
            line=self.line(call, at),
            value=value,
        )

    def message(self, entry: Entry, number: int) -> Message:
        """Make the event of an entry that a message was received or sent."""
        _, _, lane, direction, type, summary, depth, waited, parent = entry
        return Message(
            number,
            self.time(entry),
            lane,
            direction=direction,
            type=type,
            summary=summary,
            depth=depth,
            waited=waited,
            parent=self.number(parent),
        )

    def hop(self, entry: Entry, number: int) -> Hop:
        """Make the event of an entry that work went on in another lane."""
        _, _, lane, _, (how, origin_lane, origin), (scheduled, began, thread) = entry
        return Hop(
            number,
            self.time(entry),
            lane,
            how=how,
            origin_lane=origin_lane,
            origin=self.number(origin),
            scheduled=self.since_start(scheduled),
            began=self.since_start(began),
            thread=self.threads.setdefault(thread, len(self.threads)),
        )

    def number(self, entry: int | None) -> int | None:
        """Return the number of an entry's event."""
        return None if entry is None else self.place[entry]

    def time(self, entry: Entry) -> int:
        """Return nanoseconds from the start of the recording to an entry."""
        return int(entry[1]) - self.log.started

    def since_start(self, moment: int | None) -> int | None:
        """Return nanoseconds from the start of the recording to a moment, if known."""
        return None if moment is None else moment - self.log.started

    def line(self, call: int | None, at: int | None) -> int | None:
        """Return the line of the instruction that a call had reached."""
        if call is None or at is None:
            return None
        function: int = self.entries[self.place[call]][4]
        if (function, at) not in self.lines:
            self.lines[function, at] = _line(self.codes[function], at)
        return self.lines[function, at]


def _line(code: CodeType, at: int) -> int | None:
    return next(line for start, end, line in code.co_lines() if start <= at < end)
