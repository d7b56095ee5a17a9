"""Traces made by hand, with what the renderers have to cope with."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from walkthroughs.render.view import ListedLine, View
from walkthroughs.trace import (
    Call,
    Event,
    Exit,
    Function,
    Header,
    Hop,
    Lane,
    Message,
    Package,
    Trace,
)

PACKAGES = (Package("Made-Up", "1.2", "MIT"),)

LANES = (Lane("reactor"), Lane("task", "application"), Lane("thread", "executor"))
REACTOR, TASK, THREAD = range(3)


class Scene:
    """Writes a trace event by event; keeps the stacks, so that a test need not."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.functions: list[Function] = []
        self.stacks: dict[int, list[int]] = {REACTOR: [], TASK: [], THREAD: []}

    def call(
        self,
        name: str,
        lane: int,
        line: int | None = None,
        args: tuple[tuple[str, str], ...] = (),
    ) -> int:
        stack = self.stacks[lane]
        parent = stack[-1] if stack else None
        call = Call(
            *self._place(lane),
            function=self._function(name),
            parent=parent,
            depth=len(stack),
            line=line,
            args=args,
        )
        self.events.append(call)
        stack.append(call.seq)
        return call.seq

    def exit(
        self,
        call: int,
        how: Literal["return", "raise", "suspend", "resume"],
        line: int | None = None,
        value: str | None = None,
    ) -> None:
        lane = self.events[call].lane
        exit = Exit(*self._place(lane), how=how, call=call, line=line, value=value)
        self.events.append(exit)
        if how == "resume":
            self.stacks[lane].append(call)
        else:
            self.stacks[lane].remove(call)

    def hop(
        self,
        how: str,
        lane: int,
        origin_lane: int | None,
        origin: int | None,
        **when: int,
    ) -> int:
        place = self._place(lane)
        hop = Hop(*place, how=how, origin_lane=origin_lane, origin=origin, **when)
        self.events.append(hop)
        return hop.seq

    def message(
        self,
        direction: Literal["receive", "send"],
        type: str,
        depth: int | None,
        lane: int = TASK,
        waited: int = 0,
    ) -> int:
        parent = self.stacks[lane][-1] if self.stacks[lane] else None
        message = Message(
            *self._place(lane),
            direction=direction,
            type=type,
            summary=(("body", "2 bytes"),),
            depth=depth,
            waited=waited,
            parent=parent,
        )
        self.events.append(message)
        if direction == "send":
            self.stacks[lane].append(message.seq)
        return message.seq

    def trace(self) -> Trace:
        header = Header("made", "none", ("made",), "3.11.7", "by hand", PACKAGES)
        return Trace(header, LANES, tuple(self.functions), tuple(self.events))

    def _place(self, lane: int) -> tuple[int, int, int]:
        seq = len(self.events)
        return seq, seq * 1000, lane

    def _function(self, name: str) -> int:
        module, _, qualname = name.partition(":")
        file = f"{module.replace('.', '/')}.py"
        function = Function(module, qualname, file, 1)
        if function not in self.functions:
            self.functions.append(function)
        return self.functions.index(function)


def request() -> Trace:
    """A request, from the socket to the application and back.

    The numbers of the steps: read 1, parse 2, process 3, headers 4, create 5,
    application 10, receive 11, thread 16, view 20, send 21, reply 22, write 23.
    """
    s = Scene()
    s.hop("io", REACTOR, None, None)
    read = s.call("made.tcp:Port.read", REACTOR)
    parse = s.call("made.http:Channel.parse", REACTOR, 7)
    process = s.call("made.http:Request.process", REACTOR, 9)
    headers = s.call("made.http:Request.headers", REACTOR, 3)
    create = s.call("made.server:Server.create", REACTOR, 4)
    s.exit(create, "return", 5)
    s.exit(headers, "return", 6)
    s.exit(process, "return", 8)
    s.hop("create_task", TASK, REACTOR, create)
    application = s.call("made.app:App.__call__", TASK, args=(("scope", "{'a': <b>}"),))
    s.message("receive", "http.request", 2)
    s.exit(application, "suspend", 11)
    s.exit(parse, "return", 9)
    s.exit(read, "return", 10)
    s.hop("executor", THREAD, TASK, application)
    thread = s.call("made.sync:work", THREAD)
    s.exit(thread, "raise", 3, "ValueError")
    s.hop("wake", TASK, THREAD, thread)
    s.exit(application, "resume", 11)
    made = s.call("made.views:hello", TASK, 12)
    sent = s.message("send", "http.response.start", 0)
    reply = s.call("made.server:Server.reply", TASK)
    write = s.call("made.tcp:Port.write", TASK, 5)
    s.exit(write, "return", 6)
    s.exit(reply, "return", 7)
    s.exit(sent, "return")
    s.exit(made, "return", 9)
    return s.trace()


SHOWN = (1, 3, 10, 11, 16, 20, 21, 23)


def view(*shown: int) -> View:
    """A view of `request`."""
    return View(request(), shown or SHOWN)


def later(trace: Trace) -> Trace:
    """The same calls at other times."""
    events = tuple(
        replace(event, time=event.time * 7 + 12345) for event in trace.events
    )
    return replace(trace, events=events)


def listed(text: str, seq: int, indent: int = 0, comment: str = "") -> ListedLine:
    return ListedLine("call", text, indent, comment, seq)


LINES = (
    listed("made.tcp.Port.read", 1, comment="all <begins> here"),
    ListedLine("ellipsis", "...", 1, count=1),
    listed("made.http.Request.process", 3, 1),
    ListedLine("ellipsis", "...", 1, count=2),
    ListedLine("blank"),
    ListedLine("lane", "--- task: application"),
    listed("made.app.App.__call__", 10),
    ListedLine("message", "receive -> http.request", 1, seq=11),
)
