"""Keep the arguments that a scenario watches, in shortened form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from .code_filter import CodeFilter, CodeInfo
from .values import short

EVERYWHERE = "*"
"""Stands for all functions whose own name is not watched."""


class WatchedArguments:
    """Which arguments are kept of which function.

    Args:
        watch: dotted name -> names of the arguments whose repr is kept; those under
            `EVERYWHERE` are kept of every other function that has them.
        code_filter: knows the dotted names of functions.
    """

    def __init__(
        self, watch: Mapping[str, tuple[str, ...]], code_filter: CodeFilter
    ) -> None:
        self._watch = watch
        self._code_filter = code_filter
        self._found: dict[CodeInfo, tuple[str, ...]] = {}

    def values_of_call(
        self, seen: CodeInfo, receiver: str | None, frame: FrameType
    ) -> tuple[tuple[str, str], ...]:
        """Return those of a call that has just begun, by name and repr."""
        wanted = self._watch.get(self._code_filter.called_name(seen, receiver))
        if wanted is None:
            wanted = self._everywhere(seen)
        values = frame.f_locals if wanted else {}
        return tuple(pair for name in wanted for pair in _kept(name, values))

    def _everywhere(self, seen: CodeInfo) -> tuple[str, ...]:
        """Return those of a function's arguments that are watched in every function."""
        found = self._found.get(seen)
        if found is None:
            code = seen.code
            count = code.co_argcount + code.co_kwonlyargcount
            names = self._watch.get(EVERYWHERE, ())
            found = tuple(each for each in code.co_varnames[:count] if each in names)
            self._found[seen] = found
        return found


def _kept(wanted: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what to keep of an argument, by name and repr.

    `scope` keeps one shortened repr of the argument; `scope[]` keeps one per entry, if
    it is a plain dict.
    """
    name = wanted.removesuffix("[]")
    value = values.get(name)
    if name != wanted and type(value) is dict:
        for key, each in value.items():
            yield f"{name}[{short(key)}]", short(each, str(key))
    elif name in values:
        yield name, short(value, name)
