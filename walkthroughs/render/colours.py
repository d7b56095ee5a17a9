"""The colours of lanes and events, for pictures outside a page of the site.

On a page, `assets/walkthroughs.css` sets them, for light and for dark.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "loop": "#3b5bb5",
    "task": "#0b6e63",
    "thread": "#955100",
    "event": "#a3236f",
    "error": "#b3261e",
}
"""Name of a colour -> the colour on a light ground; as in the style sheet."""


def with_colours(css: str) -> str:
    """Add the values for a light ground to the colours that a picture's style names.

    Args:
        css: the style; it names colours as a page does, as in `var(--wt-loop)`.

    Returns:
        the style, which takes the values where no page sets the names.
    """
    for name, value in LIGHT.items():
        css = css.replace(f"var(--wt-{name})", f"var(--wt-{name},{value})")
    return css
