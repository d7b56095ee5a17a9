"""Source excerpts: the lines of an installed package that a step ran through.

Files are found on `sys.path` and read as text; nothing is imported, so that looking at
a trace runs none of the code in it.  A file that is missing, or that is not the one
recorded, gives an excerpt that says so: a page with a hole is better than none.
"""

from __future__ import annotations

import ast
import html
import re
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Literal

from ..trace import Function, Package

Mark = Literal["", "call", "return", "raise"]

HEAD = 10
"""How many lines of a function's beginning are shown."""
AROUND = 5
"""How many lines are shown on each side of a line that makes a call."""
SENTENCE = 200
"""A first sentence of a docstring that has more letters is not shown."""
NEAR = 1
"""How many lines are shown on each side of the line where a function ended."""


_COLOURLESS = re.compile(r'<span class="(?:bp|n|n[bdn]|o|p|w)">([^<]*)</span>')
"""Highlighting that gives no colour, and would only make pages heavy."""


_EPYTEXT = re.compile(r"\b[A-Z]\{([^{}<]*)(?:<[^{}]*>)?\}")
"""Markup in Twisted's docstrings: L{a link}, C{code}."""

_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!cf\.)\s")
"""What comes after the end of a sentence."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of source; `html` is the same text with highlighting."""

    number: int
    text: str
    html: str
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of one function.

    Args:
        function: whose lines they are.
        package: the distribution they come from, if the trace knows it.
        lines: the lines; None stands for those left out at that place.
        problem: why there are none, in one sentence; else empty.
    """

    function: Function
    package: Package | None
    lines: tuple[SourceLine | None, ...] = ()
    problem: str = ""


class Sources:
    """Reads excerpts, each file once.

    Args:
        packages: the distributions that the trace names.
        folders: where packages lie, by default `sys.path`.
    """

    def __init__(
        self, packages: Iterable[Package], folders: Sequence[str] | None = None
    ) -> None:
        self._packages = {_plain(package.name): package for package in packages}
        self._folders = tuple(sys.path if folders is None else folders)

    def package(self, function: Function) -> Package | None:
        """Return the distribution that holds the function."""
        top = function.module.partition(".")[0]
        owners = (top, *_owners().get(top, ()))
        found = (self._packages.get(_plain(owner)) for owner in owners)
        return next((package for package in found if package), None)

    def summary(self, function: Function) -> str:
        """Return the first sentence of the function's docstring; "" for none."""
        file = _find(function.file, self._folders)
        if file is None:
            return ""
        known = _functions(file, file.stat().st_mtime_ns)
        name = function.qualname.rpartition(".")[2]
        _, summary = known.get((function.line, name), (0, ""))
        return summary

    def caller(self, function: Function, line: int) -> Excerpt:
        """Return the lines of `function` around the `line` that makes a call."""
        return self._excerpt(function, {line: "call"}, head=1, around=AROUND)

    def callee(
        self, function: Function, line: int | None, how: Mark = "return"
    ) -> Excerpt:
        """Return the beginning of `function`, and the `line` where the call ended."""
        marks: dict[int, Mark] = {} if line is None else {line: how}
        return self._excerpt(function, marks, head=HEAD, around=NEAR)

    def _excerpt(
        self, function: Function, marks: Mapping[int, Mark], head: int, around: int
    ) -> Excerpt:
        package = self.package(function)
        file = _find(function.file, self._folders)
        if file is None:
            return Excerpt(function, package, problem=_absent(function))
        changed = file.stat().st_mtime_ns
        name = function.qualname.rpartition(".")[2]
        last, _ = _functions(file, changed).get((function.line, name), (0, ""))
        if not last or not all(function.line <= n <= last for n in marks):
            return Excerpt(function, package, problem=_other(function))
        first = function.line
        kept = set(range(first, min(first + head, last + 1)))
        for n in marks:
            kept.update(range(max(first, n - around), min(n + around, last) + 1))
        lines = _pieces(_lines(file, changed, first, last), kept, marks)
        return Excerpt(function, package, lines)


