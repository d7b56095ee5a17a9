"""Where listings stand: fences in Markdown, directives in reStructuredText, docstrings.

A directive has the options of the fence:

    .. callpath::
       :scenario: http-get
       :server: daphne

       daphne.server.Server.run

They may stand behind it too, `.. callpath:: scenario=http-get server=daphne`; and it
may be a `code-block`, whose language is `callpath`.  What names a listing in any other
form is said to be none.  In a Python file fences and directives are looked for in
docstrings, and nowhere else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..errors import UsageError
from .markdown import Fence, Problem, scan

LANGUAGE = "callpath"

BLOCKS = ("code-block", "sourcecode", "code")
"""The directives that show code in the language that stands behind them."""

_DIRECTIVE = re.compile(
    rf"(?P<indent>[ \t]*)\.\.[ \t]+"
    rf"(?:{LANGUAGE} ?::|(?:{'|'.join(BLOCKS)}) ?::[ \t]+{LANGUAGE}(?!\S))"
    rf"(?P<rest>.*)",
    re.IGNORECASE,
)
_OPTION = re.compile(r"[ \t]*:(?P<name>[\w-]+):(?P<value>.*)")
_QUOTES = re.compile(r"\w*(?:\"{3}|'{3}|\"|')")

# What means a listing, and is in no form that is read.
_ODD_DIRECTIVE = re.compile(
    rf"[ \t]*(?:\.\.[ \t]*(?:[\w-]+:)?{LANGUAGE}(?:[ \t]*:|[ \t]*$|[ \t]+\w+=)"
    rf"|\.\.[ \t]+[\w:-]*(?:code|highlight)[\w:-]* ?::[ \t]*{LANGUAGE}(?!\S)"
    rf"|:language:[ \t]*{LANGUAGE}[ \t]*$)",
    re.IGNORECASE,
)
_ODD_FENCE = re.compile(
    rf"^[ \t>]*(?:`{{3,}}|~{{3,}})[ \t]*(?:\{{[\w-]+\}}[ \t]*)?"
    rf"\{{?\.?{LANGUAGE}(?![\w-])",
    re.IGNORECASE | re.MULTILINE,
)

Found = Fence | Problem


def find(path: Path, text: str) -> list[Found]:
    """Find the listings of a file, in order, and what only looks like one.

    Raises:
        UsageError: files of that kind have no listings, or it is not Python.
    """
    if path.suffix not in FINDERS:
        known = ", ".join(FINDERS)
        raise UsageError(f"{path}: only {known} files can have listings")
    return sorted(FINDERS[path.suffix](text), key=lambda each: each.line)


def _markdown(text: str) -> Iterator[Found]:
    before = 0
    for each in scan(text):
        if isinstance(each, Fence):
            if each.language == LANGUAGE:
                yield each
            elif _ODD_FENCE.match(text, each.start):
                yield _unread(each.line, each.start, f"```{LANGUAGE}")
        # The line to blame may stand below the one that opens the fence.
        elif _ODD_FENCE.search(text[before : each.end]) or (
            LANGUAGE in text[each.start : each.end]
        ):
            yield each
        before = each.end


def _rest(text: str) -> Iterator[Found]:
    reader = _Reader(text)
    while reader.at < len(reader.lines):
        line = reader.step().rstrip("\n")
        opening = _DIRECTIVE.fullmatch(line)
        if opening:
            yield reader.directive(opening)
        elif _ODD_DIRECTIVE.match(line):
            yield _unread(reader.at, reader.offset - 1, f".. {LANGUAGE}::")


def _rest_alone(text: str) -> Iterator[Found]:
    """As `_rest`; that fences are none in such a file is said as well."""
    yield from _rest(text)
    for number, line in enumerate(text.splitlines(), start=1):
        if _ODD_FENCE.match(line):
            yield _unread(number, 0, f".. {LANGUAGE}::")


def _unread(line: int, start: int, form: str) -> Problem:
    words = f"this is not a listing, though it names one: write {form}"
    return Problem(words, line, start, start)


def _python(text: str) -> Iterator[Found]:
    lines = text.splitlines(keepends=True)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UsageError(f"it is not Python: {error}") from None
    for string in sorted(_docstrings(tree), key=lambda node: node.lineno):
        first, last = string.lineno - 1, string.end_lineno or string.lineno
        start, part = len("".join(lines[:first])), "".join(lines[first:last])
        # What stands beside the opening quotes is read, too.
        opening = _QUOTES.match(part, len(part.encode()[: string.col_offset].decode()))
        assert opening is not None
        part = " " * opening.end() + part[opening.end() :]
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


FINDERS = {".md": _markdown, ".rst": _rest_alone, ".py": _python}
"""What reads a file: suffix -> reader."""


class _Reader:
    """Goes down a text line by line, and knows the offset."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(keepends=True)
        self.at = 0
        self.offset = 0

    def step(self) -> str:
        """Pass a line."""
        line = self.lines[self.at]
        self.at += 1
        self.offset += len(line)
        return line

    def directive(self, opening: re.Match[str]) -> Found:
        """Read the directive whose first line was just passed."""
        line, start = self.at, self.offset - 1
        pairs = [word.partition("=") for word in opening["rest"].split()]
        options = {name: value.strip("\"'") for name, equals, value in pairs if equals}
        options.update(self.options())
        arguments = tuple(name for name, equals, _ in pairs if not equals)
        body: list[str] = []
        begin, number = self.offset - 1, self.at
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
            if not self.lines[number - 1].endswith("\n"):
                return Problem(f"the {LANGUAGE} is empty", line, start, start)
            margin, number = f"{opening['indent']}   ", line
        else:
            margin = body[0][: len(body[0]) - len(body[0].lstrip())]
        return Fence(
            language=LANGUAGE,
            arguments=arguments,
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
        """Pass the lines `:name: value`."""
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
