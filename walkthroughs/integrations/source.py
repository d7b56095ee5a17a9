"""The fence `source NAME`: what its words mean, the same for the site and the tests."""

from collections.abc import Mapping

from ..errors import FenceError
from ..targets import Target, find
from .fences import Fence


def words(fence: Fence) -> dict[str, str]:
    """The options of a fence that takes one bare word, that word as "target"."""
    if len(fence.arguments) > 1:
        many = " ".join(fence.arguments)
        raise FenceError(f"a {fence.language} fence takes one bare word, not: {many}")
    target = {"target": fence.arguments[0]} if fence.arguments else {}
    return {**fence.options, **target}


def read_source(body: str, options: Mapping[str, str]) -> Target:
    """The source that a `source` fence shows.

    Raises:
        FenceError: it says more, or less, than a name.
        TargetError: the name names nothing.
    """
    if body.strip():
        raise FenceError("a source fence is empty: its text comes from the code")
    unknown = ", ".join(sorted(set(options) - {"target", "parts"}))
    if unknown:
        raise FenceError(f"a source fence takes no {unknown}")
    if options.get("parts", "rest") not in ("rest", "quote"):
        raise FenceError(f"parts are 'rest' or 'quote', not {options['parts']!r}")
    if "target" not in options:
        raise FenceError("a source fence needs the name of what to show")
    return find(options["target"])
