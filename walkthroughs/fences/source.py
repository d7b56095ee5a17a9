"""The fence `source NAME`: the source of a function, a class or a module, as installed.

    ```source daphne.server.Server.run
    ```

`parts=rest` leaves out what other chapters print, `parts=quote` shows it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape

from ..book.forward_references import find_forward_references
from ..book.printed import Book
from ..book.stage_index import linked
from ..code_digest import digest
from ..errors import FenceError
from ..pages.markdown import Fence, options_of
from ..render.figure import figure
from ..source_locator import Target, find
from .own_code import own_code
from .place import Place


def check(fence: Fence, place: Place) -> None:
    """See that the name leads to a piece of source.

    Raises:
        FenceError: the fence says more, or less, than a name.
        TargetError: the name names nothing that is installed.
    """
    read_source(fence.body, options_of(fence))


def render(fence: Fence, place: Place) -> str:
    """Make the source with its owner and licence; raise as `check` does."""
    options = options_of(fence)
    target = read_source(fence.body, options)
    rest = options.get("parts") == "rest"
    text = place.book.rest(target) if rest else target.source
    caption = _caption(
        target, _forward_references(target, rest, place), place.where(target.name)
    )
    return figure(text, caption)


def depends_on(fence: Fence, place: Place) -> str:
    """Name all source that the pages print, and what may be said of it.

    Raises:
        TargetError: the name names nothing.
    """
    target = find(fence.arguments[0]) if fence.arguments else None
    # What a piece uses is looked for in all of its package.
    tops = {p.target.module.partition(".")[0] for p in place.book.pieces}
    return repr((_described(target), _describe_book(place.book), own_code(tops)))


@lru_cache(maxsize=2)
def _describe_book(book: Book) -> str:
    """Return a text of all that a caption, a note or a piece takes from the book."""
    pieces = [(p.page, p.title, p.rest, _described(p.target)) for p in book.pieces]
    return digest(repr((pieces, book.order, book.titles)))


def _described(target: Target | None) -> tuple[object, ...]:
    return (target, target.source) if target else ()


def read_source(body: str, options: Mapping[str, str]) -> Target:
    """Return the source that a `source` fence shows.

    Raises:
        FenceError: it says more, or less, than a name.
        TargetError: the name names nothing.
    """
    if body.strip():
        raise FenceError("a source fence must be empty: its text comes from the code")
    unknown = ", ".join(sorted(set(options) - {"target", "parts"}))
    if unknown:
        raise FenceError(f"a source fence takes no {unknown}")
    if options.get("parts", "rest") not in ("rest", "quote"):
        raise FenceError(f"parts are 'rest' or 'quote', not {options['parts']!r}")
    if "target" not in options:
        raise FenceError("a source fence needs the name of what to show")
    return find(options["target"])


def _forward_references(target: Target, rest: bool, place: Place) -> str:
    """Return a sentence that says which later chapters print what a piece uses."""
    book = place.book
    where = (place.page, target, rest)
    pieces = (p for p in book.pieces if (p.page, p.target, p.rest) == where)
    piece = next(pieces, None)
    later = find_forward_references(book, piece) if piece else {}
    parts = (
        f"{', '.join(f'<code>{escape(name)}</code>' for name in names)} in "
        f'<a href="{escape(place.link(page))}">{escape(book.titles[page])}</a>'
        for page, names in later.items()
    )
    return f"Used here, printed later: {'; '.join(parts)}." if later else ""


def _caption(target: Target, more: str = "", place: str = "") -> str:
    words = [linked(f"<code>{escape(target.name)}</code>", place)]
    actual = f"{target.module}.{target.qualname}".removesuffix(".")
    if actual != target.name:
        words.append(f"defined as <code>{escape(actual)}</code>")
    if target.package:
        package = target.package
        words.append(escape(f"{package.name} {package.version}, {package.licence}"))
    words.append(f"<code>{escape(target.path)}:{target.first_line}</code>")
    lines = [" · ".join(words), more] if more else [" · ".join(words)]
    return "<br>".join(lines)
