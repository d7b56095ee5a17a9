"""The terminal: a view as a tree, with a line wherever control comes to another lane."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from textwrap import wrap
from typing import TextIO

from ..trace import Lane, Message
from .sentences import cause, counted, often, plain, plural, status
from .view import Arrival, Fold, Row, Step, View, short

WIDTH = 80
"""Where the right edge is if it is not known how wide a line may be."""

RESET, BOLD, DIM = "\033[0m", "\033[1m", "\033[2m"
COLOURS = {
    "loop": "\033[34m",
    "reactor": "\033[34m",
    "task": "\033[36m",
    "thread": "\033[33m",
}
EVENT = "\033[35m"


def show(view: View, stream: TextIO) -> None:
    """Writes a view to a stream: with colours and cut to the width of the terminal if it
    is one, plain and whole if it is a pipe or a file.  `COLUMNS` sets the width, and
    `NO_COLOR` takes the colours away."""
    terminal = stream.isatty()
    colour = terminal and not os.environ.get("NO_COLOR")
    stream.write(text(view, columns(stream), colour, cut=terminal))


def columns(stream: TextIO) -> int:
    """How wide a stream is: as `COLUMNS` says, or the terminal, or else `WIDTH`."""
    if stream.isatty():
        return shutil.get_terminal_size((WIDTH, 24)).columns
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdecimal() and int(said) > 0 else WIDTH


def text(
    view: View, width: int = WIDTH, colour: bool = False, cut: bool = False
) -> str:
    """A view as lines of text.

    Args:
        view: what to show.
        width: where the right edge is.
        colour: whether to colour the lanes, with ANSI's codes.
        cut: whether what is too long for a line is shortened, as on a terminal.
    """
    lines = _Lines(view, width, colour, cut).lines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Lines:
    def __init__(self, view: View, width: int, colour: bool, short: bool) -> None:
        self.view = view
        self.width = width
        self.short = short
        self.colour = colour
        self.digits = len(str(len(view.steps)))

    def lines(self) -> Iterator[str]:
        header = self.view.trace.header
        steps = plural(len(self.view.steps), "step")
        lanes = plural(len(self.view.lanes), "lane")
        title = f"{header.scenario} on {header.server}: {steps} in {lanes}"
        yield self.painted(BOLD, self.cut(title))
        for warning in header.warnings:
            yield from wrap(f"Note: {warning}", self.width)
        rows = self.view.rows
        if rows and not isinstance(rows[0], Arrival):
            yield self.lane_line(self.view.lane(rows[0]), "")
        for row in rows:
            yield self.line(row)

    def line(self, row: Row) -> str:
        if isinstance(row, Arrival):
            why = plain(cause(self.view, row))
            return self.lane_line(self.view.lane(row), why)
        # What is deeper than that would leave no room for names.
        guides = "│ " * min(row.depth, self.width // 6)
        if isinstance(row, Fold):
            return self.painted(
                DIM, self.cut(f"{'':{self.digits}}  {guides}… {counted(row.events)}")
            )
        number = f"{row.number:{self.digits}}  {guides}"
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
        """What stands at the right edge, if there is room."""
        if isinstance(row.event, Message):
            return ", ".join(filter(None, (status(row.event), self.queue(row.event))))
        function = self.view.trace.function(row.event)
        return f"{function.file}:{function.line}"

    def queue(self, event: Message) -> str:
        if event.depth is not None:
            return f"{event.depth} queued"
        return "no queue" if event.direction == "receive" else ""

    def fitting(self, name: str, room: int) -> str:
        """The name, as whole as there is room for."""
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
