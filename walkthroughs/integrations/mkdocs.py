"""Fences that show code, for MkDocs: a plugin, and functions to use without it.

With the plugin (`plugins: [walkthroughs]`) a fence takes its words bare, and an error
names the page and the line:

    ```source daphne.server.Server.run
    ```

Without it, name `render_fence` and `accept_fence` as `format` and `validator` in
`pymdownx.superfences.custom_fences`, and give the words as that extension wants them:
`{.source target="daphne.server.Server.run"}`.

To add a fence: write a `Renderer` and enter it in `FENCES`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from html import escape
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from markdown import Markdown
from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pymdownx.superfences import SuperFencesException

from .. import render
from ..errors import ListingError, Mismatch, WalkthroughError
from ..render.compare import compare
from ..render.html import failure, listing, slim, walkthrough
from ..render.source import without_colourless
from ..targets import Target
from . import drawings, stages
from .again import Again
from .ahead import ahead
from .book import Book
from .callpath import hold, ident, record_all
from .compare import sides
from .cut import read_stand_in
from .fences import Fence, fences
from .glossary import GlossaryLinks, Term, read_glossary
from .names import NameLinks, Names, read_names
from .source import read_source, words
from .stages import Link

ASSETS = Path(render.__file__).parent / "assets"

log = get_plugin_logger("walkthroughs")


@dataclass(frozen=True)
class FenceContext:
    """Where a fence stands.

    Args:
        page: path of the page as an author would name it, "docs/words.md".
        line: line of the opening marker there, counted from 1; 0 when not known.
        md: the Markdown converter at work.
        docs: the folder of all pages.
        above: the fences above it on the page, as far as known.
        link: path of a page below `docs` -> its address, as seen from this page.
        names: the stages of the book, and the pages that tell where they run.
        path: path of the page below `docs`, "words.md".
    """

    page: str
    line: int
    md: Markdown
    docs: Path = Path("docs")
    above: tuple[Fence, ...] = ()
    link: Link = str
    names: Names = field(default_factory=Names)
    path: str = ""

    def where(self, name: str) -> str:
        """The address of the place that tells where a stage runs; "" for none."""
        home = self.names.home(name)
        return f"{self.link(home)}#{name}" if home else ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


Renderer = Callable[[str, Mapping[str, str], FenceContext], str]
"""Makes HTML of a fence's body and options; a bare word is the option "target".

