"""Where every stage of the book runs.

A stage is a call that some listing of the book names.  All pages are read, so that
nothing of this is typed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape

from ..build_memo import remembered
from ..code_digest import digest
from ..errors import WalkthroughError
from ..fence_recordings import digests_of
from ..pages.markdown import fences, options_of
from ..pages.pages import Pages, first_heading
from ..trace import Message
from ..verification import ident, verify


@dataclass(frozen=True, slots=True)
class Stage:
    """A call at a place of the book.

    Args:
        name: its dotted name.
        page: path of the page below the book's folder, "words.md".
        title: the page's first heading.
        scenario: which walkthrough.
        server: on which server.
        anchor: the id of the step.
        number: its number in the walkthrough.
    """

    name: str
    page: str
    title: str
    scenario: str
    server: str
    anchor: str
    number: int

    @property
    def package(self) -> str:
        """The top-level package that it belongs to."""
        return self.name.partition(".")[0]


def stages(pages: Pages) -> Iterator[Stage]:
    """Yield all stages that the pages name, in the order of the pages' paths."""
    for page, text in pages.texts.items():
        yield from on_page(page, text)


@cache
def on_page(page: str, text: str) -> tuple[Stage, ...]:
    """Return the stages that a page names; `cache_clear` after new recordings."""
    return tuple(_on_page(page, text))


def _on_page(page: str, text: str) -> Iterator[Stage]:
    title = first_heading(text, page)
    seen: list[tuple[str, str]] = []
    for fence in fences(text):
        if fence.language != "callpath":
            continue
        try:
            options = options_of(fence)
            view = verify(fence.body, options).view
        except WalkthroughError:
            continue  # the listing's own test says so, with its line
        which = (options["scenario"], options["server"])
        seen.append(which)
        walk = ident(*which, seen.count(which))
        for step in view.steps:
            name = view.name(step)
            if not isinstance(step.event, Message):
                anchor = f"{walk}-{step.number}"
                yield Stage(name, page, title, *which, anchor, step.number)


@remembered
def depends_on(pages: Pages) -> str:
    """Name all that `stages` depends on.

    Returns:
        "" if a recording of it is not kept in the cache, or cannot be made.
    """
    found: list[object] = []
    for page, text in pages.texts.items():
        listings = [each for each in fences(text) if each.language == "callpath"]
        try:
            digests = [digests_of(options_of(each), ()) for each in listings]
        except WalkthroughError:
            return ""
        if not all(map(all, digests)):
            return ""
        written = [(each.options, each.body) for each in listings]
        found.append((page, first_heading(text, page), written, digests))
    return digest(repr(found))


def homes(pages: Pages) -> dict[str, str]:
    """Give for each package the page that has its `stages` fence."""
    return {
        fence.arguments[0]: page
        for page, fence in pages.of_language("stages")
        if fence.arguments
    }


def linked(code: str, place: str) -> str:
    """Return the name of a stage, with a link to where it runs, if anywhere."""
    if not place:
        return code
    return (
        f'<a class="stage" href="{escape(place)}" title="Where does this run?">'
        f"{code}</a>"
    )


def breakable(name: str) -> str:
    """Let a dotted name break after its dots and underscores, as HTML."""
    return re.sub(r"([._])", r"\1<wbr>", escape(name))
