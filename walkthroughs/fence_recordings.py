"""The recording that a fence speaks of: on which versions, where, and made or kept.

A fence speaks of a scenario on a server, with what is installed or with a version that it
names.  What no Python of this machine can have is read from a recording that is kept in
the repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .build_memo import remembered
from .compatibility.installing import Uninstallable
from .compatibility.variants import (
    Version,
    environment,
    keep,
    kept_file,
    may_be_kept,
    read_kept,
    version_of,
)
from .errors import FenceError, WalkthroughError
from .pages.pages import Pages
from .recording import digest_of, is_recorded, record
from .trace import Trace

OPTIONS = frozenset({"scenario", "server", "look"})
"""What a fence may say besides the version that it speaks for."""


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


def version_named(options: Mapping[str, str]) -> Version | None:
    """Return the version that a fence names; None for what is installed.

    Raises:
        FenceError: what else it says makes no sense.
    """
    return version_of({n: each for n, each in options.items() if n not in OPTIONS})


def record_all(
    pages: Pages, tell: Callable[[str], object], versions: Sequence[Version] = ()
) -> None:
    """Make the recordings of all pages that the cache does not have.

    Args:
        pages: the pages.
        tell: is called with a line before each recording, and each environment.
        versions: those that a listing which names none has to hold on.
    """
    wanted = {
        (options.get("scenario", ""), options.get("server", ""), version)
        for _, fence in pages.of_language("callpath")
        for options in [fence.options]
        for version in _versions(options, versions)
    }
    ordered = sorted(wanted, key=lambda each: (str(each[2] or ""), each[:2]))
    missing = [each for each in ordered if _is_missing(*each, tell)]
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
        version = version_named(options)
    except FenceError:  # the fence will say so, with its line
        return
    yield None if version and version.is_here else version
    if version is None:
        yield from (each for each in versions if not each.is_here)


def _is_missing(
    scenario: str,
    server: str,
    version: Version | None,
    tell: Callable[[str], object],
) -> bool:
    try:
        if version is None:
            return not is_recorded(scenario, server)
        return not is_recorded(scenario, server, environment(version, tell))
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


@remembered
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
            for is not available.
        RecordingError: no such recording is available.
    """
    version = version_named(options)
    missing = " and ".join(
        f"{each}=NAME" for each in ("scenario", "server") if each not in options
    )
    if missing:
        raise FenceError(f"a callpath fence needs {missing}")
    if options.get("look", "slim") != "slim":
        raise FenceError("the look of a callpath is slim, if given")
    scenario, server = options["scenario"], options["server"]
    try:
        return _record(scenario, server, version)
    except Uninstallable as error:
        assert version is not None
        return _kept(version, scenario, server, error)


def record_again(options: Mapping[str, str]) -> Trace:
    """Make another recording of what a fence speaks of; a kept one stays as it is.

    Raises:
        RecordingError: it cannot be recorded.
        FenceError: as `recording`.
    """
    version = version_named(options)
    scenario, server = options["scenario"], options["server"]
    try:
        where = environment(version) if version else None
    except Uninstallable:
        return recording(options).trace
    return record(scenario, server, fresh=True, environment=where)


def _kept(
    version: Version, scenario: str, server: str, error: Uninstallable
) -> Recorded:
    kept = read_kept(version, scenario, server)
    why = f"{version} is not available here: {error}"
    if kept is None:
        raise FenceError(
            f"{why}; and there is no {kept_file(version, scenario, server)}"
        )
    if not may_be_kept():
        raise FenceError(f"{why}; and WALKTHROUGHS_NO_KEPT rules out a kept recording")
    header = kept.trace.header
    packages = ", ".join(f"{each.name} {each.version}" for each in header.packages)
    note = (
        f"Not recorded on this machine, where {version} is not available. "
        f"This is the recording of {kept.made.day} {kept.made:%B %Y}, on Python "
        f"{header.python} with {packages}."
    )
    return Recorded(kept.trace, (), note)


def keep_elsewhere(options: Mapping[str, str]) -> Path | None:
    """Write the recording of a fence into the repository, if it was not made here.

    Returns:
        the file; None for a fence that speaks for what is installed here.

    Raises:
        FenceError: the version that it speaks for is not available.
        RecordingError: no such recording is available.
    """
    version = version_named(options)
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
