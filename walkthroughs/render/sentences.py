"""What happened, in words: the sentences that the page and the terminal share.

A sentence is a tuple of texts and numbers; a number is a shown step, which a page
makes a link and a terminal writes as "step 12".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..trace import Call, Exit, Message
from .view import Arrival, Fold, Step, View, short

Sentence = tuple[str | int, ...]

LINES_SHOWN = 4
"""How many of the lines where a step was suspended are named."""

TIMES = "\u00d7"

HOPS: Mapping[str, str] = {
    "create_task": "created as a task",
    "wake": "woken",
    "call_soon": "scheduled with call_soon",
    "call_later": "scheduled with call_later",
    "thread": "started as a thread",
    "executor": "handed to a thread",
    "return": "control came back",
    "call_from_thread": "called from a thread",
    "deferred": "called back by a Deferred that was fired",
}
"""What happened to a lane, by how the hop came about; I/O has a sentence of its own."""

ARROWS: Mapping[str, str] = {
    "create_task": "a call created this task",
    "wake": "what the task awaited is there",
    "call_soon": "a callback was scheduled for the next turn of the loop",
    "call_later": "a timer ran out",
    "thread": "a thread was started",
    "executor": "work was handed to a thread",
    "return": "a task that was begun at once stepped aside",
    "call_from_thread": "a thread scheduled it",
    "deferred": "a Deferred was fired",
    "io": "the loop found a socket or pipe ready",
}
"""What the word beside an arrow means, in the legend of a picture."""


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: "1 call", "3 calls"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def plain(sentence: Sentence) -> str:
    """Return the sentence as text."""
    parts = (f"step {part}" if isinstance(part, int) else part for part in sentence)
    return "".join(parts)


def status(event: Call | Message) -> str:
    """Return the status that a sent event answers with; nothing for any other."""
    if isinstance(event, Message) and event.direction == "send":
        return dict(event.summary).get("status", "")
    return ""


def often(count: int) -> str:
    """How often something happens that is shown once, after a sign of multiplication."""
    return f"{TIMES} {count:,}" if count > 1 else ""


def counted(events: Sequence[Call | Message]) -> str:
    """How many steps of which kind: "3 calls", "2 events", "4 calls and events"."""
    calls = sum(isinstance(event, Call) for event in events)
    if calls == len(events):
        return plural(calls, "call")
    return plural(len(events), "calls and event" if calls else "event")


def folded(view: View, row: Fold) -> str:
    """Say what a fold leaves out, in a line."""
    first, last = (short(view.trace.name(row.events[n])) for n in (0, -1))
    words = f"{counted(row.events)} left out here"
    return (
        f"{words}: {first}" if len(row.events) == 1 else f"{words}, {first} to {last}"
    )


def arrived(view: View, row: Arrival) -> Sentence:
    """Which lane runs now, and what led there."""
    now, why = f"Now in {view.lane(row).label}", cause(view, row)
    if row.hop is None:
        return (f"{now}.",)
    return (f"{now}{': ' if row.hop.how == 'io' else ', '}", *why, ".")


def cause(view: View, row: Arrival) -> Sentence:
    """Say what led to a lane; nothing if the recording saw nothing."""
    hop = row.hop
    if hop is None:
        return ()
    if hop.how == "io":
        return ("the loop found something to read or write",)
    return (HOPS.get(hop.how, hop.how), *by(view, hop.origin, hop.origin_lane))


def happened(view: View, row: Step) -> Iterator[Sentence]:
    """Say of a step where it was called, what passed, and how it ended."""
    if isinstance(row.event, Message):
        yield from _passed(row.event)
    else:
        yield _called(view, row.event)
    if view.exits(row):
        yield _course(view, row)


def by(view: View, origin: int | None, lane: int | None) -> Sentence:
    """Say which call, in which lane, scheduled something; nothing if that is not known."""
    if origin is None:
        return () if lane is None else (f" from {view.trace.lanes[lane].label}",)
    event = view.trace.events[origin]
    assert isinstance(event, Call | Message)
    return (f" by {short(view.trace.name(event))}", *_place(view, origin))


def _place(view: View, seq: int) -> Sentence:
    around = view.shown_around(seq)
    if around is None:
        before = view.number_at(seq)
        return (
            (" (left out, after ", before, ")")
            if before
            else (" (before the first step)",)
        )
    if around.seq == seq:
        return (" (", around.number, ")")
    return (" (folded, inside ", around.number, ")")


def _called(view: View, event: Call) -> Sentence:
    if event.parent is None:
        return (
            f"No recorded call leads here: {view.trace.lanes[event.lane].label} begins here.",
        )
    parent = view.trace.events[event.parent]
    assert isinstance(parent, Call | Message)
    name, place = short(view.trace.name(parent)), _place(view, parent.seq)
    verb = "Called by" if event.direct and event.line is not None else "Runs inside"
    where = "" if event.line is None else f" at line {event.line}"
    return (f"{verb} {name}", *place, f"{where}.")


def _passed(event: Message) -> Iterator[Sentence]:
    carried = ", ".join(_carried(key, text) for key, text in event.summary)
    carrying = f" with {carried}" if carried else ""
    if event.direction == "receive":
        yield (f"The application receives {event.type}{carrying}.",)
    else:
        yield (f"The application sends {event.type}{carrying}.",)
    if event.depth is not None:
        verb = "waits" if event.depth == 1 else "wait"
        waiting = plural(event.depth, "event") if event.depth else "Nothing"
        verb = verb if event.depth else "waits"
        yield (f"{waiting} {verb} in the connection's queue.",)
    elif event.direction == "receive":
        yield ("The server keeps no queue of events.",)


def _carried(key: str, text: str) -> str:
    """Say one entry of an event: "status 200", "1 header"."""
    if text == f"1 {key}":
        return text.removesuffix("s")
    return text if text.endswith(key) else f"{key} {text}"


def _course(view: View, row: Step) -> Sentence:
    """Describe the step's suspensions and its end in one sentence."""
    exits = view.exits(row)
    suspended = [exit for exit in exits if exit.how == "suspend"]
    clauses: list[Sentence] = []
    if len(suspended) > 1:
        lines = sorted({exit.line for exit in suspended if exit.line is not None})
        clauses.append((f"is suspended {len(suspended)} times{_at_lines(lines)}",))
        exits = exits[-1:] if exits[-1].how in ("return", "raise") else ()
    before = row.number
    for exit in exits:
        number = view.number_at(exit.seq)
        when: Sentence = (" after ", number) if number != before else ()
        clauses.append((_verb(exit), *when))
        before = number
    sentence = [part for clause in clauses for part in (", then ", *clause)]
    first = str(sentence[1])
    return (first[:1].upper() + first[1:], *sentence[2:], ".")


def _at_lines(lines: Sequence[int]) -> str:
    """Say where: " at line 4", " at lines 4 and 9"; the first ones of many."""
    if not lines:
        return ""
    shown = [str(line) for line in lines[:LINES_SHOWN]]
    if len(lines) > LINES_SHOWN:
        shown.append("others")
    if len(shown) == 1:
        return f" at line {shown[0]}"
    return f" at lines {', '.join(shown[:-1])} and {shown[-1]}"


def _verb(exit: Exit) -> str:
    where = f" at line {exit.line}" if exit.line is not None else ""
    if exit.how == "resume":
        return "resumes"
    if exit.how == "suspend":
        return f"is suspended{where}"
    if exit.how == "raise":
        # Python 3.11 does not tell a profiler which exception leaves a call.
        return f"raises {exit.value or 'an exception'}{where}"
    return f"returns{where}" if where else "is taken by the server"
