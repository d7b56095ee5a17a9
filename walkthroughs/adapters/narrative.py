"""Narratives in Python-Markdown: bold names become links to the steps they were bound to.

The element comes from `md_in_html`; what it says was read from the page's text, so that
an error has a line.  Both must agree, or the page is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.util import HTML_PLACEHOLDER_RE

from ..book.narrative import Bound
from ..errors import FenceError
from ..pages.narratives import Narrative

CLASS = "beside"


def link_mentions(
    md: Markdown, root: Element, found: Sequence[tuple[Narrative, Bound | None]]
) -> None:
    """Link the bold names of a page's narratives to their steps.

    Args:
        md: the converter, which has put pieces of code aside.
        root: the page.
        found: its narratives, in order, each with its binding; None if it has failed.

    Raises:
        FenceError: the page's text has other narratives than its tree has.
    """
    elements = [each for each in root.iter("div") if _is_narrative(each)]
    if len(elements) != len(found):
        raise FenceError(
            f"Markdown has made {len(elements)} of {len(found)} narratives: "
            "is the extension md_in_html on, and is a blank line around each?"
        )
    for element, (narrative, bound) in zip(elements, found, strict=True):
        element.attrib.pop("data-path", None)
        if bound is not None:
            _link(md, element, narrative, bound)


def _is_narrative(element: Element) -> bool:
    return CLASS in element.get("class", "").split()


def _link(md: Markdown, element: Element, narrative: Narrative, bound: Bound) -> None:
    everywhere = (bound, *bound.others)
    element.set("data-walk", " ".join(f"{each.ident}-walk" for each in everywhere))
    bold = [
        (parent, at, strong)
        for parent in element.iter()
        for at, strong in enumerate(parent)
        if strong.tag == "strong" and _code(md, strong)
    ]
    written = [_code(md, strong) for _, _, strong in bold]
    wanted = [mention.name for mention in narrative.mentions]
    if written != wanted:
        odd = next((w for w in wanted if w not in written), "") or str(written)
        raise FenceError(f"Markdown has not rendered the bold names as written: {odd}")
    steps = zip(*(each.steps for each in everywhere), strict=True)
    for (parent, at, strong), numbers in zip(bold, steps, strict=True):
        strong.attrib.pop("nth", None)
        link = Element("a", {"class": "wt-go", "href": f"#{bound.ident}-{numbers[0]}"})
        if bound.others:
            link.set("data-steps", " ".join(map(str, numbers)))
        link.tail, strong.tail = strong.tail, None
        link.append(strong)
        parent[at] = link
    words = Element("div", {"class": "wt-words"})
    words.text, element.text = element.text, None
    words.extend([*element])
    element[:] = [words]


def _code(md: Markdown, strong: Element) -> str:
    """Return the code that is all that a bold piece holds; "" if it is something else."""
    if len(strong) != 1 or strong[0].tag != "code":
        return ""
    if (strong.text or "").strip() or (strong[0].tail or "").strip():
        return ""
    text = strong[0].text or ""
    aside = HTML_PLACEHOLDER_RE.fullmatch(text)
    if aside is not None:
        text = unescape(str(md.htmlStash.rawHtmlBlocks[int(aside[1])]))
    return " ".join(unescape(text).split())
