"""The kinds of fence that a page may have, one file each.

A kind is a module here with two functions, `check` and `render`.  To add a fence, write
such a module and enter it in `KINDS`; the site, the tests and the command line ask
nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..pages.markdown import Fence
from . import (
    callpath,
    compare,
    knob,
    module_map,
    round_trip,
    source,
    stages,
    stand_in,
    states,
    twins,
)
from .place import Link, Place

__all__ = ["KINDS", "Kind", "Link", "Place"]


class Kind(Protocol):
    """What a module of this package offers."""

    def check(self, fence: Fence, place: Place) -> None:
        """Raise a `WalkthroughError` if the fence is not true, or makes no sense."""

    def render(self, fence: Fence, place: Place) -> str:
        """Make the HTML of the fence; raise what `check` raises."""


KINDS: Mapping[str, Kind] = {
    "callpath": callpath,
    "compare": compare,
    "module-map": module_map,
    "knob": knob,
    "round-trip": round_trip,
    "source": source,
    "stages": stages,
    "stand-in": stand_in,
    "states": states,
    "twins": twins,
}
"""Every kind of fence: language -> its module."""
