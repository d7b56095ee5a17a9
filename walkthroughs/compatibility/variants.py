"""The versions that listings speak for: which there are, and where each is recorded.

Invariants:

* what is installed here is recorded here; any other version is recorded in an
  environment of its own;
* a version that no Python of this machine can have is read from a recording that is kept
  in the repository, and the page and the tests say so; `$WALKTHROUGHS_NO_KEPT` makes
  that an error;
* every version that a project supports is spoken for by exactly one variant of a
  listing, or by a listing that names no version and holds on all of them.
"""

from __future__ import annotations

import json
import os
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, metadata
from importlib.metadata import version as version_here
from math import inf
from pathlib import Path

from ..build_memo import remembered
from ..environment import Environment
from ..errors import FenceError, RecordingError
from ..trace import Trace
from .environments import logger, make_with, others, versions
from .installing import Uninstallable

FORM = re.compile(r"\d+(\.\d+)*")


@dataclass(frozen=True)
class Version:
    """A version that a listing speaks for.

    Args:
        name: the distribution, in lower case, "django".
        prefix: how its version begins, "6.1".
    """

    name: str
    prefix: str

    def __str__(self) -> str:
        """Return the name as the distribution spells it, and the version."""
        return f"{metadata(self.name)['Name']} {self.prefix}"

    @property
    def is_here(self) -> bool:
        """Whether what is installed here is such a version."""
        return begins(installed_version(self.name), self.prefix)

    def overlaps(self, other: Version) -> bool:
        """Whether some version is one of both."""
        return self.name == other.name and (
            begins(self.prefix, other.prefix) or begins(other.prefix, self.prefix)
        )


def begins(number: str, prefix: str) -> bool:
    """Whether a version begins with these numbers, all of them whole."""
    parts = prefix.split(".")
    return number.split(".")[: len(parts)] == parts


def version_of(options: Mapping[str, str]) -> Version | None:
    """Read what is left of a fence's options: the version that it speaks for, if any.

    Args:
        options: those that no other part of a fence is called by.

    Raises:
        FenceError: they name no installed distribution, or several, or no version.
    """
    unknown = ", ".join(sorted(name for name in options if not _is_installed(name)))
    if unknown:
        raise FenceError(f"a callpath fence takes no {unknown}")
    if len(options) > 1:
        names = " and ".join(sorted(options))
        raise FenceError(f"a listing names a version of one distribution, not {names}")
    for name, prefix in options.items():
        if not FORM.fullmatch(prefix):
            example = f"{name}={installed_version(name)}"
            words = f"{name}={prefix} is not a version: write digits and dots"
            raise FenceError(f"{words}, such as {example}")
        return Version(name.lower(), prefix)
    return None


@remembered
def installed_version(name: str) -> str:
    """Give the version of a distribution that is installed.

    Raises:
        PackageNotFoundError: it is not.
    """
    return version_here(name)


def _is_installed(name: str) -> bool:
    try:
        return bool(installed_version(name))
    except PackageNotFoundError:
        return False


def supported(folder: Path) -> tuple[Version, ...]:
    """Give the versions that every listing of a project has to hold on.

    `pyproject.toml` has them, in the table `tool.walkthroughs.versions`:

        django = ["5.2", "6.1"]

    Args:
        folder: of that file; without the file or the table there are none.

    Raises:
        FenceError: the table makes no sense.
    """
    file = folder / "pyproject.toml"
    return _supported(file, file.stat().st_mtime_ns) if file.is_file() else ()


@lru_cache(maxsize=8)
def _supported(file: Path, changed: int) -> tuple[Version, ...]:
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (ValueError, OSError) as error:
        raise FenceError(f"cannot read {file.name}: {error}") from None
    table = tool.get("walkthroughs", {}).get("versions", {})
    found = []
    for name, prefixes in table.items():
        for prefix in prefixes if isinstance(prefixes, list) else [prefixes]:
            try:
                found.append(version_of({name: str(prefix)}))
            except FenceError as error:
                words = "tool.walkthroughs.versions in pyproject.toml"
                raise FenceError(f"{words}: {error}") from None
    return tuple(each for each in found if each is not None)


@dataclass(frozen=True)
class Claim:
    """A listing, as far as versions go.

    Args:
        line: of its fence.
        recording: scenario and server.
        version: the one that it speaks for; None for every one.
    """

    line: int
    recording: tuple[str, str]
    version: Version | None


