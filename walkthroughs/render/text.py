"""The terminal: a view as a tree, with a line wherever control comes to another lane.

An overview opens with the reader's own calls, and takes the server's start-up as one line.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import TextIO

from ..trace import Lane, Message
from .sentences import cause, counted, often, plain, plural, status
from .view import Arrival, Fold, Row, Step, View, short
from .waiting import Waiting

WIDTH = 80
"""Where the right edge is if it is not known how wide a line may be."""

OWN_CALLS = 20
"""How many of the reader's own calls stand above the path of an overview."""

RESET, BOLD, DIM = "\033[0m", "\033[1m", "\033[2m"
COLOURS = {
    "loop": "\033[34m",
    "reactor": "\033[34m",
    "task": "\033[36m",
    "thread": "\033[33m",
}
EVENT = "\033[35m"


def show(
    view: View, stream: TextIO, overview: bool = False, times: bool = False
) -> None:
    """Write a view to a stream, as fits a terminal, a pipe or a file.

    It has colours and is cut to the width of the terminal if it is one, and is plain
    and whole if not. `COLUMNS` sets the width, and `NO_COLOR` takes the colours away.

    Args:
        view: what to show.
        stream: where to.
        overview: see `text`.
        times: see `text`.
    """
    terminal = stream.isatty()
    colour = terminal and not os.environ.get("NO_COLOR")
    stream.write(text(view, columns(stream), colour, terminal, overview, times))


def columns(stream: TextIO) -> int:
    """How wide a stream is: as `COLUMNS` says, or the terminal, or else `WIDTH`."""
    if stream.isatty():
        return shutil.get_terminal_size((WIDTH, 24)).columns
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdecimal() and int(said) > 0 else WIDTH


