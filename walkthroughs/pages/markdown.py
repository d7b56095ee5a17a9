"""The fences of a Markdown page, found by one scanner for all who read them.

The site renders fences with pymdownx.superfences; so what is a fence here is what is
one there: opening and closing marker alike and equally far in, inside tabs, admonitions,
list items and quotes.  What only looks like a fence there is a `Problem` here, so that
nothing on a page is skipped in silence.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..errors import FenceError

_OPENING = re.compile(r"(?P<indent>[ \t>]*)(?P<marker>`{3,}|~{3,})(?P<info>.*)")
_BESIDE_BULLET = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])[ \t]+(?:`{3,}[^`]*$|~{3,})")
_PROMPT = re.compile(r"[ \t]*>>> ")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?^---[ \t]*$\n?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """One fenced block.

    Args:
        language: the first word after the marker, or the first class in braces.
        arguments: the bare words after it.
        options: the `key=value` words after it.
        body: the text between the markers, moved to the left margin.
        line: line of the opening marker, counted from 1.
        start: offset of the opening line in the page.
        end: offset just after the closing marker.
        indent: what stands before the markers.
        marker: the opening and the closing marker.
    """

    language: str
    arguments: tuple[str, ...]
    options: Mapping[str, str]
    body: str = field(repr=False)
    line: int
    start: int
    end: int
    indent: str = ""
    marker: str = "```"


@dataclass(frozen=True)
class Problem:
    """Something that looks like an example and that nothing would render or run."""

    message: str
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class _Line:
    text: str
    number: int
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def scan(page: str) -> list[Fence | Problem]:
    """Find the fences of a page, and its problems, in order."""
    return [*_scan(page)]


# Each page is asked for its fences by all that is made from them.
@lru_cache(maxsize=256)
def _scan(page: str) -> tuple[Fence | Problem, ...]:
    return tuple(_Scanner(page).scan())


def fences(page: str) -> list[Fence]:
    """Return the fences of a page, in order."""
    return [each for each in scan(page) if isinstance(each, Fence)]


def unread(page: str, languages: Collection[str]) -> Iterator[Problem]:
    """Find what names one of these languages on a page, but is not a fence of it."""
    names = "|".join(map(re.escape, languages))
    opening = re.compile(
        rf"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:`{{3,}}|~{{3,}})[ \t]*"
        rf"\{{?\.?(?P<name>{names})(?![\w-])",
        re.MULTILINE,
    )
    before = 0
    for each in scan(page):
        if isinstance(each, Fence):
            if each.language not in languages and (
                odd := opening.match(page, each.start)
            ):
                words = f"this names a {odd['name']} fence: write ```{odd['name']}"
                yield Problem(words, each.line, each.start, each.end)
        elif opening.search(page[before : each.end]):
            yield each
        before = each.end


def options_of(fence: Fence) -> dict[str, str]:
    """Give the options of a fence that takes one bare word, that word as "target".

    Raises:
        FenceError: it has more bare words than that.
    """
    if len(fence.arguments) > 1:
        many = " ".join(fence.arguments)
        raise FenceError(f"a {fence.language} fence takes one bare word, not: {many}")
    target = {"target": fence.arguments[0]} if fence.arguments else {}
    return {**fence.options, **target}


def without_front_matter(text: str) -> str:
    """Give a page's text without the YAML at its head."""
    return _FRONT_MATTER.sub("", text, count=1)


def place(path: str, line: int) -> str:
    """Page and line as an author would name them: "docs/words.md:12"."""
    page = Path(path)
    if page.is_relative_to(Path.cwd()):
        page = page.relative_to(Path.cwd())
    return f"{page.as_posix()}:{line}"


class _Scanner:
    """Goes down a page line by line, inside a fence or outside."""

    def __init__(self, page: str) -> None:
        self.lines = list(_lines(page))
        self.at = 0

    def scan(self) -> Iterator[Fence | Problem]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            opening = _OPENING.fullmatch(line.text)
            if opening and not ("`" in opening["marker"] and "`" in opening["info"]):
                yield self.inside(line, opening)
            elif _BESIDE_BULLET.match(line.text):
                yield _problem(line, "a fence beside a bullet is none: put it below")
            elif _PROMPT.match(line.text):
                yield _problem(line, "`>>>` outside a fence is run by nothing")

    def inside(self, first: _Line, opening: re.Match[str]) -> Fence | Problem:
        """Read the fence that `first` opens, up to its closing marker."""
        indent = opening["indent"]
        body: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.text.rstrip() == indent + opening["marker"]:
                self.at += 1
                return _fence(first, line, opening, body)
            if line.text.strip(" \t>") and not line.text.startswith(indent):
                return _problem(line, "this line ends the fence above: it is outdented")
            body.append(line.text[len(indent) :])
            self.at += 1
        return _problem(first, "this fence is never closed")


def _lines(page: str) -> Iterator[_Line]:
    start = 0
    for number, text in enumerate(page.split("\n"), start=1):
        yield _Line(text, number, start)
        start += len(text) + 1


def _problem(line: _Line, message: str) -> Problem:
    return Problem(message, line.number, line.start, line.end)


def _fence(
    first: _Line, last: _Line, opening: re.Match[str], body: list[str]
) -> Fence | Problem:
    try:
        language, arguments, options = _read_info(opening["info"].strip())
    except ValueError as error:
        return _problem(first, f"the words after the marker make no sense: {error}")
    return Fence(
        language=language,
        arguments=arguments,
        options=options,
        body="".join(line + "\n" for line in body),
        line=first.number,
        start=first.start,
        end=last.end,
        indent=opening["indent"],
        marker=opening["marker"],
    )


def _read_info(info: str) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """Read `python title="x"`, `python {title="x"}` or `{.python title="x"}`."""
    bare, brace, attributes = info.partition("{")
    if brace:
        attributes = attributes.removesuffix("}")
    words = shlex.split(bare)
    marks = shlex.split(attributes)
    if not words:
        words = [mark.removeprefix(".") for mark in marks if mark.startswith(".")][:1]
    language = words.pop(0).removeprefix(".") if words else ""
    words += [mark for mark in marks if not mark.startswith((".", "#"))]
    pairs = [word.partition("=") for word in words]
    return (
        language,
        tuple(key for key, equals, _ in pairs if not equals),
        {key: value for key, equals, value in pairs if equals},
    )
