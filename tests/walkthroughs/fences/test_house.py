"""The fence `house`: a picture that the recordings vouch for."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from walkthroughs.fences.house import count_calls, draw_house, in_order, recordings
from walkthroughs.pages.pages import Pages


@pytest.mark.parametrize("server", ["daphne", "minidaphne"])
def test_the_house_has_every_call_of_the_recordings(house: Path, server: str) -> None:
    picture = draw_house(server, Pages(house / "docs"))
    calls = count_calls([*recordings(server, Pages(house / "docs"))], server)
    assert ("server", "http_protocol") in calls
    assert set(in_order(calls)) == {name for pair in calls for name in pair}
    svg = picture[picture.index("<svg") :].removesuffix("</div>")
    tree = ElementTree.fromstring(svg)
    space = {"s": "http://www.w3.org/2000/svg"}
    assert len(tree.findall("s:g", space)) == len(calls)
    said = tree.findtext("s:desc", "", space)
    assert all(f"{start} calls {end}" in said for start, end in calls)
