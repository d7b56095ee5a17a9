"""Where a fence is: its page, what comes above it there, and what it may link to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..book.printed import Book, book_of
from ..book.stage_names import Names
from ..errors import ListingError, Mismatch, WalkthroughError
from ..pages.markdown import Fence
from ..pages.pages import Pages

Link = Callable[[str], str]
"""Path of a page below the folder of all -> its address, as seen from here."""


@dataclass(frozen=True)
class Place:
    """Where a fence is.

    Args:
        page: path of its page below the folder of all, "answers/upload.md"; "" for a
            text that is not one of the pages.
        pages: all pages.
        above: the fences above it on the page.
        shown: the page as an author would name it, "docs/answers/upload.md".
        skipped: lines of the page above the text that the fence counts its lines in.
        link: makes the addresses of other pages.
        names: the stages of the book, and the pages that tell where they run.
    """

    page: str
    pages: Pages
    above: tuple[Fence, ...] = ()
    shown: str = ""
    skipped: int = 0
    link: Link = str
    names: Names = field(default_factory=Names)

    @property
    def folder(self) -> Path:
        """The folder of all pages."""
        return self.pages.folder

    @cached_property
    def book(self) -> Book:
        """What the pages print."""
        return book_of(self.pages)

    def where(self, name: str) -> str:
        """Give the address of the place that tells where a stage runs; "" for none."""
        home = self.names.home(name)
        return f"{self.link(home)}#{name}" if home else ""

    def occurrence(self, fence: Fence) -> int:
        """Count the fences of the same recording on the page up to this one, from 1."""
        which = {name: fence.options.get(name) for name in ("scenario", "server")}
        same = (
            each.language == fence.language and which.items() <= each.options.items()
            for each in self.above
        )
        return sum(same) + 1

    def blame(self, error: WalkthroughError, fence: Fence) -> str:
        """Say what is wrong with a fence, with the page and the line to look at."""
        line = fence.line
        if isinstance(error, ListingError | Mismatch):
            line += error.line
        details = f"\n{error.details}" if isinstance(error, Mismatch) else ""
        return self.at(line, f"{error}{details}")

    def at(self, line: int, message: str) -> str:
        """Put the page and a line of its text before a message."""
        return f"{self.shown or self.page}:{line + self.skipped}: {message}"
