"""The focus: which calls a walkthrough speaks of.

A focus is a short list of dotted names.  A name takes in itself and all below it; with
a minus before it, it leaves that out; of two that fit, the longer wins.  Private names
(a part that begins with `_`) and nameless functions (`<lambda>`) are out of focus
unless a name in the list goes right up to them; `*.__call__` keeps a private name in
focus wherever it stands.  A class stands for its construction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Focus:
    """The names in focus.

    Args:
        patterns: dotted names, with `-` before those to leave out:
            `("daphne", "-daphne.server.Server.timeout_checker")`.
    """

    patterns: tuple[str, ...]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Focus:
        """A focus on the given names; repeated names count once."""
        return cls(tuple(dict.fromkeys(patterns)))

    @property
    def packages(self) -> frozenset[str]:
        """The top-level packages whose code has to be watched."""
        return frozenset(
            pattern.partition(".")[0]
            for pattern in self.patterns
            if not pattern.startswith(("-", "*"))
        )

    @cached_property
    def revealed(self) -> frozenset[str]:
        """The private names that are in focus wherever they stand."""
        stars = (each for each in self.patterns if each.startswith("*."))
        return frozenset(each.removeprefix("*.") for each in stars)

    def __contains__(self, name: object) -> bool:
        """Whether calls of that dotted name are in focus."""
        best, taken = -1, False
        for pattern in self.patterns:
            stem = pattern.removeprefix("-")
            if len(stem) > best and _covers(stem, str(name)):
                best, taken = len(stem), stem == pattern
        rest = str(name)[best:].split(".")
        return taken and not any(
            part[:1] in ("_", "<") and part not in self.revealed for part in rest
        )


def _covers(stem: str, name: str) -> bool:
    return name == stem or name.startswith(stem + ".")
