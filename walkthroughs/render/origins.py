"""The way of a value backwards: at which step before its text was seen.

A recording has the texts of arguments, not the objects.  So what is found is that a text
was there before, in the same words or as a part of a longer text; that is what is said.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from ..trace import Call
from .view import View

TELLING = 5
"""How many characters a text has at least, so that to find it again says something."""

REMEMBERED = 300
"""In how many texts a value is looked for, the nearest first."""

_LITERAL = re.compile(r"b?(?P<quote>['\"])(?P<inner>.*)(?P=quote)", re.DOTALL)


class Origin(NamedTuple):
    """Where a text was seen before.

    Args:
        step: number of the step.
        name: of the argument that had it there.
    """

    step: int
    name: str


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
    before: deque[tuple[Origin, str]] = deque(maxlen=REMEMBERED)
    for step in view.steps:
        args = step.event.args if isinstance(step.event, Call) else ()
        for name, text in args:
            words = telling(text)
            near = (at for at, other in reversed(before) if words and words in other)
            if (origin := next(near, None)) is not None:
                found[step.number, name] = origin
        before.extend((Origin(step.number, name), text) for name, text in args)
    return found


def telling(text: str) -> str:
    """Return the part of a repr by which its value is known again; "" if there is none."""
    literal = _LITERAL.fullmatch(text)
    words = literal["inner"] if literal else text if text[:1] in "<{" else ""
    words = words.partition("...")[0]
    known = len(words) >= TELLING and any(each.isalpha() for each in words)
    return words if known else ""
