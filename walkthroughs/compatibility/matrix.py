"""What holds on which versions: in the terminal, and as a page of the book."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from ..render.sentences import plural
from .releases import Newer

PACKAGES = ("Python", "Daphne", "Twisted", "Autobahn", "Django", "Channels")

HEAD = """\
---
description: On which versions of Django, Daphne, Twisted, Autobahn and Channels the book's listings hold, and what changed in which release.
search:
  boost: 0.00001
---

# Which versions it holds on

**If you run Django 5.2 or Django 6.1, every page holds for you.** The tests of this book check
every listing on both, each with the newest Daphne, Twisted, Autobahn and Channels. Where
the two take different paths, the page has a tab for each.

If you run something older, this page says what is different there. In each combination
below, one package is older and everything else is the newest that can be installed with
it. `walkthroughs drift` installed each combination, recorded the book's scenarios, and
compared the listings of Daphne with those recordings.
"""

ADVICE = ": (put an ellipsis there|take the ellipsis out)$"

HISTORY = """\
## What changed when

For each release, this is the first line of a listing that is different from the release
before it. Listings that are not named did not change. A line that says
`a.call runs in 'task: x', not in 'task: y'` means: the call runs in the task `x` in that
release, and in `y` in the other one.
"""


@dataclass(frozen=True)
class Outcome:
    """One variant of a listing, in one environment.

    Args:
        line: the first line that differs; that of the listing if it holds.
        words: what differs, nothing if it holds.
    """

    line: int
    words: str = ""


@dataclass(frozen=True)
class Cell:
    """One listing in one environment.

    Args:
        place: path of the page.
        scenario: what was recorded.
        title: of the listing: its page, and the heading above it.
        link: path of the page below the folder of all, and the heading's anchor.
        outcomes: of all its variants, in the order of the page.
        speaking: which of them counts in this environment, from 0.
    """

    place: str
    scenario: str
    title: str
    link: str
    outcomes: tuple[Outcome, ...]
    speaking: int = 0

    @property
    def outcome(self) -> Outcome:
        """What became of the variant that counts here."""
        return self.outcomes[self.speaking]

    @property
    def linked(self) -> str:
        """The title, as a link from a page one folder down."""
        return f"[{self.title}](../{self.link})"


@dataclass(frozen=True)
class Row:
    """One environment.

    Args:
        distribution: the one of a given version, in lower case; "" for none.
        prefix: how that version begins.
        versions: package in lower case -> version; empty if it could not be made.
        cells: the listings, in the order of the pages.
        problem: why it could not be made.
    """

    distribution: str
    prefix: str
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
        return tuple(cell for cell in self.cells if cell.outcome.words)

    @property
    def title(self) -> str:
        """What was tried, in words."""
        return f"{self.name} {self.prefix}" if self.distribution else "newest"

    @property
    def heading(self) -> str:
        """What a column is called: that of the newest has its Django, like its neighbours."""
        django = "" if self.distribution else self.version_of("django")
        return f"{self.title} (Django {django})" if django else self.title

    @property
    def name(self) -> str:
        """The name of the distribution, as it is spelt."""
        return next(
            (each for each in PACKAGES if each.lower() == self.distribution),
            self.distribution,
        )

    def version_of(self, distribution: str) -> str:
        """Name a version for a history: as it was asked for, or the release series."""
        if distribution == self.distribution:
            return self.prefix
        return ".".join(self.versions.get(distribution, "").split(".")[:2])

    @property
    def verdict(self) -> str:
        """How many listings hold, in words."""
        if self.problem:
            return "cannot be installed"
        if not self.red:
            return "every listing holds"
        held = len(self.cells) - len(self.red)
        return f"{held} of {plural(len(self.cells), 'listing')} hold"

    @property
    def summary(self) -> str:
        """The row in one line."""
        python = self.versions.get("python")
        return f"{self.title}{f' (Python {python})' if python else ''}: {self.verdict}"


def text(rows: Sequence[Row]) -> str:
    """Write the matrix for a terminal: a line an environment, a mark a listing."""
    width = max(len(row.summary) for row in rows)
    lines = []
    for row in rows:
        marks = "".join("x" if cell.outcome.words else "." for cell in row.cells)
        lines.append(f"{row.summary:{width}}  {marks}")
        if row.problem:
            lines.append(f"    {row.problem}")
        for cell in row.red:
            where = f"{cell.place}:{cell.outcome.line} ({cell.scenario})"
            lines.append(f"    {where}: {cell.outcome.words}")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def page(rows: Sequence[Row], made: date, newer: Sequence[Newer]) -> str:
    """Write the page of the book.

    Args:
        rows: the environments; the first one has the newest of everything.
        made: the day.
        newer: releases that the tests of the book do not run on yet.
    """
    listings = plural(max((len(row.cells) for row in rows), default=0), "listing")
    day = f"{made.day} {made:%B %Y}"
    last = f"Last run on {day}, on {sys.platform}, with {listings} of Daphne."
    lines = [
        f"{last} {_releases(newer)}",
        "",
        *(f"- {_answer(row, rows[0])}" for row in rows),
        "",
        *HISTORY.splitlines(),
        "",
        *_history(rows),
        "",
        '??? note "Listing by listing"',
        "",
        *(f"    {line}" for line in _marks(rows)),
    ]
    return f"{HEAD}\n" + "".join(f"{line}\n" for line in lines)


def _releases(newer: Sequence[Newer]) -> str:
    if not newer:
        return "On that day, no newer release existed than those that the tests run on."
    return f"**Not tested yet:** {'; '.join(map(str, newer))}."


def _answer(row: Row, base: Row) -> str:
    """Say what holds on one combination, in a sentence."""
    if row is base:
        what = ", ".join(_packages(row, PACKAGES))
        start = f"**The newest of everything** ({what})"
    else:
        others = [
            name
            for name in PACKAGES
            if name.lower() != row.distribution
            and row.versions.get(name.lower()) != base.versions.get(name.lower())
        ]
        number = row.versions.get(row.distribution, row.prefix)
        what = ", ".join(_packages(row, others))
        start = f"**{row.name} {number}**{f' ({what})' if what else ''}"
    if row.problem:
        return f"{start}: cannot be installed with anything newer (`{row.problem}`)."
    names = ", ".join(dict.fromkeys(cell.linked for cell in row.red))
    return f"{start}: {row.verdict}{f'. Different: {names}' if names else ''}."


def _packages(row: Row, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name.lower() in row.versions:
            yield f"{name} {row.versions[name.lower()]}"


def _history(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line for each release in which a listing changed, and what changed."""
    found = False
    for older, newer, distribution in _steps(rows):
        lines = [*_changes(older, newer)]
        if not lines:
            continue
        name = next(each for each in PACKAGES if each.lower() == distribution)
        since, before = (each.version_of(distribution) for each in (newer, older))
        yield f"- **{name} {since}**, compared with {before}{_pythons(older, newer)}:"
        yield from (f"    - {line}" for line in lines)
        found = True
    if not found:
        yield "Nothing changed."


