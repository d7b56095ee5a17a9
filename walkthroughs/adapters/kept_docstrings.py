"""Cache the HTML that mkdocstrings renders from docstrings.

    hooks:
      - walkthroughs/adapters/kept_docstrings.py

Each `::: package.name` block is stored under a key made of everything it depends on:
the source of the packages that the site watches, the site's configuration and
addresses, the code of this package, all installed versions, the link targets of words,
and the blocks before it.  If every block is in the cache, no package is read.  At the
first block that is not, the blocks skipped before it are read and rendered after all.

A block is rendered on every build if it logged a warning, contains one of this
package's fences or an anchor of its own, or may depend on something outside the key.
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
from walkthroughs.build_memo import fresh_answers
from walkthroughs.code_digest import code_of, digest
from walkthroughs.environment import installed
from walkthroughs.fences.rendered import PACKAGE, renderer_digest
from walkthroughs.packages import is_own
from walkthroughs.recording import cache_folder
from walkthroughs.text_cache import TextCache

LIMIT = 200
"""How many blocks are kept; the least recently used go first."""

ANCHOR = re.compile(r'<a (?:[^>]* )?id="(?!__codelineno)([^"]+)"')
"""An anchor that is neither a heading's nor a code line's."""

RUFF = ("pyproject.toml", "ruff.toml", ".ruff.toml")
"""What says how Ruff formats."""

log = logging.getLogger("mkdocs")


def on_files(files: Files, /, *, config: MkDocsConfig) -> Files:
    """Let the mkdocstrings handler use the cache."""
    plugin: Any = config.plugins.get("mkdocstrings")
    if plugin is not None and plugin.config.enabled:
        watched = frozenset(Path(each).name for each in config.watch)
        KeptBlocks(
            plugin.get_handler("python"), watched, lambda: _shared_inputs(config, files)
        )
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
    """Replace a handler's `collect` and `render` by cached versions, for one build.

    Args:
        handler: of mkdocstrings, for Python.
        watched: the packages whose code is in `shared_inputs`; the blocks of other
            packages are not cached.
        shared_inputs: returns a text of everything that all blocks depend on; "" if
            nothing may be cached.
    """

    def __init__(
        self, handler: Any, watched: frozenset[str], shared_inputs: Callable[[], str]
    ) -> None:
        self._kept = TextCache(cache_folder() / "docstrings", LIMIT)
        self._watched = watched
        self._shared_inputs = shared_inputs
        self._key = self._before = ""
        self._skipped: list[tuple[str, Any]] = []
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
        self._before = digest(repr((self._before, name, options, _link_targets())))
        self._key = self._current_key() if self._is_cacheable(name, options) else ""
        text = self._kept.read(self._key) if self._key else None
        if text is None:
            # Collect the skipped blocks first, in page order, as a build without a
            # cache would: a package is loaded with the options of its first block.
            for each in self._skipped:
                self._collect(*each)
            return self._collect(name, options)
        self._skipped.append((name, options))
        return Block(**json.loads(text))

    def render(self, data: Any, options: Any, locale: str | None = None) -> str:
        """Give the HTML of what was collected."""
        if not self._handler.outer_layer:
            return str(self._render(data, options, locale=locale))
        if not isinstance(data, Block):
            self._catch_up(locale)
            return self._render_and_keep(data, options, locale)
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

    def _is_cacheable(self, name: str, options: Any) -> bool:
        """Whether a block depends on nothing but watched code."""
        more = options.extensions or options.inherited_members
        return name.partition(".")[0] in self._watched and not more

    def _current_key(self) -> str:
        shared = self._shared_inputs()
        return digest(shared + self._before) if shared else ""

    def _catch_up(self, locale: str | None) -> None:
        """Render the blocks that came from the cache.

        The handler needs the names that it records while rendering them.
        """
        unlinked = converting.glossary.left
        # They caused no warnings on their own page.  This may be a different page,
        # where relative links would, so silence them.
        with _silence():
            for name, options in self._skipped:
                converting.glossary.left = {}
                self._render(self._collect(name, options), options, locale=locale)
                self._get_headings()
        converting.glossary.left = unlinked
        self._skipped = []

    def _render_and_keep(self, data: Any, options: Any, locale: str | None) -> str:
        """Render what was collected, and keep it if that is safe."""
        unlinked, fence_count = [*converting.glossary.left], converting.fence_count
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
            [each for each in unlinked if each not in converting.glossary.left],
        )
        known = {*names, *(each for name in names for each in block.aliases[name])}
        own_anchors = {*ANCHOR.findall(html)} - known
        plain = all(map(_is_plain, self._headings)) and not own_anchors
        same_count = fence_count == converting.fence_count
        if plain and same_count and not warnings.get_counts():
            with fresh_answers():
                # It may have changed meanwhile.
                unchanged = self._current_key() == self._key
            if unchanged and self._key:
                self._kept.write(self._key, json.dumps(asdict(block)))
        return html


def _shared_inputs(config: MkDocsConfig, files: Files) -> str:
    """Return a text of all that every block depends on; "" if nothing may be cached."""
    code = renderer_digest()
    if not code or _has_unwatched_inputs(config):
        return ""
    extensions: list[object] = [*config.markdown_extensions]
    watched = [(each, code_of(Path(each))) for each in config.watch]
    addresses = [(each.src_uri, each.url) for each in files]
    file = code_of(Path(config.config_file_path))
    # mkdocs.yml may inherit these settings or read them from environment variables, so
    # its text is not enough.
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


def _has_unwatched_inputs(config: MkDocsConfig) -> bool:
    """Whether docstrings may depend on files outside the key."""
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


def _link_targets() -> tuple[object, ...]:
    """Return all that decides how words in docstrings are linked on this page."""
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
