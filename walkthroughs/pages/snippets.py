"""Run the Python of a page: scripts and prompts, with `await` at the top level.

The snippets of a page share their names and one event loop, as if a reader typed them
in one after the other.  With prompts, what is printed is compared, as doctest does;
unlike there, nothing can be skipped, and no line after an answer is left uncompared.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from types import CodeType
from typing import Any

from .markdown import Fence, place

PYTHON = frozenset({"py", "pycon", "python"})
"""The languages of fences that are run as Python."""

_RUNNER = "__walkthroughs_runner__"
_CHECKER = doctest.OutputChecker()


def run_snippet(fence: Fence, path: str, namespace: dict[str, Any]) -> str | None:
    """Run a fence of the page at `path`: at prompts where it has some, else whole.

    Returns what was wrong with the answers at prompts; a script just raises.
    """
    __tracebackhide__ = True
    namespace.setdefault("__name__", "__main__")
    if fence.language == "pycon" or fence.body.lstrip().startswith(">>>"):
        return "\n".join(_run_prompts(fence, path, namespace)) or None
    _run(_compile(fence.body, path, fence.line + 1, "exec"), namespace)
    return None


def copied(namespace: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a page's names that shares the page's event loop."""
    if _RUNNER not in namespace:
        namespace[_RUNNER] = asyncio.Runner()
    return {**namespace}


def close_loop(namespace: dict[str, Any]) -> None:
    """Close the event loop of a page, if it used one."""
    runner = namespace.pop(_RUNNER, None)
    if runner is not None:
        runner.close()


def _compile(source: str, path: str, line: int, mode: str) -> CodeType:
    # The lines above are left empty: so a traceback has the lines of the page.
    source = "\n" * (line - 1) + source
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(source, path, mode, flags=flags, dont_inherit=True)
    assert isinstance(code, CodeType)
    return code


def _run(code: CodeType, namespace: dict[str, Any]) -> None:
    __tracebackhide__ = True
    result = eval(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        if _RUNNER not in namespace:
            namespace[_RUNNER] = asyncio.Runner()
        namespace[_RUNNER].run(result)


def _run_prompts(fence: Fence, path: str, namespace: dict[str, Any]) -> Iterator[str]:
    """Run a fence with prompts; yield what is wrong with it."""
    line = fence.line + 1
    for piece in doctest.DocTestParser().parse(fence.body, path):
        if isinstance(piece, str):
            if piece.strip():
                # doctest takes what follows an empty line for prose.
                words = piece.strip().splitlines()[0]
                yield f"{place(path, line)}: nothing compares {words!r}, further down"
            continue
        line = fence.line + 1 + piece.lineno
        if piece.options.get(doctest.SKIP):
            yield f"{place(path, line)}: nothing on a page may be skipped"
            continue
        got, foreseen = _answer(piece, path, line, namespace)
        if not _CHECKER.check_output(piece.want, got, _flags(piece)):
            difference = _CHECKER.output_difference(piece, got, _flags(piece))
            yield f"{place(path, line)}: >>> {piece.source}{difference}"
        if not foreseen:
            return


def _flags(piece: doctest.Example) -> int:
    flags = doctest.ELLIPSIS
    for flag, on in piece.options.items():
        flags = flags | flag if on else flags & ~flag
    return flags


def _answer(
    piece: doctest.Example, path: str, line: int, namespace: dict[str, Any]
) -> tuple[str, bool]:
    """Return what one prompt prints, and whether the page can go on after it.

    An error that the page foresees is told in the page's own words.
    """
    output = StringIO()
    hook, sys.displayhook = sys.displayhook, sys.__displayhook__
    try:
        with redirect_stdout(output):
            _run(_compile(piece.source, path, line, "single"), namespace)
    except Exception as error:  # noqa: BLE001 - code on a page may raise anything
        actual = "".join(traceback.format_exception_only(error))
        if piece.exc_msg is None:
            return output.getvalue() + _traceback(error, path), False
        foreseen = _CHECKER.check_output(piece.exc_msg, actual, _flags(piece))
        return (piece.want if foreseen else actual), True
    finally:
        sys.displayhook = hook
    return output.getvalue(), True


def _traceback(error: Exception, path: str) -> str:
    """Return the traceback, from the page's own line on."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename != path:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))
