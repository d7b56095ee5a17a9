"""The first use of a word on a page leads to the glossary.

A glossary is a page with a definition list whose terms have an anchor each:

    hop { #hop }
    :   To go on elsewhere.

Words in code, in headings and in other links stay as they are.  So do terms with
something in parentheses behind them, `port (Twisted)`: as words they mean other things
as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

_TERM = re.compile(
    r"^(\S.*?) \{ #([\w-]+) \}\n((?:: {3}|    )(?:.*\n)(?: {4}.*\n)*)", re.MULTILINE
)
_PROSE = ("p", "li", "dd", "td")
_LEFT_ALONE = ("a", "code", "pre", "h1", "h2", "h3", "h4", "dt", "th")


@dataclass(frozen=True)
class Term:
    """An entry of the glossary.

    Args:
        name: the term as it is written there.
        anchor: its place on the page.
        meaning: the Markdown of what it means.
    """

    name: str
    anchor: str
    meaning: str

    @property
    def in_prose(self) -> str:
        """A pattern for the term in prose; empty for one that is not to be found."""
        if "(" in self.name or "`" in self.name:
            return ""
        first, rest = self.name[0], re.escape(self.name[1:])
        return rf"\b[{first.lower()}{first.upper()}]{rest}(?:e?s)?\b"


def read_glossary(page: str) -> list[Term]:
    """Read the terms of a glossary, in order."""
    return [
        Term(m[1], m[2], m[3].removeprefix(":").strip()) for m in _TERM.finditer(page)
    ]


class GlossaryLinks(Extension):
    """A Markdown extension: links the first use of each term on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.begin_page((), "")

    def begin_page(self, terms: Sequence[Term], address: str) -> None:
        """From here on no term has been used yet.

        Args:
            terms: those to link.
            address: of the glossary, as seen from the page.
        """
        self.address = address
        # Long terms first: an "event loop" is no "event".
        ordered = sorted(terms, key=lambda term: -len(term.name))
        self.left = {f"t{n}": term for n, term in enumerate(ordered) if term.in_prose}
        parts = (f"(?P<{n}>{term.in_prose})" for n, term in self.left.items())
        # Every term begins where a word does: elsewhere, none of them need be tried.
        self.words = re.compile(rf"\b(?:{'|'.join(parts)})")

    def extendMarkdown(self, md: Markdown) -> None:
        """Run last: MkDocs (0) would take an address for the path of a page."""
        md.treeprocessors.register(_Linker(self, md), "glossary", -10)


class _Linker(Treeprocessor):
    """Goes through the prose of a page, or of a docstring on it."""

    def __init__(self, page: GlossaryLinks, md: Markdown) -> None:
        super().__init__(md)
        self.page = page

    def run(self, root: Element) -> None:
        """Link what is to be linked in a tree."""
        for element in [each for each in root.iter() if each.tag in _PROSE]:
            self.link_inside(element)

    def link_inside(self, parent: Element) -> None:
        """Link in the text of an element, and of what is inline in it."""
        children = [*parent]
        parent.text = self.link(parent.text, parent, 0)
        for child in children:
            if child.tag not in (*_LEFT_ALONE, *_PROSE):
                self.link_inside(child)
            child.tail = self.link(child.tail, parent, [*parent].index(child) + 1)

    def link(self, text: str | None, parent: Element, at: int) -> str | None:
        """Insert a link for each first use in a text; what is left before them."""
        before, last, end = text, None, 0
        # Most texts have none of these words, which is quickly seen.
        likely = text and any(term.name[1:] in text for term in self.page.left.values())
        for found in self.page.words.finditer(text or "") if likely else ():
            term = self.page.left.pop(found.lastgroup or "", None)
            if term is None:
                continue
            between = found.string[end : found.start()]
            if last is None:
                before = between
            else:
                last.tail = between
            last, end = self.element(term, found[0]), found.end()
            last.tail = found.string[end:]
            parent.insert(at, last)
            at += 1
        return before

    def element(self, term: Term, word: str) -> Element:
        """Return the link itself."""
        href = f"{self.page.address}#{term.anchor}"
        link = Element("a", {"class": "term", "href": href})
        link.text = AtomicString(word)
        return link