@cache
def _owners() -> Mapping[str, list[str]]:
    """Top-level module -> the distributions that it comes from."""
    return packages_distributions()


def _plain(name: str) -> str:
    """Normalise a distribution's name, so that spellings of it are equal."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _absent(function: Function) -> str:
    return f"The source, {function.file}, is not installed here."


def _other(function: Function) -> str:
    return (
        f"The {function.file} installed here is not the one that was recorded: "
        f"line {function.line} does not begin {function.qualname}."
    )


@lru_cache(maxsize=1024)
def _find(file: str, folders: tuple[str, ...]) -> Path | None:
    candidates = (Path(folder, file) for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


# Keyed by time of change, too: where a site is served, its code changes meanwhile.
@lru_cache(maxsize=256)
def _read(file: Path, changed: int) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


@lru_cache(maxsize=256)
def _functions(file: Path, changed: int) -> Mapping[tuple[int, str], tuple[int, str]]:
    """(first line with decorators, name) of each function -> last line, summary."""
    with warnings.catch_warnings():
        # An odd escape in somebody's string is not ours to report.
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(_read(file, changed))
        except SyntaxError:
            return {}
    found: dict[tuple[int, str], tuple[int, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            starts = (node, *node.decorator_list)
            first = min(each.lineno for each in starts)
            last = node.end_lineno or node.lineno
            found[first, node.name] = last, _first_sentence(ast.get_docstring(node))
    return found


def _first_sentence(docstring: str | None) -> str:
    paragraph = " ".join((docstring or "").partition("\n\n")[0].split())
    paragraph = _EPYTEXT.sub(r"\1", paragraph).replace("``", "")
    sentence = _END.split(paragraph, maxsplit=1)[0]
    return sentence if len(sentence) <= SENTENCE else ""


@lru_cache(maxsize=1024)
def _lines(file: Path, changed: int, first: int, last: int) -> tuple[SourceLine, ...]:
    """Return a function's lines, dedented and highlighted as a whole.

    An excerpt that began inside a string would be coloured wrongly.
    """
    lines = _read(file, changed).split("\n")[first - 1 : last]
    indent = len(lines[0]) - len(lines[0].lstrip())
    texts = [line[:indent].lstrip() + line[indent:].rstrip() for line in lines]
    coloured = highlight("\n".join(texts))
    return tuple(
        SourceLine(number, text, line)
        for number, (text, line) in enumerate(zip(texts, coloured, strict=True), first)
    )


def without_colourless(code: str) -> str:
    """Highlighted code with a third of its elements: those that give it a colour."""
    return _COLOURLESS.sub(r"\1", code)


def highlight(text: str) -> list[str]:
    """Render Python source as HTML, line by line.

    It has Pygments' classes if Pygments is there, and is only escaped if not.
    """
    try:
        from pygments import highlight as render
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer
    except ImportError:
        return [html.escape(line) for line in text.split("\n")]
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    formatted: str = render(text, lexer, HtmlFormatter(nowrap=True))
    lines = without_colourless(formatted).split("\n")
    # The formatter ends the last line even if the text does not.
    return lines[: text.count("\n") + 1]


def _pieces(
    lines: Sequence[SourceLine], kept: set[int], marks: Mapping[int, Mark]
) -> tuple[SourceLine | None, ...]:
    """Yield the kept lines with their marks; a gap of one line is shown after all."""
    pieces: list[SourceLine | None] = []
    for line in lines:
        number = line.number
        if number in kept or {number - 1, number + 1} <= kept:
            mark = marks.get(number, "")
            pieces.append(SourceLine(number, line.text, line.html, mark))
        elif pieces and pieces[-1] is not None:
            pieces.append(None)
    return tuple(pieces)
