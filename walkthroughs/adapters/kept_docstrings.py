"""Keep what mkdocstrings makes of a package's docstrings, while nothing of it changes.

    hooks:
      - walkthroughs/adapters/kept_docstrings.py

A block, `::: package.name`, is kept under a key of all that it depends on: the packages
that the site watches, what the site says of itself, the code that renders, every installed
version, what words lead to, and the blocks before it.  For a block that is known, no
package is read.  What warned of something, has one of this package's fences or an anchor of
its own, or may be made of what the key does not know, is rendered each time.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.utils import CountHandler

from walkthroughs.adapters.markdown import converting
from walkthroughs.build_memo import anew
from walkthroughs.code_digest import code_of, digest
from walkthroughs.environment import installed
from walkthroughs.fences.rendered import PACKAGE, code_that_renders
from walkthroughs.kept import Kept
from walkthroughs.packages import is_own
from walkthroughs.recording import cache_folder

LIMIT = 200
"""How many blocks are kept; those that were not asked for the longest go first."""

ANCHOR = re.compile(r'<a (?:[^>]* )?id="(?!__codelineno)([^"]+)"')
"""A place that a page can link to, beside headings and lines of code."""

RUFF = ("pyproject.toml", "ruff.toml", ".ruff.toml")
"""What says how Ruff formats."""

log = logging.getLogger("mkdocs")


def on_files(files: Files, /, *, config: MkDocsConfig) -> Files:
    """Put what is kept before the handler of mkdocstrings."""
    plugin: Any = config.plugins.get("mkdocstrings")
    if plugin is not None and plugin.config.enabled:
        watched = frozenset(Path(each).name for each in config.watch)
        KeptBlocks(plugin.get_handler("python"), watched, lambda: _about(config, files))
    return files


@dataclass(frozen=True)
class Block:
    """What a block becomes.

    Args:
        html: of the block.
        headings: tag, attributes and text of each, for the table of contents.
        aliases: name of an object -> its other names.
        linked: the words that it has linked to the glossary: a page does that once.
    """

    html: str
    headings: list[tuple[str, dict[str, str], str | None]]
    aliases: dict[str, list[str]]
    linked: list[str]


class KeptBlocks:
    """Stands before a handler, in one build.

    Args:
        handler: of mkdocstrings, for Python.
        watched: the packages whose code `about` knows; of others, nothing is kept.
        about: gives a text for all that every block depends on; "" if nothing is to be
            kept.
    """

    def __init__(
        self, handler: Any, watched: frozenset[str], about: Callable[[], str]
    ) -> None:
        self._kept = Kept(cache_folder() / "docstrings", LIMIT)
        self._watched = watched
        self._about = about
        self._key = self._before = ""
        self._left_out: list[tuple[str, Any]] = []
        self._headings: list[Element] = []
        self._aliases: dict[str, list[str]] = {}
        self._handler = handler
        self._collect, self._render = handler.collect, handler.render
        self._get_headings, handler.get_headings = handler.get_headings, self.headings
        self._get_aliases, handler.get_aliases = handler.get_aliases, self.aliases
        handler.collect, handler.render = self.collect, self.render

    def collect(self, name: str, options: Any) -> Any:
        """Give the block of that name if it is known, else what the handler collects."""
        if not self._handler.outer_layer:  # in a docstring: it belongs to that block
            return self._collect(name, options)
        self._before = digest(repr((self._before, name, options, _words())))
        self._key = self._now() if self._is_known(name, options) else ""
        text = self._kept.read(self._key) if self._key else None
        if text is None:
            # In the order in which they are read without a cache: the options of the first
            # block of a package hold for all of it.
            for each in self._left_out:
                self._collect(*each)
            return self._collect(name, options)
        self._left_out.append((name, options))
        return Block(**json.loads(text))

    def render(self, data: Any, options: Any, locale: str | None = None) -> str:
        """Give the HTML of what was collected."""
        if not self._handler.outer_layer:
            return str(self._render(data, options, locale=locale))
        if not isinstance(data, Block):
            self._catch_up(locale)
            return self._anew(data, options, locale)
        for term in data.linked:
            del converting.glossary.left[term]
        self._headings = [_element(*each) for each in data.headings]
        self._aliases.update(data.aliases)
        return data.html

    def headings(self) -> list[Element]:
        """Give the headings of the last block."""
        return self._headings

    def aliases(self, name: str) -> tuple[str, ...]:
        """Give the other names of an object."""
        return tuple(self._aliases.get(name) or self._get_aliases(name))

    def _is_known(self, name: str, options: Any) -> bool:
        """Whether a block is made of watched code alone."""
        more = options.extensions or options.inherited_members
        return name.partition(".")[0] in self._watched and not more

    def _now(self) -> str:
        about = self._about()
        return digest(about + self._before) if about else ""

    def _catch_up(self, locale: str | None) -> None:
        """Render what was left out: the handler remembers names that it comes across."""
        left = converting.glossary.left
        # They warned of nothing on their own page, and this may be another one.
        with _silence():
            for name, options in self._left_out:
                converting.glossary.left = {}
                self._render(self._collect(name, options), options, locale=locale)
                self._get_headings()
        converting.glossary.left = left
        self._left_out = []

    def _anew(self, data: Any, options: Any, locale: str | None) -> str:
        """Render what was collected, and keep it if nothing speaks against that."""
        left, fences = [*converting.glossary.left], converting.fences
        warnings = CountHandler()
        log.addHandler(warnings)
        try:
            html = str(self._render(data, options, locale=locale))
        finally:
            log.removeHandler(warnings)
        self._headings = [*self._get_headings()]
        names = [each.attrib["id"] for each in self._headings]
        block = Block(
            html,
            [(each.tag, each.attrib, each.text) for each in self._headings],
            {name: [*self._get_aliases(name)] for name in names},
            [each for each in left if each not in converting.glossary.left],
        )
        known = {*names, *(each for name in names for each in block.aliases[name])}
        own_anchors = {*ANCHOR.findall(html)} - known
        plain = all(map(_is_plain, self._headings)) and not own_anchors
        if plain and fences == converting.fences and not warnings.get_counts():
            with anew():
                unchanged = self._now() == self._key  # it may have changed meanwhile
            if unchanged and self._key:
                self._kept.write(self._key, json.dumps(asdict(block)))
        return html


def _about(config: MkDocsConfig, files: Files) -> str:
    """Return a text for all that every block depends on; "" if nothing is to be kept."""
    code = code_that_renders()
    if not code or _is_unforeseen(config):
        return ""
    extensions: list[object] = [*config.markdown_extensions]
    watched = [(each, code_of(Path(each))) for each in config.watch]
    addresses = [(each.src_uri, each.url) for each in files]
    file = code_of(Path(config.config_file_path))
    # It may take all this from another file, or from variables.
    options = config.plugins["mkdocstrings"].config
    markdown = [each if isinstance(each, str) else type(each) for each in extensions]
    site = (file, options, markdown, config.mdx_configs, config.theme.name, addresses)
    # Ruff writes the signatures as the nearest of its files says.
    here = Path.cwd()
    style = [code_of(up / name) for up in (here, *here.parents) for name in RUFF]
    looks = ({**config.theme}, config.validation, style)
    # Where warnings are not shown, they cannot be counted.
    counts = log.isEnabledFor(logging.WARNING)
    return repr((code, watched, site, looks, counts, installed()))


def _is_unforeseen(config: MkDocsConfig) -> bool:
    """Whether files that nobody watches may be part of a docstring."""
    extensions: list[Any] = [*config.markdown_extensions]
    return (
        bool(config.plugins["mkdocstrings"].config.custom_templates)
        or "pymdownx.snippets" in extensions
        or any(map(_is_own_extension, extensions))
    )


def _is_own_extension(extension: Any) -> bool:
    """Whether a Markdown extension is neither installed nor one of this package."""
    name = extension if isinstance(extension, str) else type(extension).__module__
    module = sys.modules.get(name.partition(":")[0])
    file = Path(getattr(module, "__file__", None) or __file__)
    return is_own(file) and not file.is_relative_to(PACKAGE)


@contextmanager
def _silence() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def _words() -> tuple[object, ...]:
    """Return what the words in docstrings may lead to, as seen from this page."""
    glossary, names = converting.glossary, converting.names
    terms = [(key, term.name, term.anchor) for key, term in glossary.left.items()]
    stages = sorted((name, sorted(on)) for name, on in names.names.pages.items())
    lists = ([*names.names.homes.items()], names.addresses, names.title)
    return (converting.page, glossary.address, terms, stages, lists)


def _element(tag: str, attributes: dict[str, str], text: str | None) -> Element:
    element = Element(tag, attributes)
    element.text = text
    return element


def _is_plain(heading: Element) -> bool:
    """Whether a heading is no more than a tag, attributes and a text."""
    return not (len(heading) or heading.tail) and type(heading.text) in (
        str,
        type(None),
    )
