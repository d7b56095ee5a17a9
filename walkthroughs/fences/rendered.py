"""Rendered fences, kept on disk: a page whose prose alone changed is built at once.

The HTML of a fence is kept under a key made of all that it depends on: the fence itself
and its place, the links and stages of the page, what its kind says of it (`depends_on`),
the code of this package and of minidaphne, and every installed version.  Kinds that do
not say it, and fences that failed, are rendered each time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..build_memo import fresh_answers
from ..code_digest import code_of, digest
from ..environment import installed
from ..errors import WalkthroughError
from ..pages.markdown import Fence
from ..recording import cache_folder
from ..text_cache import TextCache
from . import KINDS
from .place import Place

LIMIT = 1000
"""How many fences are kept; the least recently used go first."""

PACKAGE = Path(__file__).parent.parent
"""The code that renders."""

SERVER = PACKAGE.parent / "minidaphne"

# This process runs the code as it was when it began.  Were it asked for later, what old
# code makes would be kept as what new code makes.
_LOADED = code_of(PACKAGE)


@dataclass(frozen=True)
class _Made:
    """HTML that is not in the cache yet, and what its key is made of."""

    key: str
    html: str
    fence: Fence
    place: Place


# The fences that a `writing_at_end` block has yet to write; None outside of one.
_unwritten: list[_Made] | None = None


def render(fence: Fence, place: Place) -> str:
    """Give the HTML of a fence, from the cache if nothing that it depends on changed.

    Raises:
        WalkthroughError: as the kind's own `render`.
    """
    key = _key(fence, place)
    if not key:
        return KINDS[fence.language].render(fence, place)
    html = _cache().read(key)
    if html is None:
        html = KINDS[fence.language].render(fence, place)
        made = _Made(key, html, fence, place)
        if _unwritten is None:
            _keep([made])
        else:
            _unwritten.append(made)
    return html


@contextmanager
def writing_at_end() -> Iterator[None]:
    """Write the fences rendered in this block to the cache when the block ends.

    Their dependencies are checked again then, once for all of them instead of once per
    fence, because some fences depend on the whole book.
    """
    global _unwritten
    made: list[_Made] = []
    outside, _unwritten = _unwritten, made
    try:
        yield
    finally:
        _unwritten = outside
        _keep(made)


def _keep(all_made: list[_Made]) -> None:
    """Keep what was rendered, unless what it depends on has changed meanwhile."""
    with fresh_answers(once=True):
        for made in all_made:
            if _key(made.fence, made.place) == made.key:
                _cache().write(made.key, made.html)


def _cache() -> TextCache:
    return TextCache(cache_folder() / "fences", LIMIT)


def renderer_digest() -> str:
    """Give a digest of this package's code.

    Returns:
        "" if the code on disk has changed since this process loaded it.
    """
    return _LOADED if code_of(PACKAGE) == _LOADED else ""


def _path() -> list[str]:
    """Where modules are looked for, however Python was started.

    The folder of its scripts, which a script has there, holds no modules.
    """
    folders = map(os.path.abspath, sys.path)
    return [each for each in folders if each != os.path.dirname(sys.executable)]


def _key(fence: Fence, place: Place) -> str:
    """Return a key for all that the HTML depends on; "" if it must not be cached."""
    depends_on = getattr(KINDS[fence.language], "depends_on", None)
    if depends_on is None or not renderer_digest():
        return ""
    try:
        own = depends_on(fence, place)
    except WalkthroughError:
        return ""  # the kind's own `render` says what is wrong
    if not own:
        return ""
    the_fence = (fence.language, fence.arguments, sorted(fence.options.items()))
    the_place = (place.page, place.occurrence(fence), fence.indent, fence.body)
    # An address is made of both pages' paths, and of how the site writes them.
    links = ([*place.pages.texts], place.link(place.page))
    names = ([*place.names.homes.items()], sorted(place.names.pages))
    code = (_LOADED, code_of(SERVER), installed(), _path())
    return digest(repr((the_fence, the_place, links, names, own, code)))
