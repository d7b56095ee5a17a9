"""Of a site that is served, make again the one page whose prose was edited.

`mkdocs serve` makes all pages at each edit, which takes a book with recordings ten
seconds and more.  A stale page is worse than a slow one: unless all that has changed is
the prose of one page, which no other page shows, all pages are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.commands.build import _build_page, _populate_page
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import Files, InclusionLevel
from mkdocs.structure.nav import Navigation

from .fences import fences

log = get_plugin_logger("walkthroughs")

OWN = ("walkthroughs", "walkthroughs/again", "walkthroughs/laboratory/hooks.py")
SEARCH = "material/search"
PLUGINS = frozenset({*OWN, SEARCH, "material/offline", "mkdocstrings", "autorefs"})
"""Plugins known to take a page a second time; of those that collect something from all
pages there may be others."""

_FRONT_MATTER = re.compile(r"\A---\n.*?^---$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#.*$|^.+\n(?:=+|-+) *$", re.MULTILINE)
_DOCSTRINGS = re.compile(r"^ *::: .*$", re.MULTILINE)
#: A reference that a plugin follows when all pages are there.
_OPEN = "<autoref"


@dataclass(frozen=True)
class Inputs:
    """What a site is made of.

    Args:
        pages: path of each page below the folder of all -> its text.
        shared: the same -> what other pages may show of it.
        files: all that is no page: each file with its size and time of change.
    """

    pages: Mapping[str, str]
    shared: Mapping[str, tuple[str, ...]]
    files: frozenset[tuple[Path, int, int]]

    def edited_since(self, before: Inputs) -> str:
        """The one page that has to be made again, "words.md"; "" if it is not one."""
        if (self.shared, self.files) != (before.shared, before.files):
            return ""
        old = before.pages
        changed = [page for page, text in self.pages.items() if text != old[page]]
        return changed[0] if len(changed) == 1 else ""


@dataclass(frozen=True)
class _Built:
    """What MkDocs has at hand when it makes the pages of a site."""

    config: MkDocsConfig
    files: Files
    nav: Navigation
    env: Environment

    def make_page(self, path: str) -> bool:
        """Make a page again; False if it cannot be made without the others."""
        file = self.files.get_file_from_path(path)
        page = file.page if file else None
        plugins = self.config.plugins
        if page is None or self.config.strict or not PLUGINS.issuperset(plugins):
            return False
        _populate_page(page, self.config, self.files)
        if _OPEN in (page.content or ""):
            return False
        if SEARCH in plugins:
            _forget(plugins[SEARCH], page.url)
        pages = self.files.documentation_pages(inclusion=InclusionLevel.is_in_serve)
        _build_page(page, self.config, pages, self.nav, self.env)
        anchors = self.config.validation.links.anchors
        page.validate_anchor_links(files=self.files, log_level=anchors)
        plugins.on_post_build(config=self.config)
        return True


def _forget(search: Any, url: str) -> None:
    """Take a page out of the search index: it is about to be entered again."""
    index = search.search_index
    index.entries = [
        each for each in index.entries if each["location"].partition("#")[0] != url
    ]


class AgainConfig(Config):
    """It takes nothing from the site's configuration."""


class Again(BasePlugin[AgainConfig]):
    """Makes one page where that is enough: a plugin that another one adds.

    Args:
        languages: of the fences that other pages may show something of.
    """

    def __init__(self, languages: Collection[str]) -> None:
        super().__init__()
        self.languages = languages
        #: The page that others may show any part of, "words.md"; "" for none.
        self.whole = ""
        self.inputs: Inputs | None = None
        self.nav: Navigation | None = None
        self.built: _Built | None = None

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Look before any page is read: what changes later is seen as a change."""
        self.inputs = self.look(config)

    def on_nav(
        self, nav: Navigation, /, *, config: MkDocsConfig, files: Files
    ) -> Navigation:
        """Keep what is needed to make a page."""
        self.nav = nav
        return nav

    def on_env(
        self, env: Environment, /, *, config: MkDocsConfig, files: Files
    ) -> Environment:
        """Keep what is needed to make a page."""
        assert self.nav
        self.built = _Built(config, files, self.nav, env)
        return env

    def on_build_error(self, *, error: Exception) -> None:
        """Make all pages next time: nobody knows which were made."""
        self.built = None

    def on_serve(
        self,
        server: LiveReloadServer,
        /,
        *,
        config: MkDocsConfig,
        builder: Callable[[], None],
    ) -> LiveReloadServer:
        """From the second time on, make what has to be made."""

        def build() -> None:
            # None until it has gone well.
            built, self.built = self.built, None
            before, self.inputs = self.inputs, self.look(config)
            page = self.inputs.edited_since(before) if before else ""
            if built and page and built.make_page(page):
                log.info("Only %s has changed: no other page is made", page)
                self.built = built
            else:
                builder()

        server.builder = build
        return server

    def look(self, config: MkDocsConfig) -> Inputs:
        """What the site is made of now."""
        docs = Path(config.docs_dir)
        paths = {each.relative_to(docs).as_posix(): each for each in docs.rglob("*.md")}
        pages = {name: path.read_text("utf-8") for name, path in paths.items()}
        shared = {name: tuple(self.shared(name, pages[name])) for name in pages}
        return Inputs(pages, shared, frozenset(_files(config)))

    def shared(self, name: str, page: str) -> Iterator[str]:
        """Front matter, headings, docstrings, and the fences that others tell of."""
        if name == self.whole:
            yield page
        yield from _FRONT_MATTER.findall(page)
        yield from _HEADING.findall(page)
        yield from _DOCSTRINGS.findall(page)
        for each in fences(page):
            if each.language in self.languages:
                yield page[each.start : each.end]


def _files(config: MkDocsConfig) -> Iterator[tuple[Path, int, int]]:
    for place in (config.config_file_path, config.docs_dir, *config.watch):
        path = Path(place)
        for each in path.rglob("*") if path.is_dir() else [path]:
            unread = each.suffix == ".md" or "__pycache__" in each.parts
            if not unread and each.is_file():
                status = each.stat()
                yield each, status.st_size, status.st_mtime_ns
