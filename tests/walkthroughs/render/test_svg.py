"""The swim lanes: well-formed, complete, and the same for the same calls."""

import re
from xml.etree import ElementTree

import pytest

from walkthroughs.render.lane_layout import AVAILABLE_WIDTH
from walkthroughs.render.svg import TILE, svg, tiled
from walkthroughs.render.view import View

from ..trace_builder import trace
from .scenes import SHOWN, Scene, later, request, view
from .test_waits import awaited

NS = {"s": "http://www.w3.org/2000/svg"}


def drawn(view: View) -> ElementTree.Element:
    return ElementTree.fromstring(svg(view, "made"))


def words(picture: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.findall(".//s:text", NS)]


def bars(picture: ElementTree.Element) -> list[ElementTree.Element]:
    return [
        rect
        for rect in picture.findall(".//s:rect", NS)
        if rect.attrib["class"].startswith("bar")
    ]


def test_equal_calls_give_the_same_picture_whatever_their_times() -> None:
    assert svg(View(later(request()), SHOWN), "made") == svg(view(), "made")


def test_lanes_have_their_names() -> None:
    assert words(drawn(view()))[:3] == [
        "reactor",
        "task: application",
        "thread: executor",
    ]


def test_every_step_links_to_its_place_in_the_list() -> None:
    links = [link.attrib["href"] for link in drawn(view()).findall(".//s:a", NS)]
    assert [link for link in links if "-f" not in link] == [
        f"#made-{number}" for number in range(1, 9)
    ]


def test_folds_are_counted_and_link_to_what_they_fold() -> None:
    folds = drawn(view()).findall(".//s:a[@class='fold']", NS)
    assert [fold.attrib["href"] for fold in folds] == [
        "#made-1-f1",
        "#made-2-f1",
        "#made-7-f1",
    ]
    assert [fold.findtext("s:text", "", NS) for fold in folds] == [
        "… 1 call",
        "… 2 calls",
        "… 1 call",
    ]
    title = folds[1].findtext("s:title", "", NS)
    assert title == "2 calls left out here, Request.headers to Server.create"


def test_steps_have_short_labels_and_whole_titles() -> None:
    picture = drawn(view())
    assert "Request.process" in words(picture)
    titles = [title.text for title in picture.findall(".//s:a/s:title", NS)]
    assert "made.http.Request.process" in titles


def test_a_suspended_call_has_a_bar_for_each_time_it_ran() -> None:
    # Eight steps; one is received in a moment, one ran twice.
    assert len(bars(drawn(view()))) == 8
    assert len(drawn(view()).findall(".//s:path[@class='gap']", NS)) == 1


def test_a_call_left_by_an_exception_looks_so() -> None:
    assert [bar.attrib["class"] for bar in bars(drawn(view()))].count("bar err") == 1


def test_hops_say_how() -> None:
    picture = drawn(view())
    hows = [text.text for text in picture.findall(".//s:text[@class='how']", NS)]
    assert hows == ["io", "create_task", "executor", "wake", "2 queued", "0 queued"]
    titles = [title.text for title in picture.findall(".//s:g/s:title", NS)]
    created = "Now in task: application, created as a task by Server.create"
    assert f"{created} (folded, inside step 2)." in titles


def test_the_queue_is_drawn_up_to_a_limit() -> None:
    queue = drawn(view()).findall(".//s:g[@class='event']/s:g", NS)
    assert [len(each.findall("s:rect", NS)) for each in queue] == [2, 0]
    assert queue[0].findtext("s:title", "", NS) == "2 events waiting in the queue"


def number(element: ElementTree.Element, *names: str) -> list[float]:
    return [float(element.attrib[name]) for name in names]


def covered(picture: ElementTree.Element) -> list[str]:
    """The labels that run over the edge, or over what is drawn beside them."""
    bars_and_gaps = [number(bar, "x", "y", "height") for bar in bars(picture)]
    for gap in picture.findall(".//s:path[@class='gap']", NS):
        x, top, bottom = map(float, re.split("[MV ]", gap.attrib["d"])[1:])
        bars_and_gaps.append([x, top, bottom - top])
    found = []
    for text in picture.findall(".//s:text", NS):
        if text.attrib.get("class") == "num":
            continue
        [y] = number(text, "y")
        for line in text.findall("s:tspan", NS) or [text]:
            words = "".join(line.itertext())
            [x] = number(line, "x")
            beside = [b[0] for b in bars_and_gaps if b[1] <= y <= b[1] + b[2]]
            edges = [*(each for each in beside if each > x), *number(picture, "width")]
            if x + 7.3 * len(words.strip()) > min(edges):
                found.append(words)
    return found


def test_no_label_runs_over_what_is_drawn_beside_it() -> None:
    shown = awaited().trace()
    for each in (view(), View(shown, [step.seq for step in shown.steps]), crowded(4)):
        assert covered(drawn(each)) == []


