"""The book in MkDocs: the Markdown extension, with assets, progress and warnings.

    plugins:
      - walkthroughs:
          glossary: reference/glossary.md

A fence that is not true, or cannot be read, ends `mkdocs build` before a page is written,
with file and line; `mkdocs serve` shows it on its page and goes on.  Everything else is
the extension's own work.
"""

from __future__ import annotations

import atexit
import gc
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment
from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext

from .. import build_memo
from ..book import stage_index
from ..book.printed import book_of
from ..compatibility.variants import supported
from ..errors import WalkthroughError
from ..fence_recordings import record_all
from ..fences import twins
from ..pages.pages import pages_of
from ..render.sentences import plural
from ..render.style_and_script import texts as style_and_script
from . import site_scenarios
from .markdown import BookExtension, converting
from .progress import Progress
from .search_entries import SearchEntries

EXTENSION = "walkthroughs.adapters.markdown"
SUPERFENCES = "pymdownx.superfences"

log = get_plugin_logger("walkthroughs")


class WalkthroughsConfig(Config):
    """What the plugin takes: `glossary`, the page that the words on others lead to."""

    glossary = config_options.Optional(config_options.Type(str))


class WalkthroughsPlugin(BasePlugin[WalkthroughsConfig]):
    """Enters the extension and its assets into a site."""

    def __init__(self) -> None:
        super().__init__()
        self._serves = False
        self._failures: list[str] = []

    def on_startup(
        self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool
    ) -> None:
        """Remember whether the site is served.

        MkDocs keeps a plugin that has this from one build to the next.
        """
        self._serves = command == "serve"
        # A build makes millions of objects that live until its end.  By default Python
        # would scan for garbage every few hundred or few thousand allocations, and
        # several more times when the process exits.
        gc.set_threshold(100_000)
        atexit.register(gc.freeze)

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Enter the extension, and the style and script of a walkthrough."""
        self._failures = []
        build_memo.begin()
        converting.tells = False
        site_scenarios.prepare(config)
        named = config.mdx_configs.pop(EXTENSION, {})
        options = {
            **named,
            "docs": config.docs_dir,
            "glossary": self.config.glossary or named.get("glossary", ""),
            "directory_urls": config.use_directory_urls,
        }
        # Of names only, says MkDocs; it hands them to Markdown, which takes objects, too.
        extensions: list[Any] = config.markdown_extensions
        if EXTENSION in extensions:
            extensions.remove(EXTENSION)
        extensions.append(BookExtension(**options))
        # It reads fences in tabs and lists as this package does.
        if SUPERFENCES not in extensions:
            extensions.append(SUPERFENCES)
        for listed, name in (
            (config.extra_css, "assets/walkthroughs.css"),
            (config.extra_javascript, "assets/walkthroughs.js"),
        ):
            if name not in listed:
                listed.append(name)
        return config

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Make missing recordings, and add the style and script to the site."""
        # Code may have changed since the last build, and the pages have not.
        stage_index.on_page.cache_clear()
        book_of.cache_clear()
        twins.find_twin.cache_clear()
        docs = Path(config.docs_dir)
        with suppress(WalkthroughError):  # the fences will say so, with their lines
            record_all(pages_of(docs), log.info, supported(docs.absolute().parent))
        pages = len(files.documentation_pages())
        self._rendering = Progress(log.info, pages, "Rendering page")
        for name, text in style_and_script().items():
            files.append(File.generated(config, f"assets/{name}", content=text))
        return files

    # Before other plugins: what they add or remove would make the lines wrong.
    @event_priority(100)
    def on_page_markdown(
        self, markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Say which page comes next."""
        self._rendering.begin(page.file.src_uri)
        converting.page = page.file.src_uri
        # MkDocs has cut off the page's front matter.
        full = page.file.content_string
        converting.skipped = full.count("\n") - markdown.count("\n")
        converting.tells = converting.told = True
        converting.report = self._report
        return markdown

    @event_priority(100)
    def on_env(
        self, env: Environment, /, *, config: MkDocsConfig, files: Files
    ) -> Environment:
        """End the build before it writes a page with a fence that failed.

        Raises:
            PluginError: some fence is false or cannot be run; each has been logged.
        """
        build_memo.end()
        converting.tells = False
        pages = len(files.documentation_pages())
        self._writing = Progress(log.info, pages, "Writing page")
        self._search = SearchEntries(config)
        if self._failures:
            count = plural(len(self._failures), "fence")
            lines = "\n".join(each.splitlines()[0] for each in self._failures)
            raise PluginError(f"{count} on the pages failed:\n{lines}")
        return env

    # Just before and after Material's search, which stands at 0.
    @event_priority(1)
    def _before_search(
        self,
        context: TemplateContext,
        /,
        *,
        page: Page,
        config: MkDocsConfig,
        nav: Navigation,
    ) -> None:
        self._writing.begin(page.file.src_uri)
        self._search.before(page)

    @event_priority(-1)
    def _after_search(
        self,
        context: TemplateContext,
        /,
        *,
        page: Page,
        config: MkDocsConfig,
        nav: Navigation,
    ) -> None:
        self._search.after(page)

    on_page_context = CombinedEvent(_before_search, _after_search)

    def on_build_error(self, *, error: Exception) -> None:
        """Forget that pages are told: the next text may come from elsewhere."""
        build_memo.end()
        converting.tells = False

    def _report(self, message: str) -> None:
        log.warning("%s", message)
        if not self._serves:
            self._failures.append(message)
