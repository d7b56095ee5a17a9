"""The fence `callpath`: what it means, the same for the site and the tests.

    ```callpath scenario=http-get server=daphne
    daphne.server.Server.run
    ...
    ```

The site renders it, `pytest` checks it, `pytest --update-callpaths` mends it; all three
speak of the same recording.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import FenceError
from ..listing import Line, Listing, Match, check, parse
from ..record import record
from ..render.view import ListedLine, View
from ..trace import Trace

OPTIONS = frozenset({"scenario", "server"})


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

    def _listed(
        self, line: Line, seq: int | None = None, count: int = 0
    ) -> ListedLine:
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


def recording(options: Mapping[str, str]) -> Trace:
    """The recording that a fence speaks of.

    Raises:
        FenceError: it does not say which, or says more.
        RecordingError: there is no such recording to be had.
    """
    unknown = ", ".join(sorted(set(options) - OPTIONS))
    if unknown:
        raise FenceError(f"a callpath fence takes no {unknown}")
    missing = " and ".join(sorted(OPTIONS - set(options)))
    if missing:
        raise FenceError(f"a callpath fence says its {missing}")
    return record(options["scenario"], options["server"])


def hold(body: str, options: Mapping[str, str]) -> Held:
    """Holds the listing in a fence against its recording.

    Raises:
        FenceError: the fence's options make no sense.
        RecordingError: there is no recording to be had.
        ListingError: the listing cannot be read.
        Mismatch: it is not what happened.
    """
    listing = parse(body)
    trace = recording(options)
    return Held(listing, trace, check(listing, trace))