def text(
    view: View,
    width: int = WIDTH,
    colour: bool = False,
    cut: bool = False,
    overview: bool = False,
    times: bool = False,
) -> str:
    """Return a view as lines of text.

    Args:
        view: what to show.
        width: where the right edge is.
        colour: whether to colour the lanes, with ANSI's codes.
        cut: whether what is too long for a line is shortened, as on a terminal.
        overview: whether the reader's own calls come first, and the steps before the
            server listens are one line.
        times: whether what waited says for how long, and why.
    """
    lines = _Lines(view, width, colour, cut, times).lines(overview)
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Lines:
    def __init__(
        self, view: View, width: int, colour: bool, short: bool, times: bool
    ) -> None:
        self.view = view
        self.waiting = Waiting(view) if times else None
        self.width = width
        self.short = short
        self.colour = colour
        self.digits = len(str(len(view.steps)))

    def lines(self, overview: bool) -> Iterator[str]:
        header = self.view.trace.header
        steps = plural(len(self.view.steps), "step")
        lanes = plural(len(self.view.lanes), "lane")
        title = f"{header.scenario} on {header.server}: {steps} in {lanes}"
        yield self.painted(BOLD, self.cut(title))
        for warning in header.warnings:
            yield from wrap(f"Note: {warning}", self.width)
        rows: Sequence[Row] = self.view.rows
        if overview:
            yield from self.own_calls()
            rows = self.since_start_up()
            left = sum(step.seq < header.listening for step in self.view.steps)
            if left:
                yield self.left_out(_start_up(left))
        if rows and not isinstance(rows[0], Arrival):
            yield self.lane_line(self.view.lane(rows[0]), "")
        for row in rows:
            yield self.line(row)
            if self.waiting is not None and isinstance(row, Step):
                yield from self.waited(plain(self.waiting.step(row)), row.depth + 1)

    def own_calls(self) -> Iterator[str]:
        """Yield the reader's own calls, with their numbers in the path below."""
        trace, depths = self.view.trace, self.own_depths()
        if not depths:
            # An application whose code is nobody's own has nothing to miss.
            if trace.header.own and not any(step.own for step in trace.steps):
                yield self.painted(BOLD, "None of your own code was recorded.")
            return
        # What ran before the server listened is the last to be asked for.
        start_up = trace.header.listening
        first = sorted(depths, key=lambda step: step.seq < start_up)[:OWN_CALLS]
        yield self.painted(BOLD, "Your own code:")
        for step in sorted(first, key=lambda step: step.number):
            yield self.step(step, depths[step])
        if left := len(depths) - len(first):
            yield self.left_out(f"{plural(left, 'more call')} of it below")
        yield self.painted(BOLD, "The whole path:")

    def own_depths(self) -> Mapping[Step, int]:
        """Each shown call of the reader's own code -> how many of them it runs inside of."""
        depths: dict[Step, int] = {}
        for step in self.view.steps:
            if step.event.own:
                above = self.own_above(step)
                depths[step] = 0 if above is None else depths[above] + 1
        return depths

    def own_above(self, step: Step) -> Step | None:
        """Return the innermost shown own call that a step runs inside of."""
        parent = step.parent
        while parent is not None:
            above = self.view.steps[parent - 1]
            if above.event.own:
                return above
            parent = above.parent
        return None

    def since_start_up(self) -> list[Row]:
        """Yield the rows from when the server listens on, and what a fold has then."""
        start = self.view.trace.header.listening
        rows: list[Row] = []
        for row in self.view.rows:
            if isinstance(row, Fold) and row.seq < start:
                events = tuple(event for event in row.events if event.seq >= start)
                if not events:
                    continue
                row = replace(row, lane=events[0].lane, events=events)
            elif row.seq < start:
                continue
            rows.append(row)
        return rows

    def line(self, row: Row) -> str:
        if isinstance(row, Arrival):
            why = plain(cause(self.view, row))
            if self.waiting is not None:
                waited = plain(self.waiting.arrival(row)).removesuffix(".")
                waited = f"{waited[:1].lower()}{waited[1:]}"
                why = "; ".join(filter(None, (why, waited)))
            return self.lane_line(self.view.lane(row), why)
        if isinstance(row, Fold):
            return self.left_out(counted(row.events), row.depth)
        return self.step(row, row.depth)

    def waited(self, why: str, depth: int) -> Iterator[str]:
        if why:
            guides = self.guides(depth)
            yield self.painted(DIM, self.cut(f"{'':{self.digits}}  {guides}# {why}"))

    def left_out(self, words: str, depth: int = 0) -> str:
        return self.painted(
            DIM, self.cut(f"{'':{self.digits}}  {self.guides(depth)}… {words}")
        )

    def guides(self, depth: int) -> str:
        # What is deeper than that would leave no room for names.
        return "│ " * min(depth, self.width // 6)

    def step(self, row: Step, depth: int) -> str:
        number = f"{row.number:{self.digits}}  {self.guides(depth)}"
        times = often(self.view.times.get(row.seq, 1))
        times = f" {times}" if times else ""
        room = self.width - len(number) - len(times)
        name = self.fitting(self.view.name(row), room) + times
        beside = self.beside(row)
        gap = room + len(times) - len(name) - len(beside)
        if not self.short:
            gap = max(gap, 2)
        beside = f"{'':{gap}}{beside}" if beside and gap > 1 else ""
        number, beside = self.painted(DIM, number), self.painted(DIM, beside)
        return f"{number}{self.painted(self.paint(row), name)}{beside}"

    def lane_line(self, lane: Lane, why: str) -> str:
        words = self.cut(f"--- {lane.label}" + (f"  # {why}" if why else ""))
        return self.painted(COLOURS[lane.kind], words)

    def paint(self, row: Step) -> str:
        if isinstance(row.event, Message):
            return EVENT
        return COLOURS[self.view.lane(row).kind]

    def beside(self, row: Step) -> str:
        """Return what stands at the right edge, if there is room."""
        if isinstance(row.event, Message):
            return ", ".join(filter(None, (status(row.event), self.queue(row.event))))
        function = self.view.trace.function(row.event)
        return f"{function.file}:{function.line}"

    def queue(self, event: Message) -> str:
        if event.depth is not None:
            return f"{event.depth} queued"
        return "no queue" if event.direction == "receive" else ""

    def fitting(self, name: str, room: int) -> str:
        """Return the name, as whole as there is room for."""
        if len(name) <= room or not self.short:
            return name
        brief = short(name)
        return brief if len(brief) <= room else brief[: max(room - 1, 0)] + "…"

    def cut(self, words: str) -> str:
        if len(words) <= self.width or not self.short:
            return words
        return words[: self.width - 1] + "…"

    def painted(self, paint: str, words: str) -> str:
        return f"{paint}{words}{RESET}" if self.colour and words else words


def _start_up(steps: int) -> str:
    return f"{plural(steps, 'step')} while the server started (--start-up shows them)"
