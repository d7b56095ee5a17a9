"""What the pages of a book print of a program, so that each line stands in one chapter.

A fence `source NAME` prints a piece of source.  A fence `source NAME parts=rest` prints
what no other chapter does: each piece that stands elsewhere becomes one line that says
where.  `parts=quote` shows a piece again, for those who have not read its chapter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import WalkthroughError
from ..pages.markdown import options_of
from ..pages.pages import Pages
from ..source_locator import Target, find


@dataclass(frozen=True)
class Printed:
    """A piece of source on a page.

    Args:
        page: path of the page below the book's folder, "words.md".
        title: the page's first heading.
        target: the piece.
        rest: whether only what stands nowhere else is printed of it.
    """

    page: str
    title: str
    target: Target
    rest: bool


class Book:
    """What pages print.

    Args:
        pages: the pages.
    """

    def __init__(self, pages: Pages) -> None:
        self.pieces = tuple(_pieces(pages))
        self.order = pages.order
        self.titles = pages.titles

    def rest(self, target: Target) -> str:
        """Return the source of a target without the pieces that are printed apart."""
        lines: list[str | None] = [*target.source.splitlines()]
        for piece in self.pieces:
            if not piece.rest and _within(piece.target, target):
                first, *others = (n - target.first_line for n in _lines(piece.target))
                lines[first] = _note(lines[first] or "", piece)
                for number in others:
                    lines[number] = None
        return "".join(f"{line}\n" for line in lines if line is not None)

    def pages(self, file: Path) -> dict[int, set[str]]:
        """Line of a file -> the pages that print it."""
        found: dict[int, set[str]] = {}
        whole = [p for p in self.pieces if not p.rest and p.target.file == file]
        for piece in whole:
            for line in _lines(piece.target):
                found.setdefault(line, set()).add(piece.page)
        for piece in self.pieces:
            if piece.rest and piece.target.file == file:
                own = set(_lines(piece.target)) - {
                    line for each in whole for line in _lines(each.target)
                }
                for line in own:
                    found.setdefault(line, set()).add(piece.page)
        return found


@lru_cache(maxsize=2)
def book_of(pages: Pages) -> Book:
    """Give what pages print, found once for the same pages."""
    return Book(pages)


def _pieces(pages: Pages) -> Iterator[Printed]:
    for page, fence in pages.of_language("source"):
        if fence.arguments:
            try:
                target = find(fence.arguments[0])
            except WalkthroughError:
                continue  # the page's own test says so, with its line
            parts = options_of(fence).get("parts")
            if parts != "quote":
                yield Printed(page, pages.titles[page], target, parts == "rest")


def _within(inner: Target, outer: Target) -> bool:
    return (
        inner.file == outer.file
        and outer.first_line <= inner.first_line
        and inner.last_line <= outer.last_line
    )


def _lines(target: Target) -> range:
    return range(target.first_line, target.last_line + 1)


def _note(line: str, piece: Printed) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return f"{indent}# {piece.target.qualname}: see “{piece.title}”"
