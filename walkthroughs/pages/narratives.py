"""The narratives of a Markdown page: prose that is read beside a walkthrough.

    <div class="beside" data-path="http-get daphne" markdown="1">

    **`Port.doRead`** is the first call that a client causes. ...

    </div>

Beside listings of several versions it names one of them: "http-get daphne django=6.1".

A bold name of code is a *mention*: it names a step of that walkthrough.  Where several
steps have the name, it means the next one; `{: nth=3 }` after it means the third of all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .markdown import Fence, Problem, scan

_OPENING = re.compile(r"<div\b[^>]*\bclass=[\"']?beside\b[^>]*>")
_PATH = re.compile(
    r"\bdata-path=\"(?P<scenario>\S+) (?P<server>[^\s\"]+)"
    r"(?: (?P<name>[\w-]+)=(?P<version>[^\s\"]+))?\""
)
_MARKDOWN = re.compile(r"\bmarkdown(=[\"']?(1|block)[\"']?)?(?=[\s>])")
_TAG = re.compile(r"<(?P<end>/?)div\b")
_MENTION = re.compile(r"\*\*`(?P<name>[^`]+)`\*\*(?:\{:? *nth=\"?(?P<nth>\d+)\"? *\})?")


@dataclass(frozen=True, slots=True)
class Mention:
    """A bold name in a narrative.

    Args:
        name: what is written, "WebRequest.process".
        line: its line on the page, from 1.
        nth: which of the steps with that name is meant, from 1; 0 for the next one.
    """

    name: str
    line: int
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Narrative:
    """Prose beside a walkthrough.

    Args:
        scenario: the scenario of the walkthrough's recording.
        server: its server.
        line: line of the opening tag on the page, from 1.
        start: offset of the opening tag.
        end: offset just after the opening tag.
        mentions: the bold names in it, in order.
        version: the option of its listing that names a version, "django" and "6.1".
    """

    scenario: str
    server: str
    line: int
    start: int
    end: int
    mentions: tuple[Mention, ...] = ()
    version: tuple[tuple[str, str], ...] = ()


def narratives(page: str) -> Iterator[Narrative | Problem]:
    """Find the narratives of a page, in order, and what was meant to be one."""
    text = _without_fences(page)
    for opening in _OPENING.finditer(text):
        line = text.count("\n", 0, opening.start()) + 1
        start, end = opening.span()
        path = _PATH.search(opening[0])
        fault = _fault(text, opening, path is not None)
        if fault or path is None:
            yield Problem(fault, line, start, end)
            continue
        inside = text[end : _close(text, end)]
        yield Narrative(
            path["scenario"],
            path["server"],
            line,
            start,
            end,
            tuple(
                Mention(
                    " ".join(found["name"].split()),
                    line + inside.count("\n", 0, found.start()),
                    int(found["nth"] or 0),
                )
                for found in _MENTION.finditer(inside)
            ),
            ((path["name"], path["version"]),) if path["name"] else (),
        )


def _fault(text: str, opening: re.Match[str], has_path: bool) -> str:
    if text[text.rfind("\n", 0, opening.start()) + 1 : opening.start()]:
        return "a narrative starts at the left margin, on a line of its own"
    if not has_path:
        return 'a narrative names its walkthrough: data-path="SCENARIO SERVER"'
    if not _MARKDOWN.search(opening[0]):
        return 'without markdown="1" a narrative is not read as Markdown'
    if not _close(text, opening.end()):
        return "this narrative is never closed: </div> is missing"
    return ""


def _close(text: str, start: int) -> int:
    """Return the offset of the tag that closes the element; 0 if there is none."""
    depth = 1
    for tag in _TAG.finditer(text, start):
        depth += -1 if tag["end"] else 1
        if not depth:
            return tag.start()
    return 0


def _without_fences(page: str) -> str:
    """Blank out the fences, so that all else keeps its line and its offset."""
    parts, end = [], 0
    for each in scan(page):
        if isinstance(each, Fence):
            blank = re.sub(r"[^\n]", " ", page[each.start : each.end])
            parts += [page[end : each.start], blank]
            end = each.end
    return "".join([*parts, page[end:]])
