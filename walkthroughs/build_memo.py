"""Answers that are remembered while a site is built: a build is of one moment.

A build asks the disk the same things for hundreds of fences: what the code of a package
is, whether a recording still holds.  Between `begin` and `end` each of these is asked
once.  Outside a build nothing is remembered, since code may change between two questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

# None while no site is built.
_answers: dict[Any, Any] | None = None


def begin() -> None:
    """Remember from now on, and nothing of what was before."""
    global _answers
    _answers = {}


def end() -> None:
    """Remember nothing from now on."""
    global _answers
    _answers = None


@contextmanager
def fresh_answers(once: bool = False) -> Iterator[None]:
    """Ignore remembered answers inside the block, and forget the new ones when it ends.

    Args:
        once: whether to remember answers within the block.
    """
    global _answers
    before, _answers = _answers, {} if once else None
    try:
        yield
    finally:
        _answers = before


def remembered(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function remember what it returned, for as long as a site is built.

    Args:
        function: one whose arguments are hashable.  What it raises is not remembered.
    """

    @wraps(function)
    def ask(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        answers = _answers
        if answers is None:
            return function(*args, **kwargs)
        key = (function, args, tuple(sorted(kwargs.items())))
        if key not in answers:
            answers[key] = function(*args, **kwargs)
        answer: _R = answers[key]
        return answer

    return ask
