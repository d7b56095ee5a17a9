"""The swim lanes by time: in proportion, cut where it says so, complete."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from walkthroughs.render import scales
from walkthroughs.render.sentences import ARROWS, HOPS
from walkthroughs.render.time_scale import CUT, LEFT, WIDE, Scale
from walkthroughs.render.timeline import NARROW, STATES, Timeline, swatch
from walkthroughs.render.view import View
from walkthroughs.render.waits import Waits

from .scenes import REACTOR, TASK, THREAD, Scene, later, request, view
from .test_waits import awaited

NS = {"s": "http://www.w3.org/2000/svg"}


def timeline(view: View) -> Timeline:
    return Timeline(view, "made", Waits(view.trace))


def whole(scene: Scene) -> View:
    trace = scene.trace()
    return View(trace, [step.seq for step in trace.steps])


def drawn(view: View) -> ElementTree.Element:
    return ElementTree.fromstring(timeline(view).svg())


def percent(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name].removesuffix("%"))


def test_places_are_in_proportion_to_time() -> None:
    scale = Scale(1_000, 2_000, [(1_000, 2_000)])
    assert scale.x(1_000) == LEFT
    assert scale.x(2_000) == LEFT + WIDE
    assert scale.x(1_500) == pytest.approx(LEFT + WIDE / 2)
    assert scale.x(0) == LEFT and scale.x(9_000) == LEFT + WIDE
    assert not scale.cuts


def test_only_long_waiting_is_cut() -> None:
    ms = 1_000_000
    busy = [(0, 10 * ms), (990 * ms, 1_000 * ms)]
    scale = Scale(0, 1_000 * ms, busy)
    assert scale.cuts == [(10 * ms, 990 * ms)]
    assert scale.x(990 * ms) - scale.x(10 * ms) == pytest.approx(CUT)
    # What is not cut has one scale.
    before = scale.x(10 * ms) - scale.x(0)
    after = scale.x(1_000 * ms) - scale.x(990 * ms)
    assert before == pytest.approx(after)
    assert before + CUT + after == pytest.approx(WIDE)
    assert not Scale(0, 1_000 * ms, [(0, 1_000 * ms)]).cuts
    assert not Scale(0, 1_000 * ms, []).cuts


@pytest.mark.parametrize("end", [1, 999, 12_345, 7_000_000, 86_400 * 10**9])
def test_times_on_the_scale_are_round_and_apart(end: int) -> None:
    ticks = list(Scale(0, end, [(0, end)]).ticks())
    places = [x for x, _ in ticks]
    assert places == sorted(places) and len(ticks) <= 12
    assert all(after - before >= 8.9 for before, after in pairwise(places))
    assert ticks[0][1].startswith("0 ")
    assert all(len(words) <= 9 for _, words in ticks)


def test_no_time_is_written_into_a_cut() -> None:
    scale = Scale(0, 1_000, [(0, 10), (990, 1_000)])
    (cut,) = (piece for piece in scale.pieces if piece.cut)
    assert not [x for x, _ in scale.ticks() if cut.left < x < cut.right]


def test_each_state_is_drawn_as_long_as_it_lasted() -> None:
    picture = timeline(whole(awaited()))
    root = ElementTree.fromstring(picture.svg())
    found = {
        css: root.findall(f".//s:*[@class='{css}']", NS)
        for css in ("running", "queued", "suspended", "client")
    }
    assert {css: len(each) for css, each in found.items()} == {
        "running": 4,
        "queued": 1,
        "suspended": 1,
        "client": 1,
    }
    (queued,) = found["queued"]
    assert percent(queued, "x") == pytest.approx(picture.scale.x(5_500), abs=0.01)
    assert percent(queued, "width") == pytest.approx(
        1_000 / picture.scale.rate, abs=0.01
    )
    assert queued.findtext("s:title", "", NS) == "queued: 1 µs"
    (client,) = found["client"]
    assert percent(client, "x2") == pytest.approx(picture.scale.x(3_500), abs=0.01)


def test_every_step_has_a_mark_that_links_to_it() -> None:
    links = [each.attrib["href"] for each in drawn(view()).findall(".//s:a", NS)]
    assert links == [f"#made-{number}" for number in range(1, 9)]


def test_numbers_of_a_lane_do_not_touch() -> None:
    s = Scene()
    for _ in range(150):
        s.exit(s.call("made:one", REACTOR), "return", 1)
    texts = drawn(whole(s)).findall(".//s:text[@class='seq']", NS)
    places = [percent(each, "x") for each in texts]
    assert 10 < len(places) < 80
    assert all(after - before >= 2 for before, after in pairwise(places))


def test_names_are_painted_after_the_arrows() -> None:
    children = list(drawn(whole(awaited())))
    kinds = [each.attrib.get("class", "") for each in children]
    last_arrow = max(n for n, css in enumerate(kinds) if css == "hop")
    assert min(n for n, css in enumerate(kinds) if css == "name") > last_arrow


def test_an_arrow_leads_from_when_it_was_scheduled_to_when_it_began() -> None:
    picture = timeline(whole(awaited()))
    root = ElementTree.fromstring(picture.svg())
    arrows = root.findall(".//s:line[@class='hop']", NS)
    wake = arrows[-1]
    assert percent(wake, "x1") == pytest.approx(picture.scale.x(5_500), abs=0.01)
    assert percent(wake, "x2") == pytest.approx(picture.scale.x(6_500), abs=0.01)
    title = wake.findtext("s:title", "", NS)
    assert "woken by made.read" in title and title.endswith("Queued for 1 µs.")


def test_long_waiting_has_its_length_written_on_it() -> None:
    lane = drawn(whole(awaited())).findall("s:g[@class='task']", NS)[0]
    words = [each.text for each in lane.findall("s:text", NS)]
    # The client for 1.5 µs, suspended for 2 µs, queued for 1 µs.
    assert words == ["2 µs", "2 µs", "1 µs"]


def test_the_same_recording_gives_the_same_picture_and_another_run_does_not() -> None:
    assert timeline(view()).svg() == timeline(view()).svg()
    other = View(later(request()), view().shown)
    assert timeline(other).svg() != timeline(view()).svg()


def explained(below: str) -> list[str]:
    return [state for state in STATES if f'class="{state}"' in below]


def test_the_states_that_are_drawn_are_explained_and_no_others() -> None:
    _, below = scales.by_time(whole(awaited()), "made", Waits(awaited().trace()))
    assert explained(below) == list(STATES)
    assert "of one run" in below
    assert "queued 1 µs, suspended 2 µs, waiting for the client 2 µs" in below
    assert "does not say how long work was queued" not in below
    old = scales.by_time(view(), "made", Waits(view().trace))[1]
    assert "does not say how long work was queued" in old
    assert explained(old) == ["running", "suspended"]


def test_each_state_has_a_shape_of_its_own() -> None:
    assert len({swatch(state) for state in STATES}) == len(STATES)


def test_a_cut_is_told_below_the_picture() -> None:
    s = Scene()
    s.exit(s.call("made:one", REACTOR), "return", 1)
    for _ in range(40):
        s.hop("io", THREAD, None, None)
    s.exit(s.call("made:two", TASK), "return", 1)
    shown = whole(s)
    picture, below = scales.by_time(shown, "made", Waits(shown.trace))
    assert "cut short" in below and "⋯" in picture
    assert "cut short" not in scales.by_time(view(), "made", Waits(view().trace))[1]


def test_a_view_without_steps_has_an_empty_picture() -> None:
    empty = View(request(), [])
    assert timeline(empty).svg().endswith("</svg>")


def test_the_words_beside_arrows_are_explained() -> None:
    legend = scales.by_order(view(), "<svg></svg>")
    for how in ("io", "create_task", "executor", "wake"):
        assert f"<i>{how}</i>: {ARROWS[how]}" in legend
    assert "call_later" not in legend


def test_what_happened_to_a_lane_and_its_arrow_are_said_of_the_same_hops() -> None:
    assert set(ARROWS) == set(HOPS) | {"io"}


def test_the_picture_is_bounded_however_often_a_lane_ran() -> None:
    s = Scene()
    for _ in range(20_000):
        at = len(s.events) * 1000
        s.hop("io", REACTOR, None, None, began=at, thread=1)
        s.exit(s.call("made:read", REACTOR), "return", 1)
    trace = s.trace()
    picture = timeline(View(trace, [trace.steps[0].seq, trace.steps[-1].seq]))
    root = ElementTree.fromstring(picture.svg())
    (lane,) = root.findall("s:g[@class='reactor']", NS)
    for state in ("running", "io"):
        assert 1_000 < len(lane.findall(f"s:*[@class='{state}']", NS)) <= 100 / NARROW
    # What is not drawn counts.
    assert picture.totals(REACTOR) == {"running": 40_000_000, "io": 19_999_000}
