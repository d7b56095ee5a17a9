"""The book as a Python-Markdown extension: its fences, its glossary, its stage links.

    markdown_extensions:
      - walkthroughs.adapters.markdown:
          docs: docs
          glossary: reference/glossary.md

It works wherever Python-Markdown does, whatever makes the site.  A converter is given a
text and not the name of its page, so the page is found by its text.  A fence that is not
true ends the conversion, with file and line, unless a site generator reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER, AtomicString, code_escape

from ..book.glossary import GlossaryLinks, Term, read_glossary
from ..book.narrative import Bound, bind
from ..book.stage_index import homes
from ..book.stage_links import NameLinks
from ..book.stage_names import Names, read_names
from ..errors import FenceError, ListingError, WalkthroughError
from ..fences import KINDS, Link, Place, rendered
from ..pages.markdown import Fence, fences, unread
from ..pages.narratives import Narrative, narratives
from ..pages.pages import Pages, pages_of
from ..render.html import failure
from .narrative import link_mentions
from .page_addresses import address

FIND_PAGE = 40
"""Before whitespace is normalized (30): the page is found by the text as it was given."""

STORE_FENCES = 28
"""After that, which drops the marks of stored HTML, and before superfences (25)."""

LINK_MENTIONS = -15
"""After MkDocs (0), which would take an address for the path of a page, and before the
links of other names (-20)."""

RENDER_FENCES = 35
"""As soon as the tree is there: before indented code (30) and inline text (20)."""


def refuse(message: str) -> None:
    """End the conversion: the report of errors where no generator has its own.

    Raises:
        FenceError: always.
    """
    raise FenceError(message)


@dataclass
class Converting:
    """What is known of the page that is being converted.

    The pieces of a page that are converted by themselves, such as a docstring, have
    converters of their own, which belong to the same page: so there is one of these.

    Args:
        page: its path below the folder of all; "" for a text that is not a page.
        skipped: lines of the page that the text lacks at its head.
        report: is given what is wrong with a fence, with file and line.
        tells: whether a generator says of each page that it comes next, so that all else
            is a piece of the page before.
        told: whether it has said so of the text that comes now.
        pages: all pages, as they were when this one was begun.
        fence_count: how many fences have been converted so far, whether rendered,
            cached or failed.
    """

    page: str = ""
    skipped: int = 0
    report: Callable[[str], None] = refuse
    tells: bool = False
    told: bool = False
    pages: Pages | None = None
    fence_count: int = 0
    glossary: GlossaryLinks = field(default_factory=GlossaryLinks)
    names: NameLinks = field(default_factory=NameLinks)


converting = Converting()
"""The page that is being converted in this process."""


class BookExtension(Extension):
    """Make fences, glossary links and stage links of a page.

    Args:
        options: `docs`, the folder of all pages; `glossary`, the path of the glossary
            below it, "" for none; `directory_urls`, whether "words.md" becomes "words/",
            not "words.html".
    """

    def __init__(self, **options: Any) -> None:
        self.config = {
            "docs": ["docs", "the folder of all pages"],
            "glossary": ["", "the page of the glossary, below that folder"],
            "directory_urls": [False, "whether words.md becomes words/"],
        }
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        """Register what finds the page, renders its fences, and links its words."""
        stored = _StoreFences(md)
        md.preprocessors.register(_FindPage(self, stored, md), "find_page", FIND_PAGE)
        md.preprocessors.register(stored, "store_fences", STORE_FENCES)
        rendered = _RenderFences(self, stored, md)
        md.treeprocessors.register(rendered, "render_fences", RENDER_FENCES)
        mentions = _LinkMentions(self, stored, md)
        md.treeprocessors.register(mentions, "link_mentions", LINK_MENTIONS)
        converting.glossary.extendMarkdown(md)
        converting.names.extendMarkdown(md)

    @property
    def folder(self) -> Path:
        """The folder of all pages."""
        return Path(self.getConfig("docs")).absolute()

    def begin(self, text: str) -> bool:
        """Find out which page has this text, and what its words link to.

        Returns:
            whether it is a whole page, and not a piece of the one before.
        """
        if converting.tells and not converting.told and converting.page:
            return False
        pages, whole = pages_of(self.folder), converting.told
        converting.pages = pages
        if not converting.told:
            page = pages.find(text)
            whole = bool(page)
            if not page and converting.page:
                return False
            converting.page = page
            full = pages.texts.get(page, text)
            converting.skipped = full.count("\n") - text.count("\n")
        converting.told = False
        book = _links_of(pages, self.getConfig("glossary"))
        page, link = converting.page, self.link
        here = page == self.getConfig("glossary")
        address = link(self.getConfig("glossary"))
        converting.glossary.begin_page(() if here else book.terms, address)
        lists = {package: link(home) for package, home in book.names.homes.items()}
        title = pages.titles.get(page, "")
        converting.names.begin_page(book.names, page, title, lists)
        return whole

    @property
    def link(self) -> Link:
        """Make addresses as seen from the page that is being converted."""
        return partial(address, converting.page, self.getConfig("directory_urls"))

    def place(self, above: tuple[Fence, ...]) -> Place:
        """Say where the next fence is."""
        pages = converting.pages or pages_of(self.folder)
        inside = self.folder.is_relative_to(Path.cwd())
        root = Path.cwd() if inside else self.folder.parent
        shown = (self.folder.relative_to(root) / converting.page).as_posix()
        return Place(
            page=converting.page,
            pages=pages,
            above=above,
            shown=shown if converting.page else "(a text that is not a page)",
            skipped=converting.skipped,
            link=self.link,
            names=_links_of(pages, self.getConfig("glossary")).names,
        )


@dataclass(frozen=True)
class _Links:
    """What the words of all pages link to."""

    terms: tuple[Term, ...]
    names: Names


@lru_cache(maxsize=2)
def _links_of(pages: Pages, glossary: str) -> _Links:
    terms = read_glossary(pages.texts.get(glossary, ""))
    return _Links(tuple(terms), read_names(pages, homes(pages)))


class _FindPage(Preprocessor):
    """Finds out which page is being converted, and what on it is no fence."""

    def __init__(self, book: BookExtension, stored: _StoreFences, md: Markdown) -> None:
        super().__init__(md)
        self.book = book
        self.stored = stored

    def run(self, lines: list[str]) -> list[str]:
        """Leave the lines as they are."""
        text = "\n".join(lines)
        self.stored.whole = self.book.begin(text)
        self.stored.narratives = []
        if self.stored.whole:
            place = self.book.place(())
            for problem in unread(text, KINDS):
                converting.report(place.at(problem.line, problem.message))
            self.stored.narratives = [*self.bound(text, place)]
        return lines

    def bound(
        self, text: str, place: Place
    ) -> Iterator[tuple[Narrative, Bound | None]]:
        """Bind each narrative, and report what is wrong with it."""
        above = fences(text)
        for each in narratives(text):
            if not isinstance(each, Narrative):
                converting.report(place.at(each.line, each.message))
                continue
            try:
                yield each, bind(each, above)
            except ListingError as error:
                converting.report(place.at(error.line, str(error)))
                yield each, None
            except WalkthroughError:
                yield each, None  # its callpath says so, with its line


class _StoreFences(Preprocessor):
    """Puts a placeholder in the place of each fence of ours.

    Whether it is a fence is known only later: in an indented block of code it is text.
    """

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.fences: dict[int, Fence] = {}
        self.texts: dict[int, str] = {}
        #: Its narratives, and what they are bound to.
        self.narratives: list[tuple[Narrative, Bound | None]] = []
        #: Whether the text is a whole page, and not a docstring on one.
        self.whole = True

    def run(self, lines: list[str]) -> list[str]:
        """Store the fences, and what is written there."""
        text = "\n".join(lines)
        self.fences, self.texts = {}, {}
        parts, end = [], 0
        for fence in fences(text):
            if fence.language in KINDS:
                number = self.md.htmlStash.html_counter
                self.fences[number] = fence
                self.texts[number] = text[fence.start : fence.end]
                parts += [text[end : fence.start], fence.indent]
                parts.append(self.md.htmlStash.store(""))
                end = fence.end
        return [*"".join([*parts, text[end:]]).split("\n")]


class _RenderFences(Treeprocessor):
    """Renders each stored fence, and reports what is wrong with it."""

    def __init__(self, book: BookExtension, stored: _StoreFences, md: Markdown) -> None:
        super().__init__(md)
        self.book = book
        self.stored = stored

    def run(self, root: Element) -> None:
        """Put back those that are text, and render the others in their order."""
        left = dict(self.stored.fences)
        for code in root.iterfind(".//pre/code"):
            for number in [n for n in left if _placeholder(n) in (code.text or "")]:
                self.put_back(code, number)
                fence = left.pop(number)
                if self.stored.whole:
                    words = "is indented so far that Markdown shows it as text"
                    message = f"this {fence.language} fence {words}"
                    place = self.book.place(())
                    converting.report(place.at(fence.line, message))
        above: list[Fence] = []
        with rendered.writing_at_end():
            for number, fence in left.items():
                html = self.render(fence, tuple(above))
                self.md.htmlStash.rawHtmlBlocks[number] = html
                above.append(fence)

    def put_back(self, code: Element, number: int) -> None:
        """Write a fence into a block of code, as far in as its placeholder is."""
        fence, mark = self.stored.fences[number], _placeholder(number)
        lines = [
            code_escape(line.removeprefix(fence.indent))
            for line in self.stored.texts[number].split("\n")
        ]
        written = []
        for line in (code.text or "").split("\n"):
            before, found, after = line.partition(mark)
            more = [f"{before}{each}" for each in lines] if found else [before]
            written += [*more[:-1], f"{more[-1]}{after}"]
        code.text = AtomicString("\n".join(written))

    def render(self, fence: Fence, above: tuple[Fence, ...]) -> str:
        """Make the HTML of a fence, or of what is wrong with it."""
        place = self.book.place(above)
        converting.fence_count += 1
        try:
            return rendered.render(fence, place)
        except WalkthroughError as error:
            message = place.blame(error, fence)
            converting.report(message)
            return failure(message)


class _LinkMentions(Treeprocessor):
    """Links the bold names of narratives to their steps."""

    def __init__(self, book: BookExtension, stored: _StoreFences, md: Markdown) -> None:
        super().__init__(md)
        self.book = book
        self.stored = stored

    def run(self, root: Element) -> None:
        """Link them, and report a page whose narratives were not converted."""
        if not self.stored.narratives:
            return
        try:
            link_mentions(self.md, root, self.stored.narratives)
        except WalkthroughError as error:
            line = self.stored.narratives[0][0].line
            converting.report(self.book.place(()).at(line, str(error)))


def _placeholder(number: int) -> str:
    return HTML_PLACEHOLDER % number


def makeExtension(**options: Any) -> BookExtension:
    """Make the extension: what Python-Markdown calls for one that is named."""
    return BookExtension(**options)
