"""What a page leaves out of the output of a command, and what may stand there.

A gap is no wildcard: each has a rule for what it stands for, so a traceback, a warning or
a lost step behind it is seen.
"""

from __future__ import annotations

import re
from itertools import pairwise

GAP = "[...]"
"""Alone in a line it stands for lines, else for a part of its line."""

_CALL = r"\d+  (?:│ )*\S+ +\S+\.py:\d+"
_EVENT = r"\d+  (?:│ )*(?:receive ->|send <-) [\w.]+(?: +\d+)?(?:,? +\d+ queued)?"
_CAUSE = (
    r"  # (?:created as a task|handed to a thread|scheduled with call_soon|woken)"
    r" (?:by|from) .+|  # the loop found something to read or write"
)
_LANE = rf"--- (?:loop|reactor|(?:task|thread): [\w ]+)(?:{_CAUSE})?"
_LEFT_OUT = r" +(?:│ )*… \d+ calls?"
# `mkdocs build` shows what is wrong with a listing, and ends.
_WRONG = (
    r"WARNING -  walkthroughs: docs/index\.md:6: .+\n- written, \+ observed:\n"
    r"(?: {4}.+\n)+recorded on Python .+"
)
_ABORTED = "Aborted with a BuildError!|"

LINES = {
    "walkthroughs record": f"{_CALL}|{_EVENT}|{_LANE}|{_LEFT_OUT}",
    "walkthroughs compare": r"\d+ calls?, \d+ hops? +\| \d+ calls?, \d+ hops?",
    "python -m pytest": r"\. +\[100%\]",
    "python -m mkdocs": rf"INFO    -  .+|{_WRONG}|{_ABORTED}",
}
"""The beginning of a command -> the lines that a gap may stand for."""

WITHIN = (
    (r"", r" (?:steps|lanes) ?", r"\d+"),
    (r"", r" seconds$", r"[\d.]+"),
    (r"^$", r"  ", r"\d+"),
    (r"^$", r"\w", r"\d+  (?:│ )*"),
    (r"\.handle$", r"$", r" +\S+\.py:\d+"),
    (r"response\.start$", r"200$", r" +"),
    (r"--- (?:task|thread): [\w ]+$", r"$", _CAUSE),
    (r"\($", r"notes\.py", r"[\w/-]+/"),
    (r"(?:uvicorn|hypercorn): $", r" \||$", r"\d+ calls, \d+ hops, \d+ events"),
    (r"recorded on Python $", r"$", r"[\d.]+ with \w+ [\d.]+(?:, \w+ [\d.]+)*"),
    (r"passed$", r"$", r" in [\d.]+s(?: \([\d:]+\))?"),
)
"""What stands before a gap in its line, what stands after it, what it may stand for."""


def pattern(said: str, command: str) -> str:
    """Give the pattern of what a command may print, with a group for each gap.

    Args:
        said: what the page shows.
        command: the command, without a prompt.

    Raises:
        LookupError: nobody has said what a gap stands for.
    """
    return "".join(_line(line, command) for line in said.splitlines())


def _line(line: str, command: str) -> str:
    if line == GAP:
        rule = next(LINES[each] for each in LINES if command.startswith(each))
        return rf"((?:(?:{rule})\n)*?)"
    parts = line.split(GAP)
    words = [re.escape(parts[0])]
    for before, after in pairwise(parts):
        words += [f"({_within(before, after)})", re.escape(after)]
    return "".join(words) + r"\n"


def _within(before: str, after: str) -> str:
    for left, right, stands_for in WITHIN:
        if re.search(left, before) and re.match(right, after):
            return stands_for
    raise LookupError(f"what does the gap in {before}{GAP}{after} stand for?")


def numbers_are_whole(printed: str) -> bool:
    """Whether a recording shows each of its steps, or how many it has left out."""
    head, _, path = printed.partition("\n")
    path = path.partition("The whole path:\n")[2] or path
    total = re.search(r": (\d+) steps in ", head)
    start = re.search(r"^ +… (\d+) steps while the server started", path, re.MULTILINE)
    numbers = re.findall(r"^ *(\d+)  ", path, re.MULTILINE)
    first = int(start[1]) + 1 if start else 1
    return total is not None and [*map(int, numbers)] == [
        *range(first, int(total[1]) + 1)
    ]
