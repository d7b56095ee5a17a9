"""Holds a listing against its recording: the same for the site, the tests and the CLI.

A listing is verified when it is found in the recording of its scenario on its server.
What was verified is the one object that a page shows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .compatibility.environments import Uninstallable
from .compatibility.variants import (
    Version,
    environment,
    keep,
    kept_file,
    may_be_kept,
    read_kept,
    version_of,
)
from .errors import FenceError, Mismatch, VersionMismatch, WalkthroughError
from .listing import Line, Listing, Match, check, is_blank, parse
from .pages.pages import Pages
from .recording import digest_of, is_recorded, record
from .render.view import ListedLine, View
from .trace import Trace

OPTIONS = frozenset({"scenario", "server"})
LOOKS = ("slim", "play")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording, and how it was come by.

    Args:
        trace: the recording.
        folders: where the source of what was recorded lies; None for `sys.path`.
        note: that it was not made on this machine, and why; "" if it was.
    """

    trace: Trace
    folders: Sequence[str] | None = None
    note: str = ""


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


def record_all(
    pages: Pages, tell: Callable[[str], object], versions: Sequence[Version] = ()
) -> None:
    """Make the recordings of all pages that the cache does not have.

    Args:
        pages: the pages.
        tell: is called with a line before each recording.
        versions: those that a listing which names none has to hold on.
    """
    wanted = {
        (options.get("scenario", ""), options.get("server", ""), version)
        for _, fence in pages.of_language("callpath")
        for options in [fence.options]
        for version in _versions(options, versions)
    }
    ordered = sorted(wanted, key=lambda each: (str(each[2] or ""), each[:2]))
    missing = [each for each in ordered if _is_missing(*each)]
    for n, (scenario, server, version) in enumerate(missing, 1):
        on = f" with {version}" if version else ""
        tell(f"Recording {n} of {len(missing)}: {scenario} on {server}{on}")
        with suppress(WalkthroughError):  # the fence will say so, with its line
            _record(scenario, server, version)


def _versions(
    options: Mapping[str, str], versions: Sequence[Version]
) -> Iterator[Version | None]:
    """Yield the versions that a fence is held on; None stands for what is installed."""
    try:
        version = version_of(_more(options))
    except FenceError:  # the fence will say so, with its line
        return
    yield None if version and version.is_here else version
    if version is None:
        yield from (each for each in versions if not each.is_here)


def _is_missing(scenario: str, server: str, version: Version | None) -> bool:
    try:
        if version is None:
            return not is_recorded(scenario, server)
        return not is_recorded(scenario, server, environment(version))
    except WalkthroughError:
        return False


def _record(scenario: str, server: str, version: Version | None) -> Recorded:
    """Record a scenario where a version is; None is what is installed here.

    Raises:
        RecordingError: it cannot be recorded.
        Uninstallable: no Python of this machine can have that version.
    """
    where = environment(version) if version else None
    if where is None:
        return Recorded(record(scenario, server))
    return Recorded(record(scenario, server, environment=where), where.folders)


def digests_of(
    options: Mapping[str, str], versions: Sequence[Version]
) -> tuple[str, ...]:
    """Give a text for each recording that a fence is held on; each is made if need be.

    Args:
        options: those of the fence.
        versions: those that a listing which names none has to hold on.

    Returns:
        texts that are others when the recordings are; "" for one that is not kept in
        the cache, which may be another one each time.

    Raises:
        FenceError: the options make no sense.
        RecordingError: one of them cannot be recorded.
    """
    scenario, server = options.get("scenario", ""), options.get("server", "")
    return tuple(
        _digest(scenario, server, each) for each in _versions(options, versions)
    )


def _digest(scenario: str, server: str, version: Version | None) -> str:
    try:
        return digest_of(scenario, server, environment(version) if version else None)
    except Uninstallable as error:
        assert version is not None
        kept = kept_file(version, scenario, server)
        text = kept.read_text(encoding="utf-8") if kept.is_file() else ""
        return repr((str(error), may_be_kept(), text))


def recording(options: Mapping[str, str]) -> Recorded:
    """Return the recording that a fence speaks of.

    Raises:
        FenceError: it does not say which, or says more; or the version that it speaks
            for can be had nowhere.
        RecordingError: there is no such recording to be had.
    """
    version = version_of(_more(options))
    missing = " and ".join(sorted(OPTIONS - set(options)))
    if missing:
        raise FenceError(f"a callpath fence says its {missing}")
    if options.get("look", "slim") not in LOOKS:
        raise FenceError(f"the look of a callpath is {' or '.join(LOOKS)}, or not said")
    scenario, server = options["scenario"], options["server"]
    try:
        return _record(scenario, server, version)
    except Uninstallable as error:
        assert version is not None
        return _kept(version, scenario, server, error)


def _more(options: Mapping[str, str]) -> dict[str, str]:
    """Return the options that name neither the recording nor its look."""
    return {
        name: value for name, value in options.items() if name not in OPTIONS | {"look"}
    }


def _kept(
    version: Version, scenario: str, server: str, error: Uninstallable
) -> Recorded:
    kept = read_kept(version, scenario, server)
    why = f"{version} cannot be had here: {error}"
    if kept is None:
        raise FenceError(
            f"{why}; and there is no {kept_file(version, scenario, server)}"
        )
    if not may_be_kept():
        raise FenceError(f"{why}; and WALKTHROUGHS_NO_KEPT rules out a kept recording")
    header = kept.trace.header
    packages = ", ".join(f"{each.name} {each.version}" for each in header.packages)
    note = (
        f"Not recorded on this machine, where {version} cannot be had. "
        f"This is the recording of {kept.made.day} {kept.made:%B %Y}, on Python "
        f"{header.python} with {packages}."
    )
    return Recorded(kept.trace, (), note)


def keep_elsewhere(options: Mapping[str, str]) -> Path | None:
    """Write the recording of a fence into the repository, if it was not made here.

    Returns:
        the file; None for a fence that speaks for what is installed here.

    Raises:
        FenceError: the version that it speaks for can be had nowhere.
        RecordingError: there is no such recording to be had.
    """
    version = version_of(_more(options))
    if version is None or version.is_here:
        return None
    recorded = recording(options)
    scenario, server = options["scenario"], options["server"]
    file = kept_file(version, scenario, server)
    if not recorded.note and not _as_kept(version, scenario, server, recorded.trace):
        keep(version, scenario, server, recorded.trace)
    return file


def _as_kept(version: Version, scenario: str, server: str, trace: Trace) -> bool:
    """Whether the kept recording has the same steps."""
    kept = read_kept(version, scenario, server)
    return kept is not None and _path(kept.trace) == _path(trace)


def _path(trace: Trace) -> list[tuple[str, str]]:
    return [(trace.lanes[each.lane].label, trace.name(each)) for each in trace.steps]


def hold_kept(options: Mapping[str, str], verified: Verified) -> None:
    """Hold a listing that was recorded now against the kept recording, too.

    A project that keeps recordings of a version keeps one of each of its variants.

    Raises:
        FenceError: there is none, or it has other steps than the listing.
    """
    version = version_of(_more(options))
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
        RecordingError: there is no recording to be had.
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
    if version_of(_more(options)) is not None:
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
            words = f"where {version} cannot be had"
            notes.append(f"Not held on {version} on this machine, {words}.")
    return " ".join(notes)


def ident(scenario: str, server: str, count: int) -> str:
    """Return the id of a walkthrough: the `count`-th of that recording, from 1."""
    name = f"{scenario}-{server}"
    return name if count == 1 else f"{name}-{count}"
