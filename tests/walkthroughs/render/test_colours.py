"""The colours of pictures, on a page and off it."""

from __future__ import annotations

import re

import pytest

from walkthroughs.render import graph, round_trip, svg, timeline
from walkthroughs.render.colours import LIGHT, with_colours
from walkthroughs.render.style_and_script import style


def test_a_picture_has_the_colours_of_the_page() -> None:
    root = style().partition(":root")[2].partition("}")[0]
    found = dict(re.findall(r"--wt-(\w+):\s*(#\w+)", root))
    assert {name: found[name] for name in LIGHT} == LIGHT


def test_only_colours_that_are_known_get_a_value() -> None:
    css = "a{fill:var(--wt-loop);stroke:var(--wt-lane)}"
    assert with_colours(css) == "a{fill:var(--wt-loop,#3b5bb5);stroke:var(--wt-lane)}"


@pytest.mark.parametrize("picture", [graph, round_trip, svg, timeline])
def test_no_picture_has_a_colour_of_its_own(picture: object) -> None:
    css = str(vars(picture)["STYLE"])
    used = re.findall(r"var\(--wt-(\w+)(,#\w+)?\)", css)
    assert used
    for name, value in used:
        # A lane's colour is set by the picture itself.
        assert value == (f",{LIGHT[name]}" if name != "lane" else ""), name
