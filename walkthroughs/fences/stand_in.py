"""The fence `stand-in MODULE`: code in place of what a later chapter prints.

    ```stand-in minidaphne.scope
    def build_scope(*arguments):
        raise NotImplementedError
    ```

So the server as of a chapter runs though parts of it are not printed yet.
"""

from __future__ import annotations

from html import escape

from ..book.snapshot import read_stand_in
from ..pages.markdown import Fence, options_of
from ..render.figure import figure
from .place import Place


def check(fence: Fence, place: Place) -> None:
    """See that a later chapter prints what the fence stands for.

    Raises:
        FenceError: it is not Python, or no later chapter prints it.
    """
    read_stand_in(fence.body, options_of(fence), place.pages, place.page)


def render(fence: Fence, place: Place) -> str:
    """Make the code, and say until which chapter it stands in; raise as `check` does."""
    options = options_of(fence)
    later = {*read_stand_in(fence.body, options, place.pages, place.page)}
    titles = place.pages.titles
    until = ", ".join(
        f'<a href="{escape(place.link(each))}">{escape(titles[each])}</a>'
        for each in sorted(later, key=place.pages.order.index)
    )
    module = f"<code>{escape(options['target'])}</code>"
    return figure(fence.body, f"{module} · stands in until {until}")
