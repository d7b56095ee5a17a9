"""What Material's search finds on a page, kept while the page stays as it is.

Its plugin parses the HTML of every page in every build; walkthroughs are long.  A page
that is known is marked as excluded while the plugin looks at it, and its entries of the
last time are added in its place.
"""

from __future__ import annotations

import json
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink

from ..code_digest import digest
from ..environment import installed
from ..recording import cache_folder
from ..text_cache import TextCache

SEARCH = "material/search"


class SearchEntries:
    """The entries of one page after the other.

    Args:
        config: of the site; without Material's search nothing is done.
    """

    def __init__(self, config: MkDocsConfig) -> None:
        plugin: Any = config.plugins.get(SEARCH)
        self._index: Any = getattr(plugin, "search_index", None)
        self._kept = TextCache(cache_folder() / "search", limit=300)
        self._key = ""
        self._known: str | None = None
        self._meta: Any = None
        self._first = 0

    def before(self, page: Page) -> None:
        """Prepare a page that Material's plugin is about to parse."""
        if self._index is None:
            return
        self._key, self._first = _key(page), len(self._index.entries)
        self._known = self._kept.read(self._key)
        if self._known is not None:
            self._meta = page.meta
            page.meta = {**page.meta, "search": {"exclude": True}}

    def after(self, page: Page) -> None:
        """Add the entries that are known, or keep those that the plugin has added."""
        if self._index is None:
            return
        if self._known is not None:
            page.meta = self._meta
            self._index.entries.extend(json.loads(self._known))
        else:
            added = self._index.entries[self._first :]
            self._kept.write(self._key, json.dumps(added))


def _key(page: Page) -> str:
    """Return a key for all that the plugin reads of a page."""
    toc = [_anchors(each) for each in page.toc.items]
    about = (page.url, str(page.title), sorted(map(repr, page.meta.items())))
    return digest(repr((about, toc, page.content, installed())))


def _anchors(link: AnchorLink) -> tuple[object, ...]:
    return (link.id, link.title, [_anchors(each) for each in link.children])
