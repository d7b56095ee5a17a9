"""The name of a stage in prose leads to the list of where it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE

from .stage_names import Names, package_of

_HEADING = re.compile(r"h([1-6])")
_BLOCKS = ("p", "li", "dd", "td")
_LEFT_ALONE = ("a", "pre", "dt", "summary", "th")


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
        address = self.addresses.get(package_of(name))
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
