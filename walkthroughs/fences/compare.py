"""The fence `compare`: two walkthroughs of one scenario, side by side.

    ```compare scenario=http-get left=daphne right=minidaphne
    ```

    ```compare scenario=http-get server=daphne django=5.2,6.1
    ```

It shows again what two `callpath` fences above it on the page show: of each server, or of
each version, the nearest.  So its rows lead to their steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..compatibility.variants import version_of
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
    titles = (left.title, right.title)
    return compare(ours.view, theirs.view, left.ident, right.ident, name, titles)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Args:
        fence: its listing.
        ident: the id of its walkthrough on the page.
        title: the server, or the version.
    """

    fence: Fence
    ident: str
    title: str


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
        raise FenceError(
            "a compare fence must be empty: it shows the listings above it"
        )
    if "server" in options:
        return _versions(options, above)
    if set(options) != set(OPTIONS):
        raise FenceError(f"a compare fence needs {', '.join(OPTIONS)}, and no more")
    scenario, left, right = (options[name] for name in OPTIONS)
    ours, theirs = (
        _side({"scenario": scenario, "server": server}, server, above)
        for server in (left, right)
    )
    return ours, theirs


def _versions(options: Mapping[str, str], above: Sequence[Fence]) -> tuple[Side, Side]:
    """Return the walkthroughs of two versions, such as `django=5.2,6.1`."""
    which = {"scenario": options.get("scenario", ""), "server": options["server"]}
    more = {name: text for name, text in options.items() if name not in which}
    both = [text.split(",") for text in more.values()]
    if len(both) != 1 or len(both[0]) != 2:
        example = "django=5.2,6.1"
        raise FenceError(
            f"a compare fence with a server needs two versions, such as {example}"
        )
    [name], [prefixes] = more, both
    ours, theirs = (
        _side({**which, name: each}, str(version_of({name: each})), above)
        for each in prefixes
    )
    return ours, theirs


def _side(wanted: Mapping[str, str], title: str, above: Sequence[Fence]) -> Side:
    scenario, server, *version = wanted.values()
    found = [
        fence
        for fence in above
        if fence.language == "callpath"
        and fence.options.get("scenario") == scenario
        and fence.options.get("server") == server
    ]
    place = next(
        (
            number
            for number in range(len(found), 0, -1)
            if wanted.items() <= options_of(found[number - 1]).items()
        ),
        None,
    )
    if place is None:
        on = f" with {title}" if version else ""
        raise FenceError(
            f"there is no callpath of {scenario} on {server}{on} above it on this page"
        )
    return Side(found[place - 1], ident(scenario, server, place), title)
