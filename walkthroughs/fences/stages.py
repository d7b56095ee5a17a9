"""The fence `stages`: the stages of a package, and where each of them runs.

    ```stages daphne
    ```

gives each stage with links to the walkthroughs that have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from ..book import stage_index
from ..book.stage_index import Stage, breakable, stages
from ..errors import FenceError
from ..pages.markdown import Fence, options_of
from ..pages.pages import Pages
from .place import Link, Place


def check(fence: Fence, place: Place) -> None:
    """See that the pages name stages of the package.

    Raises:
        FenceError: no listing does.
    """
    render(fence, place)


def render(fence: Fence, place: Place) -> str:
    """Make the list of stages; raise as `check` does."""
    return render_stages(options_of(fence).get("target", ""), place.pages, place.link)


def depends_on(fence: Fence, place: Place) -> str:
    """Name all stages of the book."""
    return stage_index.depends_on(place.pages)


def render_stages(package: str, pages: Pages, link: Link) -> str:
    """Render the stages of a package as a list, each with where it runs.

    Raises:
        FenceError: no listing names a stage of that package.
    """
    own = [stage for stage in stages(pages) if stage.package == package]
    if not own:
        raise FenceError(f"no listing of the book names a stage of {package!r}")
    own.sort(key=lambda stage: stage.name)
    items = "\n".join(
        f'<dt id="{escape(name)}"><code>{breakable(name)}</code></dt>'
        f"<dd>{_places(list(group), link)}</dd>"
        for name, group in groupby(own, key=lambda stage: stage.name)
    )
    return f'<dl class="wt-stages">\n{items}\n</dl>'


def _places(found: Sequence[Stage], link: Link) -> str:
    """Each page and walkthrough once, with a link for each step."""
    parts = []
    for (page, title, scenario, server), group in groupby(found, key=_walk):
        url = escape(link(page))
        steps = ", ".join(
            f'<a href="{url}#{escape(each.anchor)}">step {each.number}</a>'
            for each in group
        )
        parts.append(f"{escape(title)}, {escape(f'{scenario} on {server}')}: {steps}")
    return "<br>".join(parts)


def _walk(stage: Stage) -> tuple[str, str, str, str]:
    return stage.page, stage.title, stage.scenario, stage.server
