"""The terminal: a view as a tree, with a line wherever control comes to another lane."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from textwrap import wrap
from typing import TextIO

from ..trace import Lane, Message
from .view import Arrival, Fold, Row, Step, View, short
from .words import cause, counted, plain, plural

WIDTH = 80
"""How wide a pipe is."""

RESET, BOLD, DIM = "\033[0m", "\033[1m", "\033[2m"
COLOURS = {
    "loop": "\033[34m",
    "reactor": "\033[34m",
    "task": "\033[36m",
    "thread": "\033[33m",
}
EVENT = "\033[35m"


def show(view: View, stream: TextIO) -> None:
    """Writes a view to a stream: with colours and as wide as the terminal if it is
    one and `NO_COLOR` is not set, plain if it is a pipe or a file."""
    terminal = stream.isatty()
    width = shutil.get_terminal_size().columns if terminal else WIDTH
    colour = terminal and not os.environ.get("NO_COLOR")
    stream.write(text(view, width, colour))


def text(view: View, width: int = WIDTH, colour: bool = False) -> str:
    """A view as lines of text.

    Args:
        view: what to show.
        width: how many characters fit in a line; longer names are shortened.
        colour: whether to colour the lanes, with ANSI's codes.
    """
    lines = _Lines(view, width, colour).lines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Lines:
    def __init__(self, view: View, width: int, colour: bool) -> None:
        self.view = view
        self.width = width
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
        room = self.width - len(number)
        name = self.fitting(self.view.name(row), room)
        beside = self.beside(row)
        gap = room - len(name) - len(beside)
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
            if row.event.depth is not None:
                return f"{row.event.depth} queued"
            return "no queue" if row.event.direction == "receive" else ""
        function = self.view.trace.function(row.event)
        return f"{function.file}:{function.line}"

    def fitting(self, name: str, room: int) -> str:
        """The name, as whole as there is room for."""
        if len(name) <= room:
            return name
        brief = short(name)
        return brief if len(brief) <= room else brief[: max(room - 1, 0)] + "…"

    def cut(self, words: str) -> str:
        if len(words) <= self.width:
            return words
        return words[: self.width - 1] + "…"

    def painted(self, paint: str, words: str) -> str:
        return f"{paint}{words}{RESET}" if self.colour and words else words
