"""Makes small traces by hand, for tests that need no server."""

from __future__ import annotations

from collections.abc import Sequence

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

HEADER = Header(
    scenario="made",
    server="none",
    focus=("app",),
    python="3.11.7",
    source="by hand",
    packages=(Package("Made", "1.0", "MIT"),),
)


def trace(story: str) -> Trace:
    """A trace from a picture of it.

    Each line is a call, indented under the one that it runs in: `app.One.run`.  A line
    `app.Base.run @ app.One` is a method of `Base` called on a `One`; with `own` at its
    end, the call is of the reader's own code.  `receive -> type`
    and `send <- type` are messages, with `key=text` for what they carry.  `--- task: x` changes the lane by a hop;
    `=== task: x` changes it with no hop.
    """
    return _Maker().make(story.strip("\n").splitlines())


class _Maker:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lanes: list[Lane] = []
        # Each with its number.
        self.functions: dict[Function, int] = {}
        self.lane = 0
        # For each lane, what is open there: (indent, number).
        self.open: dict[int, list[tuple[int, int]]] = {}

    def make(self, lines: Sequence[str]) -> Trace:
        if not lines[0].startswith(("---", "===")):
            self.to_lane("loop", hop=False)
        for line in lines:
            text = line.strip()
            if text.startswith(("---", "===")):
                self.to_lane(text[3:].strip(), hop=text.startswith("---"))
            else:
                self.step(len(line) - len(line.lstrip()), text)
        for lane in list(self.open):
            self.close(lane, -1)
        return Trace(
            HEADER, tuple(self.lanes), tuple(self.functions), tuple(self.events)
        )

    def to_lane(self, label: str, hop: bool) -> None:
        kind, _, name = label.partition(": ")
        lane = Lane(kind, name)  # type: ignore[arg-type]  # the test says the kind
        if lane not in self.lanes:
            self.lanes.append(lane)
        came_from, self.lane = self.lane, self.lanes.index(lane)
        if hop:
            self.events.append(
                Hop(self.seq, self.seq, self.lane, how="wake", origin_lane=came_from)
            )

    def step(self, indent: int, text: str) -> None:
        self.close(self.lane, indent)
        stack = self.open.setdefault(self.lane, [])
        parent = stack[-1][1] if stack else None
        seq = self.seq
        words = text.split()
        if words[0] in ("receive", "send"):
            self.events.append(
                Message(
                    seq,
                    seq,
                    self.lane,
                    direction=words[0],  # type: ignore[arg-type]  # one of the two
                    type=words[2],
                    summary=tuple(
                        (key, text) for key, _, text in map(_pair, words[3:])
                    ),
                    depth=0,
                    parent=parent,
                )
            )
        else:
            receiver = words[2] if "@" in words else None
            self.events.append(
                Call(
                    seq,
                    seq,
                    self.lane,
                    function=self.function(words[0]),
                    receiver=receiver,
                    parent=parent,
                    depth=len(stack),
                    line=1 if parent is not None else None,
                    own=words[-1] == "own",
                )
            )
        if words[0] != "receive":
            stack.append((indent, seq))

    def close(self, lane: int, indent: int) -> None:
        stack = self.open.get(lane, [])
        while stack and stack[-1][0] >= indent:
            call = stack.pop()[1]
            self.events.append(
                Exit(self.seq, self.seq, lane, how="return", call=call, line=2)
            )

    def function(self, name: str) -> int:
        module, _, rest = name.partition(".")
        function = Function(module, rest, f"{module}.py", 1)
        return self.functions.setdefault(function, len(self.functions))

    @property
    def seq(self) -> int:
        return len(self.events)


def _pair(word: str) -> tuple[str, str, str]:
    return word.partition("=")
