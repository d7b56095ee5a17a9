"""The name of a stage in prose leads to the list of where it runs.

`WebRequest.process` may be that of one server or of another.  It is that of the package
last named before it in its paragraph.  Else a stage in a listing of the page goes before
others, and among these the package last named in the headings above it, else the one
whose list comes first.  A name that is still not clear stays as it is, and so does a
plain word, `process` or `send`: it means other things as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE

from ..errors import ListingError
from ..listing import parse
from ..pages.pages import Pages

_NAME = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)(?:\(\))?")
_PLAIN_WORD = re.compile(r"[a-z]+")
_HEADING = re.compile(r"h([1-6])")
_BLOCKS = ("p", "li", "dd", "td")
_LEFT_ALONE = ("a", "pre", "dt", "summary", "th")


@dataclass(frozen=True, slots=True)
class Names:
    """The stages that the prose of a page may name.

    Args:
        homes: package -> the page that tells where its stages run, in the order of
            preference.
        pages: dotted name of a stage -> the pages that have it in a listing.
    """

    homes: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, Collection[str]] = field(default_factory=dict)

    def home(self, name: str) -> str:
        """Return the page that tells where a stage runs; "" for what is no stage."""
        return self.homes.get(_package(name), "") if name in self.pages else ""

    def meant(self, text: str, page: str, said: str, above: str) -> str:
        """Return the stage that a piece of code in prose names; "" for none.

        Args:
            text: the code.
            page: the page on which it stands, "words.md".
            said: what stands before it in its paragraph.
            above: the headings above it.
        """
        written = _NAME.fullmatch(text)
        if written is None or _PLAIN_WORD.fullmatch(written[1]):
            return ""
        tail = f".{written[1]}"
        found = [each for each in self.pages if f".{each}".endswith(tail)]
        found = self._of_last_named(found, said)
        found = [each for each in found if page in self.pages[each]] or found
        found = self._of_last_named(found, above)
        first = next((p for p in self.homes if p in map(_package, found)), "")
        found = [each for each in found if _package(each) == first]
        return found[0] if len(found) == 1 else ""

    @staticmethod
    def _of_last_named(stages: list[str], text: str) -> list[str]:
        """Those of the package that is named last in a text, if any is."""
        packages = {_package(each) for each in stages}
        words = reversed(re.findall(r"\w+", text.lower()))
        last = next((word for word in words if word in packages), None)
        return [each for each in stages if last in (None, _package(each))]


def read_names(book: Pages, homes: Mapping[str, str]) -> Names:
    """Read which stages the listings of the pages name.

    Args:
        book: the pages.
        homes: package -> the page that tells where its stages run.
    """
    pages: dict[str, set[str]] = {}
    for page, fence in book.of_language("callpath"):
        for name in _listed(fence.body):
            pages.setdefault(name, set()).add(page)
    return Names(homes, pages)


def _listed(listing: str) -> list[str]:
    with suppress(ListingError):  # the listing's own test says so, with its line
        steps = (line.text for line in parse(listing).lines if line.kind == "step")
        return [text for text in steps if " " not in text]  # no ASGI events
    return []


def _package(name: str) -> str:
    return name.partition(".")[0]


class NameLinks(Extension):
    """A Markdown extension: links the names of stages that stand in prose."""

    def __init__(self) -> None:
        super().__init__()
        self.begin_page(Names(), "", "", {})

    def begin_page(
        self, names: Names, page: str, title: str, addresses: Mapping[str, str]
    ) -> None:
        """Say what the names on the next page mean.

        Args:
            names: the stages.
            page: its path below the folder of all, "words.md".
            title: its first heading, for pieces that are converted by themselves.
            addresses: package -> address of the list of its stages, as seen from here.
        """
        self.names, self.page, self.title = names, page, title
        self.addresses = addresses

    def extendMarkdown(self, md: Markdown) -> None:
        """Run last: MkDocs (0) would take an address for the path of a page."""
        md.treeprocessors.register(_Linker(self, md), "names", -20)

    def link(self, code: str, said: str, above: str) -> Element | None:
        """Return the link that goes around a piece of code, if it names a stage."""
        name = self.names.meant(code, self.page, said, above)
        address = self.addresses.get(_package(name))
        if not address:
            return None
        href, title = f"{address}#{name}", f"Where does {name} run?"
        return Element("a", {"class": "stage", "href": href, "title": title})


class _Linker(Treeprocessor):
    """Goes through a page, or through a docstring on it, in the order of reading."""

    def __init__(self, page: NameLinks, md: Markdown) -> None:
        super().__init__(md)
        self.page = page

    def run(self, root: Element) -> None:
        """Link what is to be linked in a tree."""
        self.headings = {0: self.page.title}
        self.said = ""
        self.walk(root)

    def walk(self, parent: Element) -> None:
        """Link in an element, and note what is said in it."""
        if parent.tag in _BLOCKS:
            self.said = ""
        self.said += parent.text or ""
        for at, child in enumerate([*parent]):
            heading = _HEADING.fullmatch(child.tag) if child.tag else None
            if heading:
                self.begin_section(int(heading[1]), "".join(child.itertext()))
            elif child.tag == "code":
                self.wrap(parent, at, child)
            elif child.tag not in _LEFT_ALONE:
                self.walk(child)
            else:
                self.said += "".join(child.itertext())
            self.said += child.tail or ""

    def begin_section(self, level: int, heading: str) -> None:
        """Forget the headings of its level and below."""
        kept = {n: text for n, text in self.headings.items() if n < level}
        self.headings = {**kept, level: heading}

    def wrap(self, parent: Element, at: int, code: Element) -> None:
        """Put the link around a piece of code, where it is to have one."""
        text = self.written(code)
        link = self.page.link(text, self.said, " ".join(self.headings.values()))
        self.said += text
        if link is not None:
            link.tail, code.tail = code.tail, None
            link.append(code)
            parent[at] = link

    def written(self, code: Element) -> str:
        """Return the text of a piece of code, which an extension may have put aside."""
        aside = HTML_PLACEHOLDER_RE.fullmatch(code.text or "")
        if aside is None:
            return code.text or ""
        return unescape(str(self.md.htmlStash.rawHtmlBlocks[int(aside[1])]))
