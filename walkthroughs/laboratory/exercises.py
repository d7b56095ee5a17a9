"""Runs a reader's answer to an exercise, and the exercise's check.

The answer gets the names of the blocks above it, and leaves none behind.  The check is a
block of the page with asserts, each with words for the reader.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Sequence
from io import StringIO
from typing import Any

from .snippets import LONGEST, Snippets, example_site

ANSWER = "your answer"
CHECK = "the check"
"""What tracebacks call the two pieces of code."""


def solve(
    snippets: Snippets, page: str, bodies: Sequence[str], answer: str, check: str
) -> dict[str, Any]:
    """Run an answer and its check.

    Args:
        snippets: runs the blocks above.
        page: the page of the exercise.
        bodies: the blocks above the page's own answer.
        answer: the reader's answer.
        check: the exercise's check.

    Returns:
        `output`: what is wrong, in words, and what was printed; and whether it `failed`.
    """
    if not answer.strip():
        return {"output": "The box is still empty.", "failed": True}
    # What has run further down does not count: it may define what is asked for.
    above = f"{page}, above an exercise"
    if [*snippets.ran(above)] != [*bodies]:
        ready = snippets.run(above, bodies)
        if ready["failed"]:
            return ready
    names = snippets.names(above)
    printed = StringIO()
    with contextlib.redirect_stdout(printed), example_site():
        wrong = _wrong(answer, check, names)
    output = "\n".join(filter(None, (wrong, printed.getvalue().strip())))
    return {"output": output[:LONGEST], "failed": bool(wrong)}


def _wrong(answer: str, check: str, names: dict[str, Any]) -> str:
    """Return what is wrong with an answer; empty if nothing is."""
    from ..pages.markdown import Fence
    from ..pages.snippets import run_snippet

    try:
        for part, body in ((ANSWER, answer), (CHECK, check)):
            fence = Fence("python", (), {}, body, 0, 0, 0)
            if wrong := run_snippet(fence, part, names):
                return wrong
    except BaseException as error:  # noqa: BLE001 - it is the reader's code
        return _in_words(error)
    return ""


def _in_words(error: BaseException) -> str:
    described = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, SyntaxError) and error.filename == ANSWER:
        kind = type(error).__name__
        return f"{kind}: {error.msg} (line {error.lineno} of your answer)"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [each for each in frames if each.filename in (ANSWER, CHECK)]
    if lines and lines[-1].filename == ANSWER:
        return f"{described} (line {lines[-1].lineno} of your answer)"
    if isinstance(error, AssertionError):
        return str(error) or described
    in_check = bool(frames) and frames[-1].filename == CHECK
    if type(error) is NameError and error.name and in_check:
        return f"Your answer does not define {error.name}."
    if isinstance(error, TimeoutError):
        return "Your answer was still waiting when the check gave up."
    return described
