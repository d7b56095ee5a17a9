"""Where listings stand: fences in Markdown, directives in reStructuredText, docstrings.

A directive has the options of the fence:

    .. callpath::
       :scenario: http-get
       :server: daphne

       daphne.server.Server.run

In a Python file both forms are looked for in docstrings, and nowhere else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..integrations.fences import Fence, Problem, scan
from . import UsageError

LANGUAGE = "callpath"

_DIRECTIVE = re.compile(r"(?P<indent>[ \t]*)\.\. callpath::(?P<rest>.*)")
_OPTION = re.compile(r"[ \t]*:(?P<name>[\w-]+):(?P<value>.*)")

Found = Fence | Problem


def find(path: Path, text: str) -> list[Found]:
    """The listings of a file, in order, and what looks like one and is none.

    Raises:
        UsageError: files of that kind have no listings, or it is not Python.
    """
    if path.suffix not in FINDERS:
        known = ", ".join(FINDERS)
        raise UsageError(f"{path}: listings are looked for in {known}")
    return list(FINDERS[path.suffix](text))


def _markdown(text: str) -> Iterator[Found]:
    for each in scan(text):
        if isinstance(each, Fence):
            if each.language == LANGUAGE:
                yield each
        elif LANGUAGE in text[each.start : each.end]:
            yield each


def _rest(text: str) -> Iterator[Found]:
    reader = _Reader(text)
    while reader.at < len(reader.lines):
        opening = _DIRECTIVE.fullmatch(reader.lines[reader.at].rstrip("\n"))
        reader.step()
        if opening:
            yield reader.directive(opening)


def _python(text: str) -> Iterator[Found]:
    lines = text.splitlines(keepends=True)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UsageError(f"it is not Python: {error}") from None
    for string in sorted(_docstrings(tree), key=lambda node: node.lineno):
        first, last = string.lineno - 1, string.end_lineno or string.lineno
        start, part = len("".join(lines[:first])), "".join(lines[first:last])
        for each in (*_markdown(part), *_rest(part)):
            yield replace(
                each,
                line=each.line + first,
                start=each.start + start,
                end=each.end + start,
            )


def _docstrings(tree: ast.AST) -> Iterator[ast.expr]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False):
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            yield first.value


FINDERS = {".md": _markdown, ".rst": _rest, ".py": _python}
"""What reads a file: suffix -> reader."""


class _Reader:
    """Goes down a text line by line, and knows the offset."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(keepends=True)
        self.at = 0
        self.offset = 0

    def step(self) -> str:
        """Passes a line."""
        line = self.lines[self.at]
        self.at += 1
        self.offset += len(line)
        return line

    def directive(self, opening: re.Match[str]) -> Found:
        """The directive whose first line was just passed."""
        line, start = self.at, self.offset - 1
        options = dict(self.options())
        body: list[str] = []
        begin, number = start, line
        while self.at < len(self.lines) and self.is_inside(opening["indent"]):
            if not body and not self.lines[self.at].strip():
                self.step()
                continue
            if not body:
                begin, number = self.offset - 1, self.at
            body.append(self.step())
        while body and not body[-1].strip():
            body.pop()
        if not body:
            return Problem(f"the {LANGUAGE} is empty", line, start, start)
        margin = body[0][: len(body[0]) - len(body[0].lstrip())]
        return Fence(
            language=LANGUAGE,
            arguments=tuple(opening["rest"].split()),
            options=options,
            body="".join(each.removeprefix(margin) for each in body),
            # The line and the offset before the body, where a fence has its marker.
            line=number,
            start=begin,
            end=begin + 1 + sum(map(len, body)),
            indent=margin,
            marker="",
        )

    def options(self) -> Iterator[tuple[str, str]]:
        """Passes the lines `:name: value`."""
        while self.at < len(self.lines):
            option = _OPTION.fullmatch(self.lines[self.at].rstrip("\n"))
            if option is None:
                return
            self.step()
            yield option["name"], option["value"].strip()

    def is_inside(self, indent: str) -> bool:
        """Whether the next line still belongs to a directive so far in."""
        line = self.lines[self.at].rstrip("\n")
        return not line.strip() or line[: len(indent) + 1].strip(" \t") == ""
