"""The fence `knob`: one experiment, recorded for each setting of a number.

    ```knob ordering
    ```

gives the knob of that name as a slider; without a script, all its settings are there.
"""

from __future__ import annotations

from ..errors import FenceError
from ..laboratory.knobs import KNOBS, Knob, drawn
from ..pages.markdown import Fence, options_of
from ..recording import cache_folder
from .place import Place


def check(fence: Fence, place: Place) -> None:
    """See that there is such a knob, and that each of its settings can be recorded.

    Raises:
        FenceError: no knob has that name.
        RecordingError: a setting could not be recorded.
    """
    render(fence, place)


def render(fence: Fence, place: Place) -> str:
    """Make the slider and its settings; raise as `check` does."""
    return drawn(_knob(options_of(fence).get("target", "")), cache_folder() / "knobs")


def _knob(name: str) -> Knob:
    for knob in KNOBS:
        if knob.name == name:
            return knob
    known = ", ".join(each.name for each in KNOBS)
    raise FenceError(f"there is no knob {name!r}: use one of {known}")
