"""What a recording is made of: events, and the lanes and functions that they name.

Their invariants:

* events are numbered from 0 in the order seen, and refer to each other by number;
* a coroutine or generator is *one* `Call`, with a `suspend` and a `resume` for
  each time it stepped aside, and at most one `return` or `raise`;
* a `send` `Message` is open until its `return`, as a call is: what the server does
  with the message runs inside it;
* a lane is where code runs: the callbacks of a loop, an asyncio task, a thread;
* a `Hop` says why a lane began to run: who scheduled it, and how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

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
