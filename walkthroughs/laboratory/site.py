"""The laboratory's part of the site: its page, and the files that the page loads.

The runtime comes from the npm package `pyodide`, the modules from the packages that are
installed here.  Where Node's packages are missing, the site is built without them, and
the page says what to do.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from ..errors import WalkthroughError
from ..pages.markdown import fences
from ..trace import Package
from .archive import archive
from .blocks import PAGES, blocks
from .focuses import FOCUSES
from .runtime import loaded, runtime
from .starting_points import SERVERS, STARTS, Start, renamed

log = get_plugin_logger("walkthroughs")

ASSETS = Path(__file__).parent / "assets"

FOLDER = "assets/laboratory"

SCRIPTS = (
    "knobs.js",
    "laboratory.css",
    "laboratory.js",
    "python.js",
    "snippets.js",
    "unpack.js",
    "worker.mjs",
)

MARK = "<!-- laboratory -->"
"""Stands on the page where the laboratory goes."""

CODE = """\
from walkthroughs.laboratory.experiment import prepare
prepare()
from walkthroughs.laboratory.worker_messages import answer
answer
"""

WITHOUT_PYTHON = "WALKTHROUGHS_NO_LABORATORY"
"""Where this variable is set, Python is not packed: only the longest tests run it."""

LACKS = "the laboratory is built without Python for the browser"

MISSING = (
    f"There are no Node packages: {LACKS}. Run 'make prepare', which installs them into "
    ".ci/node_modules."
)


class LaboratorySite:
    """Fills the page of the laboratory, adds its files, and links to it from chapters.

    Args:
        page: the page's path below the folder of all pages.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self._listings: dict[tuple[str, str], str] = {}
        self._data: dict[str, object] = {}
        self._cache = Path()
        self._python: dict[str, object] = {}
        self._packages: tuple[Package, ...] = ()

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Add the files that the page loads."""
        root = Path(config.config_file_path).parent
        cache = self._cache = root / ".cache" / "laboratory"
        self._listings = dict(_listings(Path(config.docs_dir)))
        without = os.environ.get(WITHOUT_PYTHON)
        found = None if without else runtime(root / ".ci" / "node_modules")
        needed: dict[str, tuple[str, Path]] = {}
        if found is None:
            log.info(f"{WITHOUT_PYTHON} is set: {LACKS}." if without else MISSING)
        else:
            try:
                pack = archive(cache, log.info)
                needed = loaded(found, pack.path, cache, log.info)
            except WalkthroughError as error:
                log.warning("%s", error)
            else:
                self._packages = (*found.packages, *pack.packages)
        for name in SCRIPTS:
            files.append(_file(config, name, ASSETS / name))
        for name, path in needed.values():
            files.append(_file(config, name, path))
        self._python = {
            "files": {
                key: {"file": name, "size": path.stat().st_size}
                for key, (name, path) in needed.items()
            }
            or None,
            "lock": found.lock if found else None,
            "code": CODE,
            "worker": "worker.mjs",
        }
        self._data = {
            "focuses": FOCUSES,
            "starts": [self._start(each) for each in STARTS],
        }
        return files

    def _with_knobs(self, html: str, page: str) -> str:
        if 'class="lab-knob"' not in html:
            return html
        folder = "../" * page.count("/") + FOLDER
        style = f'<link rel="stylesheet" href="{folder}/laboratory.css">'
        return f'{html}\n{style}\n<script src="{folder}/knobs.js" defer></script>'

    def _start(self, start: Start) -> dict[str, object]:
        return {
            "name": start.name,
            "title": start.title,
            "client": start.client,
            "application": start.application,
            "options": start.options,
            "focus": {server: start.focus(server) for server in SERVERS},
            "listings": {
                server: self._listings[start.scenario, server]
                for server in SERVERS
                if (start.scenario, server) in self._listings
            },
        }

    def on_page_content(
        self, html: str, /, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Put the laboratory in its place; on other pages, links that lead there."""
        home = files.get_file_from_path(self.page)
        if home is None:
            return html
        here = page.file.src_uri
        if here == self.page:
            form = (ASSETS / "laboratory.html").read_text(encoding="utf-8")
            scripts = _scripts(here, {**self._python, **self._data}, "laboratory.js")
            # The style first, so that nothing moves when it comes.
            parts = (scripts, form, _licences(self._packages))
            return html.replace(MARK, "\n".join(parts))
        html = self._with_knobs(linked(html, home.url_relative_to(page.file)), here)
        if here in PAGES:
            found = [
                {"lacks": each.lacks, "runs": each.runs, "check": each.check}
                for each in blocks(here, page.file.content_string)
            ]
            data = {**self._python, "page": here, "blocks": found}
            html += _scripts(here, data, "snippets.js")
        return html


_WALK = re.compile(
    r'<div class="wt[^"]*" role="group" id="(?P<which>[\w-]+)-walk"[^>]*>'
)


def linked(html: str, address: str) -> str:
    """Return a page with a link above each walkthrough that can run in the laboratory.

    Args:
        html: the page.
        address: of the laboratory.
    """

    def add(found: re.Match[str]) -> str:
        # What walks by itself is there to be watched, and has no room to spare.
        alone = "data-play" in found[0]
        return found[0] if alone else _link(found["which"], address) + found[0]

    return _WALK.sub(add, html)


def _link(which: str, address: str) -> str:
    """Return a link to a walkthrough's start point, "http-get-daphne-2", or ""."""
    for start in STARTS:
        for server in SERVERS:
            name = re.escape(f"{start.scenario}-{server}")
            if start.scenario and re.fullmatch(rf"{name}(-\d+)?", which):
                link = escape(f"{address}#start={start.name}&server={server}")
                return f'<p class="wt-try"><a href="{link}">Try it in the laboratory</a></p>'
    return ""


def _scripts(page: str, data: dict[str, object], script: str) -> str:
    """Return the style and the scripts of a page, and what they want to know."""
    folder = "../" * page.count("/") + FOLDER
    # In a script, "</" would end it.
    text = json.dumps(data).replace("</", "<\\/")
    return "\n".join(
        (
            f'<link rel="stylesheet" href="{folder}/laboratory.css">',
            f'<script type="application/json" id="lab-data">{text}</script>',
            f'<script src="{folder}/python.js" defer></script>',
            f'<script src="{folder}/{script}" defer></script>',
        )
    )


def _file(config: MkDocsConfig, name: str, path: Path) -> File:
    return File.generated(config, f"{FOLDER}/{name}", abs_src_path=str(path))


def _listings(docs: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """Return the first listing of each scenario and server, for the reader's names."""
    seen: set[tuple[str, str]] = set()
    # Chapters come before the folders of answers and reference.
    for page in sorted(docs.rglob("*.md"), key=lambda path: (len(path.parts), path)):
        for fence in fences(page.read_text(encoding="utf-8")):
            key = (fence.options.get("scenario", ""), fence.options.get("server", ""))
            if fence.language == "callpath" and key not in seen:
                seen.add(key)
                yield key, renamed(fence.body)


def _licences(packages: tuple[Package, ...]) -> str:
    if not packages:
        return ""
    items = "".join(
        f"<li>{escape(f'{each.name} {each.version}, licence: {each.licence}')}</li>"
        for each in packages
    )
    return (
        "<details data-search-exclude><summary>What is loaded, in which versions, under "
        f"which licences</summary><ul>{items}</ul></details>"
    )