def _steps(rows: Sequence[Row]) -> Iterator[tuple[Row, Row, str]]:
    """Yield each release with the one before it, and the distribution they are of."""
    for distribution in (each.lower() for each in PACKAGES[1:]):
        chain = [
            row
            for row in rows
            if row.distribution in ("", distribution) and not row.problem
        ]
        chain.sort(key=lambda row: _numbers(row.version_of(distribution)))
        yield from ((*both, distribution) for both in pairwise(chain))


def _numbers(version: str) -> list[int]:
    return [int(each) for each in version.split(".") if each.isdigit()]


def _pythons(older: Row, newer: Row) -> str:
    before, since = (each.versions.get("python", "") for each in (older, newer))
    return f" (on Python {before}, not {since})" if before != since else ""


def _changes(older: Row, newer: Row) -> Iterator[str]:
    """Yield what changed from one release to the next, once for all listings alike."""
    alike: dict[str, list[str]] = {}
    for before, since in zip(older.cells, newer.cells, strict=True):
        if words := _change(before, since):
            alike.setdefault(words, []).append(since.linked)
    for words, listings in alike.items():
        yield f"{', '.join(dict.fromkeys(listings))}: {words}"


def _change(before: Cell, since: Cell) -> str:
    """Say how a listing changed; nothing if it did not.

    The variant that held before is held against the newer release: that is what a
    reader of the older one would be wrong about.
    """
    lost = since.outcomes[before.speaking].words
    gained = before.outcomes[since.speaking].words
    if not before.outcome.words:
        return f"since then, {_quoted(lost)}" if lost else ""
    if not since.outcome.words:
        return f"before it, {_quoted(gained)}"
    if before.outcome.words != since.outcome.words:
        return f"before it, {_quoted(gained)}; since then, {_quoted(lost)}"
    return ""


def _quoted(words: str) -> str:
    """Quote what differs, without the advice to the author of a listing."""
    return f"`{re.sub(ADVICE, '', words)}`"


def _marks(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line a listing, a column an environment."""
    yield f"| Listing | {' | '.join(row.heading for row in rows)} |"
    yield f"| --- |{' :-: |' * len(rows)}"
    longest = max((row.cells for row in rows), key=len, default=())
    for at, cell in enumerate(longest):
        marks = " | ".join(_mark(row, at) for row in rows)
        yield f"| {cell.linked} | {marks} |"


def _mark(row: Row, at: int) -> str:
    if not row.cells:
        return "-"
    return "differs" if row.cells[at].outcome.words else "holds"
