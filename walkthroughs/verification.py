"""Holds a listing against its recording: the same for the site, the tests and the CLI.

A listing is verified when it is found in the recording of its scenario on its server.
What was verified is the one object that a page shows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .compatibility.variants import Version, kept_file, may_be_kept, read_kept
from .errors import FenceError, Mismatch, VersionMismatch
from .fence_recordings import Recorded, recording, version_named
from .listing import Line, Listing, Match, check, is_blank, parse
from .render.view import ListedLine, View
from .trace import Trace


@dataclass(frozen=True, slots=True)
class Verified:
    """A listing that holds, with the recording that it was found in."""

    listing: Listing
    recorded: Recorded
    match: Match

    @property
    def trace(self) -> Trace:
        """The recording."""
        return self.recorded.trace

    @property
    def view(self) -> View:
        """The steps that the listing names."""
        steps = self.trace.steps
        shown = [steps[place].seq for place in self.match.places]
        return View(self.trace, shown, folders=self.recorded.folders)

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


def hold_kept(options: Mapping[str, str], verified: Verified) -> None:
    """Hold a listing that was recorded now against the kept recording, too.

    A project that keeps recordings of a version keeps one of each of its variants.

    Raises:
        FenceError: there is none, or it has other steps than the listing.
    """
    version = version_named(options)
    if version is None or version.is_here or verified.recorded.note:
        return
    scenario, server = options["scenario"], options["server"]
    file = kept_file(version, scenario, server)
    mend = "`walkthroughs check --keep` writes it"
    kept = read_kept(version, scenario, server)
    if kept is None:
        if file.parent.exists():
            raise FenceError(f"there is no {file}: {mend}")
        return
    try:
        check(verified.listing, kept.trace)
    except Mismatch as error:
        words = "has other steps than what was recorded now"
        raise FenceError(f"{file} {words} ({error}): {mend}") from None


def verify(body: str, options: Mapping[str, str]) -> Verified:
    """Hold the listing in a fence against its recording.

    Raises:
        FenceError: the fence's options make no sense, or it is still empty.
        RecordingError: no recording is available.
        ListingError: the listing cannot be read.
        Mismatch: it is not what happened.
    """
    if is_blank(body):
        raise FenceError("the listing is empty: `walkthroughs check --update` fills it")
    listing = parse(body)
    recorded = recording(options)
    return Verified(listing, recorded, check(listing, recorded.trace))


def hold_on(body: str, options: Mapping[str, str], versions: Iterable[Version]) -> str:
    """Hold a listing that names no version on all others that are supported.

    Args:
        body: the listing.
        options: those of its fence.
        versions: all that are supported.

    Returns:
        on which of them it could not be held on this machine, in a sentence; or nothing.

    Raises:
        FenceError: it cannot be held on one of them, and may not be left at that.
        VersionMismatch: it does not hold on one of them.
    """
    if version_named(options) is not None:
        return ""
    notes = []
    for version in versions:
        if version.is_here:
            continue
        try:
            other = verify(body, {**options, version.name: version.prefix})
            notes += [other.recorded.note] if other.recorded.note else []
        except Mismatch as error:
            raise VersionMismatch(
                f"with {version}: {error}", error.line, error.details
            ) from None
        except FenceError:
            if not may_be_kept():
                raise
            words = f"where {version} is not available"
            notes.append(f"Not held on {version} on this machine, {words}.")
    return " ".join(notes)


def ident(scenario: str, server: str, count: int) -> str:
    """Return the id of a walkthrough: the `count`-th of that recording, from 1."""
    name = f"{scenario}-{server}"
    return name if count == 1 else f"{name}-{count}"
