"""The fence `compare`: two walkthroughs of one scenario, side by side.

    ```compare scenario=http-get left=daphne right=minidaphne
    ```

It shows again what two `callpath` fences above it on the page show: of each server the
nearest.  So its rows lead to their steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import FenceError
from ..pages.markdown import Fence, options_of
from ..render.compare_html import compare
from ..verification import ident, verify
from .place import Place

OPTIONS = ("scenario", "left", "right")


def check(fence: Fence, place: Place) -> None:
    """See that both walkthroughs are above the fence on its page.

    Raises:
        FenceError: the fence makes no sense, or one of the two is not on the page.
    """
    sides(fence.body, options_of(fence), place.above)


def render(fence: Fence, place: Place) -> str:
    """Make the two walkthroughs, side by side; raise as `check` does."""
    left, right = sides(fence.body, options_of(fence), place.above)
    ours, theirs = (
        verify(each.fence.body, options_of(each.fence)) for each in (left, right)
    )
    name = f"{left.ident}-{right.ident}"
    return compare(ours.view, theirs.view, left.ident, right.ident, name)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Args:
        fence: its listing.
        ident: the id of its walkthrough on the page.
    """

    fence: Fence
    ident: str


def sides(
    body: str, options: Mapping[str, str], above: Sequence[Fence]
) -> tuple[Side, Side]:
    """Return the two walkthroughs that a fence compares.

    Args:
        body: the fence's body.
        options: its options.
        above: the fences above it on the page.

    Raises:
        FenceError: the fence makes no sense, or one of the two is not on the page.
    """
    if body.strip():
        raise FenceError("a compare fence is empty: it shows what stands above it")
    if set(options) != set(OPTIONS):
        raise FenceError(f"a compare fence says its {', '.join(OPTIONS)}, no more")
    scenario, left, right = (options[name] for name in OPTIONS)
    return _side(scenario, left, above), _side(scenario, right, above)


def _side(scenario: str, server: str, above: Sequence[Fence]) -> Side:
    wanted = {"scenario": scenario, "server": server}
    found = [
        fence
        for fence in above
        if fence.language == "callpath" and wanted.items() <= options_of(fence).items()
    ]
    if not found:
        raise FenceError(
            f"there is no callpath of {scenario} on {server} above it on this page"
        )
    return Side(found[-1], ident(scenario, server, len(found)))
