"""The fence `module-map`: a picture that the recordings vouch for."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from walkthroughs.errors import FenceError
from walkthroughs.fences.module_map import (
    count_calls,
    draw_map,
    in_layers,
    in_order,
    modules,
    recordings,
)
from walkthroughs.pages.pages import Pages

from ..trace_builder import trace


@pytest.mark.parametrize("server", ["daphne", "minidaphne"])
def test_the_map_has_every_call_of_the_recordings(house: Path, server: str) -> None:
    picture = draw_map(server, Pages(house / "docs"))
    calls = count_calls([*recordings(server, Pages(house / "docs"))], server)
    assert ("server", "http_protocol") in calls
    assert set(in_order(calls)) == {name for pair in calls for name in pair}
    own = modules([*recordings(server, Pages(house / "docs"))], server)
    layers = in_layers(calls, own, server)
    drawn = [name for layer in layers for row in layer.rows for name in row]
    assert sorted(drawn) == sorted(in_order(calls))
    assert [each.name for each in layers] == [
        "Event loop and network",
        server,
        "Django",
        "Application",
    ]
    svg = picture[picture.index("<svg") :].removesuffix("</div>")
    tree = ElementTree.fromstring(svg)
    space = {"s": "http://www.w3.org/2000/svg"}
    assert len(tree.findall("s:g", space)) == len(calls)
    said = tree.findtext("s:desc", "", space)
    assert all(f"{start} calls {end}" in said for start, end in calls)


def test_a_server_without_a_call_between_modules_has_no_map(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "walkthroughs.fences.module_map.recordings", lambda *_: [trace("made.one.a")]
    )
    with pytest.raises(FenceError, match="no recording of 'made' has a call of"):
        draw_map("made", Pages(house / "docs"))


def test_a_module_stands_below_those_that_call_it() -> None:
    calls = {("a", "b"): 2, ("a", "c"): 1, ("b", "c"): 1, ("c", "django"): 1}
    server, framework = in_layers(calls, {"a", "b", "c"}, "made")
    assert server.rows == [["a"], ["b"], ["c"]]
    assert framework.rows == [["django"]]