Raises a `WalkthroughError` when it cannot.
"""


def render_source(body: str, options: Mapping[str, str], context: FenceContext) -> str:
    """The fence `source NAME`: the live source of NAME, and whose it is."""
    target = read_source(body, options)
    text = target.source
    if options.get("parts") == "rest":
        text = _book(context.docs).rest(target)
    place = context.where(target.name)
    caption = _caption(target, _ahead(target, options, context), place)
    return f'<figure class="source">{_python(text)}{caption}</figure>'


@lru_cache(maxsize=1)
def _book(docs: Path) -> Book:
    return Book(docs)


def _ahead(target: Target, options: Mapping[str, str], context: FenceContext) -> str:
    """The sentence that says what later chapters print of what a piece uses."""
    book = _book(context.docs)
    where = (context.path, target, options.get("parts") == "rest")
    pieces = (p for p in book.pieces if (p.page, p.target, p.rest) == where)
    piece = next(pieces, None)
    later = ahead(book, piece) if piece else {}
    parts = (
        f"{', '.join(f'<code>{escape(name)}</code>' for name in names)} in "
        f'<a href="{escape(context.link(page))}">{escape(book.titles[page])}</a>'
        for page, names in later.items()
    )
    return f"Used here, printed later: {'; '.join(parts)}." if later else ""


def render_stand_in(
    body: str, options: Mapping[str, str], context: FenceContext
) -> str:
    """The fence `stand-in MODULE`: what stands for pieces that are printed later."""
    later = {*read_stand_in(body, options, context.docs, context.path)}
    titles = _book(context.docs).titles
    until = ", ".join(
        f'<a href="{escape(context.link(each))}">{escape(titles[each])}</a>'
        for each in sorted(later, key=[*titles].index)
    )
    module = f"<code>{escape(options['target'])}</code>"
    caption = f"<figcaption>{module} · stands in until {until}</figcaption>"
    return f'<figure class="source">{_python(body)}{caption}</figure>'


def _python(text: str) -> str:
    formatter = HtmlFormatter(cssclass="language-python highlight", wrapcode=True)
    return without_colourless(highlight(text, PythonLexer(), formatter))


def _caption(target: Target, more: str = "", place: str = "") -> str:
    words = [stages.linked(f"<code>{escape(target.name)}</code>", place)]
    actual = f"{target.module}.{target.qualname}".removesuffix(".")
    if actual != target.name:
        words.append(f"defined as <code>{escape(actual)}</code>")
    if target.package:
        package = target.package
        words.append(escape(f"{package.name} {package.version}, {package.licence}"))
    words.append(f"<code>{escape(target.path)}:{target.first_line}</code>")
    lines = [" · ".join(words), more] if more else [" · ".join(words)]
    return f"<figcaption>{'<br>'.join(lines)}</figcaption>"


def render_callpath(
    body: str, options: Mapping[str, str], context: FenceContext
) -> str:
    """The fence `callpath`: the listing, its picture and its steps."""
    held = hold(body, options)
    seen = _walkthroughs.setdefault(context.md, Counter())
    which = (options["scenario"], options["server"])
    seen[which] += 1
    name = ident(*which, seen[which])
    look = options.get("look")
    listed = listing(held.view, held.lines, name, unfold=look is None)
    told = {line.seq: line.comment for line in held.lines if line.seq is not None}
    if look is not None:
        return slim(held.view, listed, name, look == "play", context.where, told)
    return walkthrough(held.view, listed, name, context.where, told)


_walkthroughs: WeakKeyDictionary[Markdown, Counter[tuple[str, str]]] = (
    WeakKeyDictionary()
)
"""How often a page, that is its converter, has shown a recording so far."""


def render_compare(body: str, options: Mapping[str, str], context: FenceContext) -> str:
    """The fence `compare`: two walkthroughs of the page, side by side."""
    left, right = sides(body, options, context.above)
    ours, theirs = (hold(each.fence.body, words(each.fence)) for each in (left, right))
    name = f"{left.ident}-{right.ident}"
    return compare(ours.view, theirs.view, left.ident, right.ident, name)


def render_stages(body: str, options: Mapping[str, str], context: FenceContext) -> str:
    """The fence `stages`: where the stages of a package run."""
    return stages.render_stages(options.get("target", ""), context.docs, context.link)


def render_states(body: str, options: Mapping[str, str], context: FenceContext) -> str:
    """The fence `states`: the states of a module and what leads on."""
    return drawings.draw_states(body, options.get("target", ""))


def render_house(body: str, options: Mapping[str, str], context: FenceContext) -> str:
    """The fence `house`: the modules of a server, and who calls whom."""
    return drawings.draw_house(options.get("target", ""), context.docs)


def render_twins(body: str, options: Mapping[str, str], context: FenceContext) -> str:
    """The fence `twins`: the stages of one server with their twins on another."""
    rows = stages.twins(body, options, [*stages.stages(context.docs)])
    return stages.render_twins(rows, options, context.where)


FENCES: dict[str, Renderer] = {
    "callpath": render_callpath,
    "compare": render_compare,
    "house": render_house,
    "source": render_source,
    "stages": render_stages,
    "stand-in": render_stand_in,
    "states": render_states,
    "twins": render_twins,
}
"""Every fence of this package: language -> what renders it."""


def accept_fence(
    language: str,
    inputs: dict[str, str],
    options: dict[str, Any],
    attrs: dict[str, Any],
    md: Markdown,
) -> bool:
    """A validator for superfences: all words are options, the renderer judges them."""
    options.update(inputs)
    return True


def render_fence(
    source: str,
    language: str,
    class_name: str,
    options: dict[str, str],
    md: Markdown,
    **kwargs: Any,
) -> str:
    """A format for superfences, for use without the plugin: an error ends the build."""
    try:
        return FENCES[language](source, options, FenceContext("", 0, md))
    except WalkthroughError as error:
        # superfences hides all other errors, and the fence with them.
        raise SuperFencesException(str(error)) from error


class WalkthroughsConfig(Config):
    """What the plugin takes: `glossary`, the page that the words on others lead to."""

    glossary = config_options.Optional(config_options.Type(str))


class WalkthroughsPlugin(BasePlugin[WalkthroughsConfig]):
    """Registers the fences, and says on which page and line one went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self._page = self._path = ""
        self._docs = Path("docs")
        self._offset = 0
        self._again = Again(FENCES)
        self._fences: list[Fence] = []
        self._link: Link = str
        self._terms: list[Term] = []
        self._glossary = GlossaryLinks()
        self._names = Names()
        self._name_links = NameLinks()

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """MkDocs keeps a plugin that has this from one build to the next."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Enter the fences, and their style and script, into the configuration."""
        self._again.whole = self.config.glossary or ""
        config.plugins["walkthroughs/again"] = self._again
        config.extra_css.append("assets/walkthroughs.css")
        config.extra_javascript.append("assets/walkthroughs.js")
        # Of names only, says MkDocs; it hands them to Markdown, which takes objects, too.
        extensions: list[Any] = config.markdown_extensions
        extensions += [self._glossary, self._name_links]
        extension = "pymdownx.superfences"
        if extension not in extensions:
            extensions.append(extension)
        settings = config.mdx_configs.setdefault(extension, {})
        settings["custom_fences"] = [
            *settings.get("custom_fences", []),
            *(
                {
                    "name": name,
                    "class": name,
                    "format": partial(self._render, name),
                    "validator": accept_fence,
                }
                for name in FENCES
            ),
        ]
        return config

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Add the style and the script of a walkthrough to the site."""
        record_all(Path(config.docs_dir), log.info)
        stages.on_page.cache_clear()
        _book.cache_clear()
        if self.config.glossary:
            page = Path(config.docs_dir, self.config.glossary)
            self._terms = read_glossary(page.read_text(encoding="utf-8"))
        docs = Path(config.docs_dir)
        self._names = read_names(docs, stages.homes(docs))
        for asset in ("walkthroughs.css", "walkthroughs.js"):
            path = str(ASSETS / asset)
            files.append(File.generated(config, f"assets/{asset}", abs_src_path=path))
        return files

    # Before other plugins: what they add or remove would make the lines wrong.
    @event_priority(100)
    def on_page_markdown(
        self, markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Remember the page, and number its fences, so that `_render` knows them."""
        self._docs = Path(config.docs_dir)
        self._link = partial(_address, files, page.file)
        root = Path(config.config_file_path).parent
        self._page = Path(page.file.abs_src_path or "").relative_to(root).as_posix()
        self._path = page.file.src_uri
        here = self._path == self.config.glossary
        address = self._link(self.config.glossary or "")
        self._glossary.begin_page(() if here else self._terms, address)
        homes = self._names.homes
        lists = {package: self._link(home) for package, home in homes.items()}
        title = page.title or ""
        self._name_links.begin_page(self._names, self._path, title, lists)
        # MkDocs has cut off the page's front matter.
        self._offset = page.file.content_string.count("\n") - markdown.count("\n")
        self._fences = [each for each in fences(markdown) if each.language in FENCES]
        for number, fence in reversed([*enumerate(self._fences)]):
            line_end = markdown.index("\n", fence.start)
            header = f"{fence.indent}{fence.marker}{{.{fence.language} n={number}}}"
            markdown = markdown[: fence.start] + header + markdown[line_end:]
        return markdown

    def _render(
        self,
        name: str,
        source: str,
        language: str,
        class_name: str,
        options: dict[str, str],
        md: Markdown,
        **kwargs: Any,
    ) -> str:
        fence = self._fences[int(options["n"])]
        line = fence.line + self._offset
        above = tuple(self._fences[: int(options["n"])])
        context = FenceContext(
            self._page,
            line,
            md,
            self._docs,
            above,
            self._link,
            self._names,
            self._path,
        )
        try:
            return FENCES[name](fence.body, words(fence), context)
        except WalkthroughError as error:
            message = _blame(error, context)
            log.warning("%s", message)
            return failure(message)
        except Exception as error:
            raise SuperFencesException(f"{context}: {error!r}") from error


def _address(files: Files, here: File, path: str) -> str:
    file = files.get_file_from_path(path)
    return file.url_relative_to(here) if file else path


def _blame(error: WalkthroughError, context: FenceContext) -> str:
    """The error with the page and the line that it is about."""
    line = context.line
    if isinstance(error, ListingError | Mismatch):
        line += error.line
    details = f"\n{error.details}" if isinstance(error, Mismatch) else ""
    return f"{replace(context, line=line)}: {error}{details}"
