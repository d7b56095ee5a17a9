"""The trace: what one recording saw, as frozen data that goes to JSON and back.

Everything that the site shows, the tests check and the JSON holds is this one
object.  Its invariants:

* events are numbered from 0 in the order seen, and refer to each other by number;
* a coroutine or generator is *one* `Call`, with a `suspend` and a `resume` for
  each time it stepped aside, and at most one `return` or `raise`;
* a `send` `Message` is open until its `return`, as a call is: what the server does
  with the message runs inside it;
* a lane is where code runs: the callbacks of a loop, an asyncio task, a thread;
* a `Hop` says why a lane began to run: who scheduled it, and how.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, ClassVar, Literal

from .errors import TraceError

SCHEMA = 1
"""The version of the JSON form; it changes when a reader of the old form would err."""

LaneKind = Literal["loop", "reactor", "task", "thread"]


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution whose code the recording could see: name, version, licence."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True, slots=True)
class Header:
    """What was recorded, and on what.

    Args:
        scenario: name of the walkthrough.
        server: name of the server that ran it.
        focus: the patterns that chose the calls, see `walkthroughs.focus.Focus`.
        python: version of the interpreter, "3.11.7".
        source: the source of events, "sys.monitoring" or "sys.setprofile".
        packages: the packages in focus, sorted by name.
        dropped: events left out because the recording was full.
        own: dotted names of the application's own modules and packages.
        framework: dotted names of what the application is built on.
        listening: number of the first event after the server began to listen.
        warnings: what the recording could not see, a sentence each.
        schema: version of the JSON form.
    """

    scenario: str
    server: str
    focus: tuple[str, ...]
    python: str
    source: str
    packages: tuple[Package, ...] = ()
    dropped: int = 0
    own: tuple[str, ...] = ()
    framework: tuple[str, ...] = ()
    listening: int = 0
    warnings: tuple[str, ...] = ()
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Lane:
    """A place where code runs: `reactor`, `task: application`, `thread: executor`."""

    kind: LaneKind
    name: str = ""

    @property
    def label(self) -> str:
        """The words after `---` in a listing."""
        return f"{self.kind}: {self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class Function:
    """A function as it stands in its source.

    Args:
        module: dotted module name.
        qualname: name within the module, "Server.run".
        file: path of the source below the folder it was imported from,
            "daphne/server.py".
        line: its first line, decorators included.
    """

    module: str
    qualname: str
    file: str
    line: int

    @property
    def name(self) -> str:
        """Dotted name; a class for its construction."""
        return f"{self.module}.{self.qualname}".removesuffix(".__init__")


@dataclass(frozen=True, slots=True)
class Event:
    """What all events have: number, nanoseconds since the start, number of the lane."""

    kind: ClassVar[str]
    seq: int
    time: int
    lane: int


@dataclass(frozen=True, slots=True)
class Call(Event):
    """One call of a function in focus.

    Args:
        function: number of the function in `Trace.functions`.
        receiver: dotted class of the object it was called on, None for a plain
            function.
        parent: number of the innermost event (call, or message being sent) still open
            in the same lane, None at the lane's bottom.
        depth: how many are open above it.
        line: line that the parent has reached, None without a parent call.
        args: (name, short repr) of each argument that the scenario watches.
        direct: whether the parent itself made the call; False if what made it was not
            recorded and only runs inside the parent.
        own: whether it is the reader's own code, or inherited by a class of theirs.
    """

    kind: ClassVar[str] = "call"
    function: int
    receiver: str | None = None
    parent: int | None = None
    depth: int = 0
    line: int | None = None
    args: tuple[tuple[str, str], ...] = ()
    direct: bool = True
    own: bool = False


@dataclass(frozen=True, slots=True)
class Exit(Event):
    """A call stops running, for good or to come back later.

    For good is `return` or `raise`; `suspend` is undone by `resume`.

    Args:
        how: "return", "raise", "suspend" or "resume".
        call: number of the call.
        line: the line reached.
        value: name of the exception's class for "raise", None where it is not known (by
            `sys.setprofile`); else None.
    """

    kind: ClassVar[str] = "exit"
    how: Literal["return", "raise", "suspend", "resume"]
    call: int
    line: int | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Message(Event):
    """An ASGI event that the application receives or sends.

    Args:
        direction: "receive" (server to application) or "send".
        type: the event's type, "http.request".
        summary: (key, short text) of what it carries; no header values, no bodies.
        depth: how many events wait in the connection's input queue behind this one;
            None where the server has no such queue.
        waited: nanoseconds between the application asking and having it (receive).
        parent: number of the innermost open call in the lane.
    """

    kind: ClassVar[str] = "message"
    own: ClassVar[bool] = False
    direction: Literal["receive", "send"]
    type: str
    summary: tuple[tuple[str, str], ...] = ()
    depth: int | None = None
    waited: int = 0
    parent: int | None = None

    @property
    def name(self) -> str:
        """The line of a listing that matches it."""
        arrow = "->" if self.direction == "receive" else "<-"
        return f"{self.direction} {arrow} {self.type}"


@dataclass(frozen=True, slots=True)
class Hop(Event):
    """Control arrives in `lane`, because something scheduled it.

    Args:
        how: "create_task", "wake", "call_soon", "call_later", "io" (the loop found a
            file descriptor ready), "thread", "executor", "return" (a task that was
            begun at once, within the call that made it, stepped aside); of Twisted
            "call_from_thread" and "deferred" (somebody fired a Deferred).
        origin_lane: number of the lane that scheduled it, None for "io".  Callbacks
            that left no event are passed over, for what had led to them; a task or a
            thread is named even if it has no event.
        origin: number of the innermost call open there at that moment, or None.
        scheduled: when that was, in nanoseconds since the start of the recording; None
            for "io" and "return".  Of "call_later", when the timer was set.
        began: when the callback or piece of work began that this hop is in, in
            nanoseconds; the hop's own time is that of the first event in it.
        thread: number of the thread that runs it: equal for lanes that share one.
    """

    kind: ClassVar[str] = "hop"
    how: str
    origin_lane: int | None = None
    origin: int | None = None
    scheduled: int | None = None
    began: int | None = None
    thread: int | None = None


EVENTS: Mapping[str, type[Event]] = {
    cls.kind: cls for cls in (Call, Exit, Message, Hop)
}


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
        try:
            head, events = _parts(text)
            schema = head["header"]["schema"]
            if schema != SCHEMA:
                raise TraceError(
                    f"the trace has schema {schema}, this version reads {SCHEMA}: "
                    "record it again"
                )
            with _no_collection():
                return cls(
                    header=_read_header(head["header"]),
                    lanes=tuple(Lane(**lane) for lane in head["lanes"]),
                    functions=tuple(Function(**each) for each in head["functions"]),
                    events=tuple(map(_read_event, events)),
                )
        except (
            AttributeError,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            raise TraceError(f"this is not a trace: {error!r}") from error


_FIELDS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(cls)) for kind, cls in EVENTS.items()
}

_EVENTS = ', "events": [\n'
"""What stands between the head of a trace and its events, one a line."""

_END = "\n]}\n"


def json_lines(
    header: Header,
    lanes: Sequence[Lane],
    functions: Sequence[Function],
    events: Iterator[Event],
) -> Iterator[str]:
    """Yield the JSON text of a trace piece by piece, one event a line."""
    head = {
        "header": asdict(header),
        "lanes": [asdict(lane) for lane in lanes],
        "functions": [asdict(function) for function in functions],
    }
    yield f"{json.dumps(head)[:-1]}{_EVENTS}"
    between = ""
    while some := [_written(event) for event in islice(events, TOGETHER)]:
        # No text in them has this: there, the quotation mark would be escaped.
        lines = json.dumps(some)[1:-1].replace('}, {"kind"', '},\n{"kind"')
        yield between + lines
        between = ",\n"
    yield _END


TOGETHER = 500
"""How many events are written at once: fewer take longer, more take more memory."""

_VALUES: Mapping[str, tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]] = {
    kind: (("kind", *_FIELDS[kind]), attrgetter("kind", *_FIELDS[kind]))
    for kind in EVENTS
}


def _written(event: Event) -> dict[str, Any]:
    # Not `asdict`, which copies every value and takes many times as long.
    names, values = _VALUES[event.kind]
    return dict(zip(names, values(event), strict=True))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let Python look for no garbage while there is none, only ever more objects."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _parts(text: str) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return a trace's head, and its events, one at a time."""
    start = text.find(_EVENTS)
    if start >= 0 and text.endswith(_END):
        return json.loads(f"{text[:start]}}}"), _lines(text, start + len(_EVENTS))
    data = json.loads(text)
    return data, _listed(data)


