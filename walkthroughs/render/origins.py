"""The way of a value backwards: at which step before its text was seen.

A recording has the texts of arguments, not the objects.  So what is found is that a text
was there before, in the same words or as a part of a longer text; that is what is said.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..trace import Call
from .view import View

TELLING = 5
"""How many characters a text has at least, so that to find it again says something."""

REMEMBERED = 300
"""In how many texts a value is looked for, the nearest first."""

_LITERAL = re.compile(r"b?(?P<quote>['\"])(?P<inner>.*?)(?P=quote)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text was seen before.

    Args:
        step: number of the step.
        name: of the argument that had it there.
        words: the text.
    """

    step: int
    name: str
    words: str


def origins(view: View) -> Mapping[tuple[int, str], Origin]:
    """Find where the watched arguments of the shown steps were seen before.

    Args:
        view: what is shown.

    Returns:
        (number of a step, name of its argument) -> the nearest step before it, of
        another call, that has the argument's text; nothing for texts that are too short
        to tell, or new.
    """
    found: dict[tuple[int, str], Origin] = {}
    before: deque[tuple[int, str, str]] = deque(maxlen=REMEMBERED)
    for step in view.steps:
        args = step.event.args if isinstance(step.event, Call) else ()
        for name, text in args:
            origin = _nearest(telling(text), before)
            if origin is not None:
                found[step.number, name] = origin
        before.extend((step.number, name, text) for name, text in args)
    return found


def _nearest(
    texts: Sequence[str], before: Sequence[tuple[int, str, str]]
) -> Origin | None:
    for words in texts:
        for number, name, text in reversed(before):
            if words in text:
                return Origin(number, name, words)
    return None


def telling(text: str) -> list[str]:
    """Return the texts by which a value is known again, the surest first.

    Args:
        text: the value's repr.

    Returns:
        What a literal has between its quotes; of anything else the whole repr, and
        then the literals in it.
    """
    literal = _LITERAL.fullmatch(text)
    inside = [match["inner"] for match in _LITERAL.finditer(text)]
    texts = [literal["inner"]] if literal else [text, *inside]
    if text.isidentifier():
        texts = []  # one of few values, such as False
    return [words for words in map(_uncut, texts) if _is_telling(words)]


def _uncut(text: str) -> str:
    return text.partition("...")[0]


def _is_telling(words: str) -> bool:
    return len(words) >= TELLING and any(each.isalpha() for each in words)
