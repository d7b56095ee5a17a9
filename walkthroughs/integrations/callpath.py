"""The fence `callpath`: what it means, the same for the site and the tests.

    ```callpath scenario=http-get server=daphne
    daphne.server.Server.run
    ...
    ```

The site renders it, `pytest` checks it, `pytest --update-callpaths` mends it; all three
speak of the same recording.  A third option, `look`, says how the site shows it: `slim`
for listing and stepper alone, `play` for a slim one that walks by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from ..errors import FenceError, WalkthroughError
from ..listing import Line, Listing, Match, check, is_blank, mend, parse
from ..record import is_recorded, record
from ..render.view import ListedLine, View
from ..trace import Trace
from .fences import Fence, fences
from .first import first_listing

OPTIONS = frozenset({"scenario", "server"})
LOOKS = ("slim", "play")


@dataclass(frozen=True, slots=True)
class Held:
    """A listing that holds, with the recording that it holds against."""

    listing: Listing
    trace: Trace
    match: Match

    @property
    def view(self) -> View:
        """The steps that the listing names."""
        steps = self.trace.steps
        return View(self.trace, [steps[place].seq for place in self.match.places])

    @property
    def lines(self) -> tuple[ListedLine, ...]:
        """The listing's lines, each with what it was found to mean."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[ListedLine]:
        places = self.match.places
        numbers = [claim.line.number for claim in self.listing.claims]
        for line in self.listing.lines:
            at = bisect_left(numbers, line.number)
            if line.kind == "step":
                yield self._listed(line, seq=self.trace.steps[places[at]].seq)
            elif line.kind == "ellipsis":
                before = places[at - 1] if at else -1
                after = places[at] if at < len(places) else len(self.trace.steps)
                yield self._listed(line, count=after - before - 1)
            else:
                yield self._listed(line)

    def _listed(self, line: Line, seq: int | None = None, count: int = 0) -> ListedLine:
        message = line.text.startswith(("receive ", "send "))
        kind = "message" if message and line.kind == "step" else line.kind
        return ListedLine(
            kind="call" if kind == "step" else kind,
            text=line.text,
            indent=line.indent // 4,
            comment=line.comment,
            seq=seq,
            count=count,
        )


def record_all(docs: Path, tell: Callable[[str], object]) -> None:
    """Make the recordings of all pages that the cache has not.

    Args:
        docs: the folder of the pages.
        tell: is called with a line before each.
    """
    wanted = {
        (fence.options.get("scenario", ""), fence.options.get("server", ""))
        for page in docs.rglob("*.md")
        for fence in fences(page.read_text(encoding="utf-8"))
        if fence.language == "callpath"
    }
    missing = [pair for pair in sorted(wanted) if _is_missing(*pair)]
    for n, (scenario, server) in enumerate(missing, 1):
        tell(f"Recording {n} of {len(missing)}: {scenario} on {server}")
        with suppress(WalkthroughError):  # the fence will say so, with its line
            record(scenario, server)


def _is_missing(scenario: str, server: str) -> bool:
    try:
        return not is_recorded(scenario, server)
    except WalkthroughError:
        return False


def recording(options: Mapping[str, str]) -> Trace:
    """The recording that a fence speaks of.

    Raises:
        FenceError: it does not say which, or says more.
        RecordingError: there is no such recording to be had.
    """
    unknown = ", ".join(sorted(set(options) - OPTIONS - {"look"}))
    if unknown:
        raise FenceError(f"a callpath fence takes no {unknown}")
    missing = " and ".join(sorted(OPTIONS - set(options)))
    if missing:
        raise FenceError(f"a callpath fence says its {missing}")
    if options.get("look", "slim") not in LOOKS:
        raise FenceError(f"the look of a callpath is {' or '.join(LOOKS)}, or not said")
    return record(options["scenario"], options["server"])


def hold(body: str, options: Mapping[str, str]) -> Held:
    """Holds the listing in a fence against its recording.

    Raises:
        FenceError: the fence's options make no sense, or it is still empty.
        RecordingError: there is no recording to be had.
        ListingError: the listing cannot be read.
        Mismatch: it is not what happened.
    """
    if is_blank(body):
        raise FenceError("the listing is empty: `walkthroughs check --update` fills it")
    listing = parse(body)
    trace = recording(options)
    return Held(listing, trace, check(listing, trace))


def ident(scenario: str, server: str, count: int) -> str:
    """The id of a page's walkthrough: the `count`-th of that recording, from 1."""
    name = f"{scenario}-{server}"
    return name if count == 1 else f"{name}-{count}"


@dataclass(frozen=True, slots=True)
class _Change:
    """New text for some lines of a page, without their ends.

    Args:
        first: how many lines stand before them.
        end: how many stand before the first one after them.
        line: line of the fence.
        lines: the text.
    """

    first: int
    end: int
    line: int
    lines: list[str]


@dataclass
class Mending:
    """The listings to be written back: planned one by one, written at once at the end.

    Args:
        wanted: whether listings are mended at all.
        planned: file -> the changes to its text.
    """

    wanted: bool = False
    planned: dict[Path, list[_Change]] = field(default_factory=dict)

    def plan(
        self, path: Path, fence: Fence, options: Mapping[str, str]
    ) -> tuple[Line, ...]:
        """Plan the correction of one listing; give the lines beyond correction.

        A listing that is still empty is written.

        Raises:
            FenceError: it is empty, and the recording has nothing to name.
            RecordingError: there is no recording to be had.
        """
        trace = recording(options)
        if is_blank(fence.body):
            text, stuck = first_listing(trace), tuple[Line, ...]()
        else:
            mended = mend(parse(fence.body), trace)
            text, stuck = mended.text, mended.stuck
        lines = [f"{fence.indent}{line}".rstrip() for line in text.splitlines()]
        if not fence.marker and not fence.body:
            # A blank line parts a directive's options from its text.
            lines.insert(0, "")
        # As the page was read by whoever found the fence: every line ends with "\n".
        page = path.read_text(encoding="utf-8")
        start = page.index("\n", fence.start) + 1
        end = page.rindex("\n", start - 1, fence.end) + 1
        change = _Change(
            page.count("\n", 0, start), page.count("\n", 0, end), fence.line, lines
        )
        self.planned.setdefault(path, []).append(change)
        return stuck

    def write(self) -> list[str]:
        """Writes what was planned; gives the places that changed, "page.md:12"."""
        places: list[tuple[Path, int]] = []
        for path, changes in self.planned.items():
            # The ends of lines that do not change stay as they are.
            page = path.read_bytes().decode("utf-8")
            lines = list(StringIO(page, newline=""))
            # From the end, so that the numbers before stay right.
            for change in sorted(changes, key=lambda each: each.first, reverse=True):
                opening = lines[change.first - 1]
                ending = opening[len(opening.rstrip("\r\n")) :]
                old = [each.rstrip("\r\n") for each in lines[change.first : change.end]]
                if old != change.lines:
                    new = [f"{line}{ending}" for line in change.lines]
                    lines[change.first : change.end] = new
                    places.append((path, change.line))
            text = "".join(lines)
            if text != page:
                path.write_bytes(text.encode("utf-8"))
        self.planned.clear()
        return [f"{path}:{line}" for path, line in sorted(places)]


mending = Mending()
"""The corrections of this run of the tests."""