def _listed(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # Only once the head has been read: it is what a stranger's file is judged by.
    yield from data["events"]


def _lines(text: str, at: int) -> Iterator[dict[str, Any]]:
    end = len(text) - len(_END)
    while at < end:
        after = text.find("\n", at + CHARACTERS, end)
        after = after if after >= 0 else end
        yield from json.loads(f"[{text[at:after].removesuffix(',')}]")
        at = after + 1


CHARACTERS = 100_000
"""How much text is read at once: less takes longer, more takes more memory."""


def _read_header(data: dict[str, Any]) -> Header:
    packages = tuple(Package(**package) for package in data["packages"])
    texts = {
        name: tuple(data.get(name, ()))
        for name in ("focus", "own", "framework", "warnings")
    }
    return Header(**{**data, **texts, "packages": packages})


_READ: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    kind: itemgetter(*names) for kind, names in _FIELDS.items()
}

_PAIRS: Mapping[str, str] = {"call": "args", "message": "summary"}
"""Kind of event -> the field of it that holds pairs, which JSON has as lists."""


def _read_event(data: dict[str, Any]) -> Event:
    kind = data["kind"]
    cls, pairs = EVENTS[kind], _PAIRS.get(kind)
    if pairs in data:
        data[pairs] = tuple((name, text) for name, text in data[pairs])
    try:
        # By place, which takes a third of the time that names do.
        return cls(*_READ[kind](data))
    except KeyError:  # what is left out has a default
        return cls(**{key: data[key] for key in _FIELDS[kind] if key in data})
