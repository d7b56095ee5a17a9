"""A listing in Sphinx: the directive `callpath`, rendered with its picture and its steps.

    extensions = ["walkthroughs.adapters.sphinx"]

    .. callpath::
       :scenario: http-get
       :server: daphne

       daphne.server.Server.run
       ...

A listing that is not true is a warning with file and line: `sphinx-build -W` fails.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, cast

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from ..errors import ListingError, Mismatch, WalkthroughError
from ..fences import KINDS, Place
from ..pages.markdown import Fence
from ..pages.pages import pages_of
from ..render.html import failure
from ..render.style_and_script import write_assets

log = logging.getLogger(__name__)


class CallPath(SphinxDirective):
    """Hold a listing against its recording, and render it."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("scenario", "server", "look"), directives.unchanged
    )

    def run(self) -> list[nodes.Node]:
        """Make the walkthrough for a page, and the listing for every other builder."""
        fence = self.fence()
        seen = cast(list[Fence], self.env.temp_data.setdefault("walkthroughs", []))
        place = Place("", pages_of(Path(self.env.srcdir)), tuple(seen))
        seen.append(fence)
        try:
            html = KINDS["callpath"].render(fence, place)
        except WalkthroughError as error:
            log.warning("%s", _told(error), location=self.location(error))
            html = failure(str(error))
        page, text = addnodes.only(expr="html"), addnodes.only(expr="not html")
        page += nodes.raw("", html, format="html")
        text += nodes.literal_block(fence.body, fence.body, language="text")
        return [page, text]

    def fence(self) -> Fence:
        """Read the directive as the fence that it stands for."""
        words = [word.partition("=") for word in " ".join(self.arguments).split()]
        body = "".join(f"{line}\n" for line in self.content)
        options = {name: value for name, _, value in words} | self.options
        return Fence("callpath", (), options, body, self.content_offset, 0, 0)

    def location(self, error: WalkthroughError) -> tuple[str, int]:
        """Find the document, and the line that an error is about."""
        line = self.lineno
        if isinstance(error, ListingError | Mismatch):
            line = self.content_offset + error.line
        return self.env.docname, line


def _told(error: WalkthroughError) -> str:
    return f"{error}\n{error.details}" if isinstance(error, Mismatch) else str(error)


def _add_style_and_script(app: Sphinx) -> None:
    folder = Path(app.doctreedir, "walkthroughs")
    folder.mkdir(parents=True, exist_ok=True)
    write_assets(folder)
    app.config.html_static_path.append(str(folder))


def setup(app: Sphinx) -> dict[str, Any]:
    """Enter the directive, and the style and script of a walkthrough."""
    app.add_directive("callpath", CallPath)
    app.connect("builder-inited", _add_style_and_script)
    app.add_css_file("walkthroughs.css")
    app.add_js_file("walkthroughs.js")
    return {"version": version("inside-daphne"), "parallel_read_safe": True}
