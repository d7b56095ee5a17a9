"""Source excerpts: the lines of an installed package that a step ran through.

Files are found on `sys.path` and read as text; nothing is imported, so that looking at
a trace runs none of the code in it.  A file that is missing, or that is not the one
recorded, gives an excerpt that says so: a page with a hole is better than none.
"""

from __future__ import annotations

import ast
import html
import inspect
import re
import sys
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from ..packages import owners
from ..trace import Function, Package

Mark = Literal["", "call", "return", "raise"]

File = Path | zipfile.Path

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
        owned = (top, *owners().get(top, ()))
        found = (self._packages.get(_plain(each)) for each in owned)
        return next((package for package in found if package), None)

    def summary(self, function: Function) -> str:
        """Return the first sentence of the function's docstring; "" for none."""
        file = _find(function.file, self._folders)
        if file is None:
            return ""
        known = _functions(file, _changed(file))
        name = function.qualname.rpartition(".")[2]
        _, docstring = known.get((function.line, name), (0, ""))
        return _first_sentence(inspect.cleandoc(docstring))

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
        changed = _changed(file)
        name = function.qualname.rpartition(".")[2]
        last, _ = _functions(file, changed).get((function.line, name), (0, ""))
        if not last or not all(function.line <= n <= last for n in marks):
            return Excerpt(function, package, problem=_other(function))
        first = function.line
        kept = set(range(first, min(first + head, last + 1)))
        for n in marks:
            kept.update(range(max(first, n - around), min(n + around, last) + 1))
        shown = _rounded(max(kept) + 2 - first)
        lines = _pieces(_lines(file, changed, first, last, shown), kept, marks)
        return Excerpt(function, package, lines)


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
def _find(file: str, folders: tuple[str, ...]) -> File | None:
    candidates = (_in(folder, file) for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


def _in(folder: str, file: str) -> File:
    """Return a file in a folder, or in a zip archive, which Python takes for one."""
    if folder.endswith(".zip") and zipfile.is_zipfile(folder):
        return zipfile.Path(folder, file)
    return Path(folder, file)


def _changed(file: File) -> int:
    path = file if isinstance(file, Path) else Path(str(file.root.filename))
    return path.stat().st_mtime_ns


# Keyed by time of change, too: where a site is served, its code changes meanwhile.
@lru_cache(maxsize=256)
def _read(file: File, changed: int) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


@lru_cache(maxsize=256)
def _functions(file: File, changed: int) -> Mapping[tuple[int, str], tuple[int, str]]:
    """(first line with decorators, name) of each function -> last line, docstring."""
    with warnings.catch_warnings():
        # An odd escape in somebody's string is not ours to report.
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(_read(file, changed))
        except SyntaxError:
            return {}
    found: dict[tuple[int, str], tuple[int, str]] = {}
    for node in _statements(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            starts = (node, *node.decorator_list)
            first = min(each.lineno for each in starts)
            last = node.end_lineno or node.lineno
            found[first, node.name] = last, ast.get_docstring(node, clean=False) or ""
    return found


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield all statements: expressions, which are most of a tree, hold no function."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for field in ("body", "orelse", "handlers", "finalbody", "cases"):
            found = getattr(node, field, ())
            # A lambda and a conditional expression have one expression there.
            todo += found if isinstance(found, list) else ()


def _first_sentence(docstring: str) -> str:
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    paragraph = _EPYTEXT.sub(r"\1", paragraph).replace("``", "")
    sentence = _END.split(paragraph, maxsplit=1)[0]
    return sentence if len(sentence) <= SENTENCE else ""


def _rounded(count: int) -> int:
    """Round up to one of few numbers, so that few excerpts are highlighted twice."""
    return 1 << max(count - 1, HEAD).bit_length()


@lru_cache(maxsize=1024)
def _lines(
    file: File, changed: int, first: int, last: int, count: int
) -> tuple[SourceLine, ...]:
    """Return the first lines of a function, dedented and highlighted as in the whole.

    An excerpt that began inside a string would be coloured wrongly.
    """
    lines = _read(file, changed).split("\n")[first - 1 : last]
    indent = len(lines[0]) - len(lines[0].lstrip())
    texts = [line[:indent].lstrip() + line[indent:].rstrip() for line in lines]
    coloured = highlight("\n".join(texts), count)
    return tuple(
        SourceLine(number, text, line)
        for number, (text, line) in enumerate(zip(texts, coloured, strict=False), first)
    )


def without_colourless(code: str) -> str:
    """Highlighted code with a third of its elements: those that give it a colour."""
    return _COLOURLESS.sub(r"\1", code)


def highlight(text: str, count: int | None = None) -> list[str]:
    """Render Python source as HTML, line by line.

    It has Pygments' classes if Pygments is there, and is only escaped if not.

    Args:
        text: the source.
        count: how many of its lines are wanted; None for all.
    """
    wanted = text.count("\n") + 1
    wanted = wanted if count is None else min(count, wanted)
    try:
        from pygments import format, lex
    except ImportError:
        return [html.escape(line) for line in text.split("\n")[:wanted]]
    lexer, formatter = _highlighter()
    formatted = format(_head(lex(text, lexer), wanted), formatter)
    # The formatter ends the last line even if the text does not.
    return without_colourless(formatted).split("\n")[:wanted]


@cache
def _highlighter() -> tuple[Any, Any]:
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)


def _head(tokens: Iterable[tuple[Any, str]], lines: int) -> Iterator[tuple[Any, str]]:
    """Yield the tokens of the first lines; what comes after them is not looked for."""
    for kind, text in tokens:
        yield kind, text
        lines -= text.count("\n")
        if lines <= 0:
            return


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
