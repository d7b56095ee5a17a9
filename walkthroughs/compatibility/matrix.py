"""The matrix of versions: in the terminal, and as a page of the book."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ..render.sentences import plural

PACKAGES = ("Python", "Daphne", "Twisted", "Autobahn", "Django", "Channels")

HEAD = """\
---
description: On which versions of Daphne, Twisted, Autobahn, Django and Python the book's listings hold, and the first line that differs where they do not.
search:
  boost: 0.00001
---

# Which versions it holds on

Every listing in this book holds on Django 5.2 and on Django 6.1: the tests of the book see
to that. This page says on which other versions the listings of Daphne hold. It is written by
`walkthroughs drift`. That command makes an environment for each version of Daphne, records
the book's scenarios there, and holds each listing against the recording. Where a listing has
variants, the one for the Django at hand counts; if there is none, the first one does.

Each Daphne is tried twice. *Newest* means the newest of everything else that the
installer chooses for it. *Oldest* means the first year of Twisted and Autobahn that can
be installed and imported with it on that Python, with Django 4.2 and Channels 4.0.
"""


@dataclass(frozen=True)
class Cell:
    """One listing in one environment.

    Args:
        place: path of the page.
        line: the first line that differs; that of the listing if it holds.
        scenario: what was recorded.
        words: what differs, nothing if the listing holds.
        title: of the listing: its page, and the heading above it.
        link: path of the page below the folder of all.
    """

    place: str
    line: int
    scenario: str
    words: str = ""
    title: str = ""
    link: str = ""

    @property
    def linked(self) -> str:
        """The title, as a link from a page one folder down."""
        return f"[{self.title}](../{self.link})"


@dataclass(frozen=True)
class Row:
    """One environment.

    Args:
        daphne: the version of Daphne that was wanted.
        age: "oldest" or "newest".
        versions: package in lower case -> version; empty if it could not be made.
        cells: the listings, in the order of the pages.
        problem: why it could not be made.
    """

    daphne: str
    age: str
    versions: Mapping[str, str]
    cells: tuple[Cell, ...]
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether every listing does."""
        return not self.problem and not self.red

    @property
    def red(self) -> tuple[Cell, ...]:
        """The listings that do not hold."""
        return tuple(cell for cell in self.cells if cell.words)

    @property
    def title(self) -> str:
        """What was tried, in words."""
        python = self.versions.get("python")
        return f"Daphne {self.daphne}, {self.age}" + (
            f", Python {python}" if python else ""
        )

    @property
    def verdict(self) -> str:
        """How many listings hold, in words."""
        if self.problem:
            return "cannot be installed"
        held = len(self.cells) - len(self.red)
        if not self.red:
            return f"all {held} hold"
        return f"{held} of {len(self.cells)} hold"

    @property
    def summary(self) -> str:
        """The row in one line."""
        return f"{self.title}: {self.verdict}"


def text(rows: Sequence[Row]) -> str:
    """Write the matrix for a terminal: a line an environment, a mark a listing."""
    width = max(len(row.summary) for row in rows)
    lines = []
    for row in rows:
        marks = "".join("x" if cell.words else "." for cell in row.cells)
        lines.append(f"{row.summary:{width}}  {marks}")
        lines += [f"    {each}" for each in _differences(row, plain=True)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def page(rows: Sequence[Row], made: date) -> str:
    """Write the page of the book.

    Args:
        rows: the environments.
        made: the day.
    """
    listings = plural(max((len(row.cells) for row in rows), default=0), "listing")
    day = f"{made.day} {made:%B %Y}"
    lines = [
        f"Last run on {day}, on {sys.platform}, with {listings}.",
        "",
        *(_answer(number, row) for number, row in enumerate(rows, start=1)),
        "",
        '??? note "Listing by listing"',
        "",
        "    The columns have the numbers of the combinations above.",
        "",
        *(f"    {line}" for line in _marks(rows)),
        "",
        "## Where they differ",
        "",
        *_all_differences(rows),
    ]
    return f"{HEAD}\n" + "".join(f"{line}\n" for line in lines)


def _answer(number: int, row: Row) -> str:
    """Say what holds on one combination, in a sentence."""
    known = {"daphne": row.daphne, **row.versions}
    what = ", ".join(
        f"{name} {known[name.lower()]}" for name in PACKAGES if name.lower() in known
    )
    if row.problem:
        return f"{number}. {what}: cannot be installed together."
    if not row.red:
        return f"{number}. {what}: every listing holds."
    return f"{number}. {what}: {row.verdict}."


def _marks(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line a listing, a column an environment."""
    numbers = " | ".join(str(number) for number in range(1, len(rows) + 1))
    yield f"| Listing | {numbers} |"
    yield f"| --- |{' :-: |' * len(rows)}"
    longest = max((row.cells for row in rows), key=len, default=())
    for at, cell in enumerate(longest):
        marks = " | ".join(_mark(row, at) for row in rows)
        yield f"| {cell.linked} | {marks} |"


def _mark(row: Row, at: int) -> str:
    if not row.cells:
        return "-"
    return "differs" if row.cells[at].words else "holds"


def _all_differences(rows: Sequence[Row]) -> Iterator[str]:
    """Say what differs, once for all environments in which the same does."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for number, row in enumerate(rows, start=1):
        if not row.holds:
            differences = tuple(_differences(row, plain=False))
            alike.setdefault(differences, []).append(f"{number}: {row.title}")
    if not alike:
        yield "Nowhere."
    for differences, titles in alike.items():
        if differences is not next(iter(alike)):
            yield ""
        yield f"In {'; in '.join(titles)}:"
        yield ""
        yield from (f"* {each}" for each in differences)


def _differences(row: Row, plain: bool) -> Iterator[str]:
    """Yield the first line that differs in each red cell."""
    if row.problem:
        yield row.problem if plain else f"It cannot be installed: `{row.problem}`"
    for cell in row.red:
        where = f"{cell.place}:{cell.line}"
        if plain:
            yield f"{where} ({cell.scenario}): {cell.words}"
        else:
            yield f"{cell.linked} (`{cell.scenario}`): `{cell.words}`"
