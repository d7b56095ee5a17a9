"""Holds a listing against its recording: the same for the site, the tests and the CLI.

A listing is verified when it is found in the recording of its scenario on its server.
What was verified is the one object that a page shows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from .errors import FenceError, WalkthroughError
from .listing import Line, Listing, Match, check, is_blank, parse
from .pages.pages import Pages
from .recording import is_recorded, record
from .render.view import ListedLine, View
from .trace import Trace

OPTIONS = frozenset({"scenario", "server"})
LOOKS = ("slim", "play")


@dataclass(frozen=True, slots=True)
class Verified:
    """A listing that holds, with the recording that it was found in."""

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


def record_all(pages: Pages, tell: Callable[[str], object]) -> None:
    """Make the recordings of all pages that the cache does not have.

    Args:
        pages: the pages.
        tell: is called with a line before each recording.
    """
    wanted = {
        (fence.options.get("scenario", ""), fence.options.get("server", ""))
        for _, fence in pages.of_language("callpath")
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
    """Return the recording that a fence speaks of.

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


def verify(body: str, options: Mapping[str, str]) -> Verified:
    """Hold the listing in a fence against its recording.

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
    return Verified(listing, trace, check(listing, trace))


def ident(scenario: str, server: str, count: int) -> str:
    """Return the id of a walkthrough: the `count`-th of that recording, from 1."""
    name = f"{scenario}-{server}"
    return name if count == 1 else f"{name}-{count}"
