"""Which releases are newer than what the book is held on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .installing import Uninstallable, run_quietly

ASKED = ("daphne", "twisted", "autobahn", "django", "channels")
"""The distributions that the book is about."""


@dataclass(frozen=True)
class Newer:
    """A release that the book is not held on.

    Args:
        name: the distribution, as it spells itself.
        released: its version.
        held: the newest version that the book is held on.
    """

    name: str
    released: str
    held: str

    def __str__(self) -> str:
        """Say both versions in a phrase."""
        return f"{self.name} {self.released} (the book is held on {self.held})"


def newest_releases(python: Path) -> dict[str, str]:
    """Ask the package index for the newest releases that an interpreter can have.

    Returns:
        distribution, as it spells itself -> version.

    Raises:
        Uninstallable: the index cannot be asked; with what was wrong.
    """
    words = "-m pip --disable-pip-version-check install --quiet --dry-run --no-deps"
    report = ("--ignore-installed", "--report", "-")
    try:
        found = json.loads(run_quietly([python, *words.split(), *report, *ASKED]))
        each = [one["metadata"] for one in found["install"]]
        return {one["name"]: one["version"] for one in each}
    except (ValueError, KeyError, TypeError):
        raise Uninstallable("pip does not say what it would install") from None


def newer_than(
    held: Sequence[Mapping[str, str]], released: Iterable[Mapping[str, str]]
) -> list[Newer]:
    """Find the releases that are newer than every version that the book is held on.

    Args:
        held: of each environment, distribution in lower case -> version.
        released: of each interpreter, distribution -> its newest version.
    """
    newest: dict[str, str] = {}
    for each in released:
        for name, version in each.items():
            newest[name] = max(newest.get(name, ""), version, key=_numbers)
    found = []
    for name, version in newest.items():
        versions = [each[name.lower()] for each in held if name.lower() in each]
        best = max(versions, key=_numbers, default="")
        if best and _numbers(version) > _numbers(best):
            found.append(Newer(name, version, best))
    return found


def _numbers(version: str) -> list[int]:
    return [int(each) for each in version.split(".") if each.isdigit()]