def fault(claims: Sequence[Claim], line: int, versions: Sequence[Version]) -> str:
    """Say what is wrong with the variants that the listing at a line belongs to.

    Variants of one listing follow each other on the page, with no other listing of the
    same recording between them.

    Args:
        claims: all listings of the page, in order.
        line: of the fence that is looked at; it is blamed for nothing but its own: the
            first variant for a version that is left out, a later one for a version that
            has been spoken for already.
        versions: those that are supported.

    Returns:
        one sentence; nothing if all is well.
    """
    here = next((each for each in claims if each.line == line), None)
    if here is None or here.version is None:
        return ""
    same = [each for each in claims if each.recording == here.recording]
    group = next(each for each in groups(same, versions) if here in each)
    for other in group[: group.index(here)]:
        assert other.version is not None
        if here.version.overlaps(other.version):
            words = f"the listing in line {other.line} speaks for {other.version}"
            return f"{words} already"
    spoken = [each.version for each in group if each.version is not None]
    left_out = [
        str(each)
        for each in versions
        if each.name == here.version.name and not any(map(each.overlaps, spoken))
    ]
    if left_out and here is group[0]:
        return f"no variant of this listing speaks for {', '.join(left_out)}"
    return ""


def groups(
    claims: Sequence[Claim], versions: Sequence[Version]
) -> Iterator[list[Claim]]:
    """Part the listings of one recording into the variants of one listing each."""
    group: list[Claim] = []
    for claim in claims:
        spoken = [each.version for each in group if each.version is not None]
        wanted = [each for each in versions if spoken and each.name == spoken[0].name]
        whole = bool(wanted) and all(any(map(one.overlaps, spoken)) for one in wanted)
        if group and (claim.version is None or not spoken or whole):
            yield group
            group = []
        group.append(claim)
    if group:
        yield group


_environments: dict[Version, Environment] = {}
"""Found or made by this process."""

_failures: dict[Version, tuple[float, Uninstallable]] = {}
"""When this process last failed to make one, on the monotonic clock, and why."""

TRY_AGAIN = 600.0
"""Seconds after which it tries once more: a package index that does not answer, or a
Python that is missing, may be there by then, and a page has many listings."""


def environment(
    version: Version, tell: Callable[[str], object] = logger.info
) -> Environment | None:
    """Give the environment that has a version; None for the one of this process.

    Args:
        version: the version.
        tell: is called with a line before an environment is made.

    Raises:
        Uninstallable: no Python of this machine can have it.
    """
    if version.is_here:
        return None
    if version in _environments:
        return _environments[version]
    failed, why = _failures.get(version, (-inf, None))
    if why is not None and time.monotonic() < failed + TRY_AGAIN:
        raise why.with_traceback(None)
    try:
        found = _existing(version) or make_with(version.name, version.prefix, tell)
    except Uninstallable as error:
        _failures[version] = (time.monotonic(), error)
        raise
    _environments[version] = found
    return found


def _existing(version: Version) -> Environment | None:
    """Find an environment of this project that has a version already."""
    for each in others():
        if begins(versions(each).get(version.name, ""), version.prefix):
            return each
    return None


@dataclass(frozen=True)
class Kept:
    """A recording in the repository.

    Args:
        made: the day on which it was recorded.
        trace: what was recorded.
    """

    made: date
    trace: Trace


def kept_file(version: Version, scenario: str, server: str) -> Path:
    """Return where the recording is kept: in `$WALKTHROUGHS_RECORDINGS`, or `recordings`."""
    folder = Path(os.environ.get("WALKTHROUGHS_RECORDINGS") or "recordings")
    name = re.sub(r"[^\w-]+", "-", f"{scenario}-{server}")
    return folder / f"{version.name}-{version.prefix}" / f"{name}.trace"


def read_kept(version: Version, scenario: str, server: str) -> Kept | None:
    """Read the recording that is kept; None if there is none.

    Raises:
        RecordingError: the file is damaged.
        TraceError: it holds no trace that this version can read.
    """
    file = kept_file(version, scenario, server)
    try:
        first, _, text = file.read_text(encoding="utf-8").partition("\n")
        made = date.fromisoformat(json.loads(first)["made"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordingError(f"{file} is not a kept recording: {error}") from None
    return Kept(made, Trace.from_json(text))


def keep(version: Version, scenario: str, server: str, trace: Trace) -> Path:
    """Write a recording into the repository, for machines that cannot make it."""
    file = kept_file(version, scenario, server)
    file.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"made": datetime.now(UTC).date().isoformat()})
    file.write_text(f"{head}\n{trace.to_json()}", encoding="utf-8")
    return file


def may_be_kept() -> bool:
    """Whether a kept recording is enough on this machine."""
    return not os.environ.get("WALKTHROUGHS_NO_KEPT")
