"""The fence `round-trip`: a drawing that a recording vouches for."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from walkthroughs.errors import FenceError, ListingError, WalkthroughError
from walkthroughs.fences import KINDS
from walkthroughs.fences.place import Place
from walkthroughs.fences.round_trip import find_steps, read
from walkthroughs.pages.markdown import Fence
from walkthroughs.pages.pages import Pages

from ..render.scenes import view

SPACE = "{http://www.w3.org/2000/svg}"
WAY = """socket: made.tcp.Port.read  # bytes
task: made.app.App.__call__  # the <application>
queue: receive -> http.request

view: made.views.hello
task: send <- http.response.start"""


def find(body: str) -> list[int]:
    return [step.number for step in find_steps([*read(body)], view())]


def test_each_stage_is_found_in_order() -> None:
    assert find(WAY) == [1, 3, 4, 6, 7]


@pytest.mark.parametrize(
    ("written", "instead", "message", "line"),
    [
        ("hello", "goodbye", "has no made.views.goodbye after receive -> http", 5),
        (
            "made.views.hello",
            "made.tcp.Port.read",
            "has no made.tcp.Port.read after",
            5,
        ),
        ("made.tcp.Port.read", "made.no", "has no made.no in its listing", 1),
        ("view: ", "reactor: ", "runs in task: application: that is not the rea", 5),
        ("queue: ", "task: ", "that is not the task", 3),
        ("task: send", "queue: send", "that is not the queue", 6),
        ("view: ", "shed: ", "'shed' is not a place: expected one of socket", 5),
        ("view: ", "", "is not `place: stage  # gloss`: made.views.hello", 5),
        (WAY, "", "this drawing names no stage", 0),
    ],
)
def test_what_the_recording_lacks_is_an_error(
    written: str, instead: str, message: str, line: int
) -> None:
    assert written in WAY
    with pytest.raises(ListingError) as error:
        find(WAY.replace(written, instead))
    assert message in str(error.value)
    assert error.value.line == line


def front_page(house: Path) -> tuple[Fence, Place]:
    pages = Pages(house / "docs")
    fences = pages.fences["index.md"]
    n = next(n for n, each in enumerate(fences) if each.language == "round-trip")
    return fences[n], Place("index.md", pages, tuple(fences[:n]))


def test_the_front_page_draws_each_stage_and_leads_to_its_step(house: Path) -> None:
    fence, place = front_page(house)
    drawing = KINDS["round-trip"].render(fence, place)
    stages = [*read(fence.body)]
    tree = ElementTree.fromstring(drawing)
    for picture in tree.iter(f"{SPACE}svg"):
        links = picture.findall(f"{SPACE}a")
        assert len(links) == len(stages)
        said = picture.findtext(f"{SPACE}desc", "")
        for link, stage in zip(links, stages, strict=True):
            assert link.attrib["href"].startswith("#http-get-daphne-")
            assert stage.gloss in said
        width, height = map(float, picture.attrib["viewBox"].split()[2:])
        for dot in picture.iter(f"{SPACE}circle"):
            assert float(dot.get("cx", 0)) < width
            assert float(dot.get("cy", 0)) < height
    assert len(tree.findall("ol/li")) == len(stages)


@pytest.mark.parametrize("stage", ["hello", "writeSomeData", "create_application"])
def test_a_stage_that_is_not_recorded_fails_the_build(house: Path, stage: str) -> None:
    fence, place = front_page(house)
    KINDS["round-trip"].check(fence, place)
    wrong = replace(fence, body=fence.body.replace(stage, "elsewhere"))
    with pytest.raises(WalkthroughError, match=r"has no .*elsewhere"):
        KINDS["round-trip"].check(wrong, place)


@pytest.mark.parametrize(
    "options", [{"scenario": "http-get"}, {"scenario": "a", "server": "b", "look": "c"}]
)
def test_other_options_are_an_error(house: Path, options: dict[str, str]) -> None:
    fence, place = front_page(house)
    with pytest.raises(FenceError, match="takes scenario and server, and nothing else"):
        KINDS["round-trip"].check(replace(fence, options=options), place)


def test_a_page_without_the_walkthrough_has_no_drawing(house: Path) -> None:
    fence, place = front_page(house)
    elsewhere = Place("production/index.md", place.pages)
    with pytest.raises(ListingError, match="no callpath of http-get on daphne"):
        KINDS["round-trip"].check(fence, elsewhere)