def test_a_label_that_runs_over_a_bar_would_be_found() -> None:
    picture = drawn(view())
    label = next(t for t in picture.iter() if t.text == "Request.process")
    bar = next(bar for bar in bars(picture) if bar.attrib["rx"] == "3")
    x, y = number(label, "x", "y")
    bar.attrib |= {"x": f"{x + 40:g}", "y": f"{y - 10:g}", "height": "20"}
    assert covered(picture) == ["Request.process"]


def crowded(tasks: int) -> View:
    """Tasks that run one after the other, each in a lane of its own."""
    text = "".join(
        f"--- task: number {n}\napplication.LongNameOfAClass.long_name_of_a_method\n"
        for n in range(tasks)
    )
    made = trace(text)
    return View(made, [step.seq for step in made.steps])


@pytest.mark.parametrize(
    ("tasks", "least", "most"), [(1, 0, 400), (3, AVAILABLE_WIDTH, AVAILABLE_WIDTH)]
)
def test_labels_reach_over_other_lanes_where_there_is_no_room(
    tasks: int, least: int, most: int
) -> None:
    """Each label is 37 characters long."""
    picture = drawn(crowded(tasks))
    assert least <= int(picture.attrib["width"]) <= most
    assert covered(picture) == []


def test_a_picture_of_many_lanes_is_no_wider_than_it_must_be() -> None:
    width = int(drawn(crowded(9)).attrib["width"])
    assert AVAILABLE_WIDTH < width < 9 * 37 * 7.3 / 2


def test_a_lane_that_goes_on_has_an_arrow_without_a_word() -> None:
    threads = trace("=== thread: a\napp.a\n=== thread: b\napp.b")
    picture = drawn(View(threads, [0, 1]))
    assert "Now in thread: b." in [
        title.text for title in picture.findall(".//s:g/s:title", NS)
    ]


def test_an_arrow_starts_in_the_lane_that_scheduled_even_if_no_call_is_known() -> None:
    hops = trace("--- loop\napp.a\n--- task: x\napp.b")
    path = drawn(View(hops, [1, 3])).findall(".//s:path[@class='hop']", NS)[1]
    start = float(path.attrib["d"].split()[0].removeprefix("M"))
    assert start < float(path.attrib["d"].split("H")[1].split("v")[0])


def test_a_fold_in_a_lane_that_is_not_shown_stands_beside_the_step_before() -> None:
    hidden = trace("=== loop\napp.a\n=== task: x\napp.b\n=== loop\napp.c")
    picture = drawn(View(hidden, [0, 3]))
    assert words(picture) == ["loop", "app.a", "1", "… 1 call", "app.c", "2"]


def test_an_event_without_a_queue_has_no_depth() -> None:
    scene = Scene()
    scene.message("receive", "http.request", None)
    picture = drawn(View(scene.trace(), [0]))
    assert words(picture) == ["task: application", "http.request", "1"]


def test_it_is_titled_and_described_for_those_who_do_not_see_it() -> None:
    picture = drawn(view())
    assert picture.findtext("s:title", "", NS) == "Swim lanes of made on none"
    assert "8 steps in 3 lanes: reactor" in picture.findtext("s:desc", "", NS)
    ids = {each.attrib["id"] for each in picture.iter() if "id" in each.attrib}
    assert set(picture.attrib["aria-labelledby"].split()) == ids


def long() -> View:
    """A call that runs through all rows, and many inside it."""
    made = trace("app.One.run\n" + "    app.Two.run\n        app.Two.go\n" * TILE)
    calls = [step.seq for step in made.steps if "go" not in made.name(step)]
    return View(made, calls)


def test_a_picture_in_tiles_shows_what_the_whole_one_does() -> None:
    tiles = ElementTree.fromstring(f"<div>{tiled(long(), 'made')}</div>")
    pictures = tiles.findall(".//s:svg", NS)
    boxes = [picture.attrib["viewBox"].split() for picture in pictures]
    whole = drawn(long())
    assert [box[1] for box in boxes[1:]] == [
        str(int(box[1]) + int(box[3])) for box in boxes[:-1]
    ]
    assert sum(int(box[3]) for box in boxes) == int(whole.attrib["height"])
    for path in (".//s:a", ".//s:title", ".//s:style", ".//s:text"):
        assert [each.text for each in tiles.findall(path, NS)] == [
            each.text for each in whole.findall(path, NS)
        ]


def test_a_tile_has_its_own_rows_and_what_runs_through_them() -> None:
    tiles = ElementTree.fromstring(f"<div>{tiled(long(), 'made')}</div>")
    pictures = tiles.findall(".//s:svg", NS)
    assert [len(picture.findall("s:a", NS)) for picture in pictures] == [TILE, TILE]
    tallest = [
        max(float(bar.attrib["height"]) for bar in bars(each)) for each in pictures
    ]
    assert len(set(tallest)) == 1


def test_an_event_without_a_bar_is_in_its_tile_too() -> None:
    tiles = ElementTree.fromstring(f"<div>{tiled(view(), 'made')}</div>")
    whole = drawn(view())
    assert words(tiles) == words(whole)
    assert len(bars(tiles)) == len(bars(whole))
