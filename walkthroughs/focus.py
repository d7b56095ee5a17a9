"""The focus: which calls a walkthrough speaks of.

A focus is a short list of dotted names.  A name takes in itself and all below it; with
a minus before it, it leaves that out; of two that fit, the longer wins.  Private names
(a part that begins with `_`) and nameless functions (`<lambda>`) are out of focus
unless a name in the list goes right up to them; `*.__call__` keeps a private name in
focus wherever it stands.  A class stands for its construction.

Where the reader's own files are known, no name in them is private: nested functions,
lambdas and `_helpers` count like any other.  Comprehensions do not, because only older
versions of Python call a function for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

Own = Callable[[str, str], bool]
"""File and module of some code -> whether the reader wrote it."""

CALLED = "*.__call__"
"""What makes an object an application or a middleware: it is private by its name alone."""

COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
"""What Python calls the functions that it makes of comprehensions."""


@dataclass(frozen=True)
class Focus:
    """The names in focus.

    Args:
        patterns: dotted names, with `-` before those to leave out:
            `("daphne", "-daphne.server.Server.timeout_checker")`.
        own: tells the reader's own code; None where nobody knows whose it is.
        whole: whether private names of other code, and own code that no pattern
            names, are in focus, too.
    """

    patterns: tuple[str, ...]
    own: Own | None = None
    whole: bool = False

    @classmethod
    def of(
        cls, patterns: Iterable[str], own: Own | None = None, whole: bool = False
    ) -> Focus:
        """Return a focus on the given names; repeated names count once."""
        return cls(tuple(dict.fromkeys(patterns)), own, whole)

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
        """Whether calls of that dotted name are in focus, in code that is not own."""
        return self.takes(str(name))

    def takes(self, name: str, own: bool = False) -> bool:
        """Whether calls of that dotted name are in focus.

        Args:
            name: the name.
            own: whether the code is the reader's own.
        """
        best, taken = -1, own and self.whole
        for pattern in self.patterns:
            stem = pattern.removeprefix("-")
            if len(stem) > best and _covers(stem, name):
                best, taken = len(stem), stem == pattern
        rest = name[max(best, 0) :].split(".")
        if own or self.whole:
            return taken and rest[-1] not in COMPREHENSIONS
        return taken and not any(
            is_private(part) and part not in self.revealed for part in rest
        )


def is_private(part: str) -> bool:
    """Whether a part of a dotted name is private, or no name at all."""
    return part[:1] in ("_", "<")


def _covers(stem: str, name: str) -> bool:
    return name == stem or name.startswith(stem + ".")
