"""The Markdown pages of a folder: texts, fences, titles, and the order of the menu.

Every part of the book that looks at pages asks here, so that all speak of the same
pages as they were at the same moment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from .markdown import Fence, fences, without_front_matter

MENU = "mkdocs.yml"
"""The file beside the folder whose `nav` gives the order of the pages."""


class Pages:
    """Read all pages of a folder once.

    Args:
        folder: where the Markdown files are, at any depth.  A page is named by its
            path below it, "answers/upload.md".
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.md"))
        }

    @cached_property
    def order(self) -> list[str]:
        """The pages in the order of the menu; those that it leaves out come last."""
        config = self.folder.parent / MENU
        menu = _menu(config.read_text(encoding="utf-8")) if config.exists() else ()
        named = [each for each in menu if each in self.texts]
        return [*dict.fromkeys([*named, *self.texts])]

    @cached_property
    def titles(self) -> dict[str, str]:
        """Page -> its first heading, or the file's name."""
        return {
            page: first_heading(text, Path(page).stem)
            for page, text in self.texts.items()
        }

    @cached_property
    def fences(self) -> dict[str, list[Fence]]:
        """Page -> its fences, in order."""
        return {page: fences(text) for page, text in self.texts.items()}

    def of_language(self, language: str) -> Iterator[tuple[str, Fence]]:
        """Yield each fence of a language with its page, page by page."""
        for page, found in self.fences.items():
            yield from ((page, each) for each in found if each.language == language)

    @cached_property
    def _by_text(self) -> dict[str, str]:
        return {
            without_front_matter(text).strip(): page
            for page, text in self.texts.items()
        }

    def find(self, text: str) -> str:
        """Find the page that has this text; "" if none has.

        A converter of Markdown is given a text, and not the name of its page.

        Args:
            text: the Markdown, with or without its front matter.
        """
        return self._by_text.get(without_front_matter(text).strip(), "")


def pages_of(folder: Path) -> Pages:
    """Give the pages of a folder, read again only when a file has changed."""
    state = tuple(
        (path, status.st_size, status.st_mtime_ns)
        for path in [*sorted(folder.rglob("*.md")), folder.parent / MENU]
        if path.exists() and (status := path.stat())
    )
    return _pages_of(folder, state)


@lru_cache(maxsize=4)
def _pages_of(folder: Path, state: object) -> Pages:
    return Pages(folder)


def folder_of(page: Path) -> Path:
    """Find the folder of all pages: the one beside the site's configuration."""
    beside = (each for each in page.parents if (each.parent / MENU).exists())
    return next(beside, page.parent)


def _menu(config: str) -> Iterator[str]:
    # Not needed where there is no menu, and not installed everywhere.
    import yaml

    class Loader(yaml.SafeLoader):
        """Read tags such as `!ENV` as nothing: the menu has none."""

    Loader.add_multi_constructor("", lambda loader, suffix, node: None)
    yield from _paths((yaml.load(config, Loader) or {}).get("nav"))


def _paths(menu: Any) -> Iterator[str]:
    if isinstance(menu, str):
        yield menu
    elif isinstance(menu, list):
        for each in menu:
            yield from _paths(each)
    elif isinstance(menu, dict):
        for each in menu.values():
            yield from _paths(each)


def first_heading(text: str, default: str) -> str:
    """Give the first heading of a page, without attributes such as `{ .front }`.

    Args:
        text: the page.
        default: for a page that has none.
    """
    heading = re.search(r"^# (.+?)(?: *\{[^{}]*\})? *$", text, re.MULTILINE)
    return heading[1] if heading else default


_FENCED = re.compile(r"^ *(```+).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(
    r"^(?P<marks>#+) (?P<words>.+?)(?: *\{(?P<attributes>[^{}]*)\})? *$", re.MULTILINE
)


def heading_above(text: str, offset: int) -> tuple[str, str]:
    """Find the last heading above an offset of a page.

    Returns:
        its words, and the anchor that leads to it, "#the-path"; "" for both if there is
        none but the page's own title.
    """
    above = _FENCED.sub("", text[:offset])  # code may have lines that look like one
    found = [*_HEADING.finditer(above)]
    if not found or len(found[-1]["marks"]) == 1:
        return "", ""
    words = found[-1]["words"]
    own = re.search(r"#([\w-]+)", found[-1]["attributes"] or "")
    return words, f"#{own[1] if own else _slug(words)}"


def _slug(words: str) -> str:
    """Name a heading as Python-Markdown's `toc` does."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^\w\s-]", "", plain).strip().lower()
    return re.sub(r"[-\s]+", "-", kept)
