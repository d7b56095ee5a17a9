"""The knobs: what each setting shows, and that nothing is recorded twice."""

from pathlib import Path

import pytest

from walkthroughs.errors import FenceError, RecordingError
from walkthroughs.fences.knob import check
from walkthroughs.fences.place import Place
from walkthroughs.laboratory.knobs import KNOBS, Knob, drawn, recorded
from walkthroughs.pages.markdown import fences
from walkthroughs.pages.pages import Pages

BY_NAME = {knob.name: knob for knob in KNOBS}


@pytest.fixture
def cache(house: Path) -> Path:
    return house / ".cache" / "laboratory"


def logs(name: str, cache: Path) -> list[list[str]]:
    return [each["log"] for each in recorded(BY_NAME[name], cache)]


def test_a_view_may_outlast_its_limit_but_not_for_long(cache: Path) -> None:
    answers = recorded(BY_NAME["timeout"], cache)
    heads = [each["said"][0][:12] for each in answers]
    assert heads == ["HTTP/1.1 200"] * 3 + ["HTTP/1.1 503"]
    assert "the view is cancelled" in logs("timeout", cache)[-1]


def test_send_waits_for_a_client_that_does_not_read(cache: Path) -> None:
    said = logs("backpressure", cache)
    for seconds, lines in zip((0, 1, 10), said, strict=False):
        assert f"piece 1 was taken after {seconds} s" in lines
    # After a minute minidaphne gives the client up.
    assert any("ClientDisconnected" in line for line in said[3])


def test_messages_stay_in_order(cache: Path) -> None:
    for lines in logs("ordering", cache):
        said = [line for line in lines if not line.startswith("INFO")]
        assert said == ["slow begins", "slow is done", "quick begins", "quick is done"]


@pytest.mark.parametrize("name", BY_NAME)
def test_it_is_drawn(name: str, cache: Path, house: Path) -> None:
    knob = BY_NAME[name]
    page = drawn(knob, cache)
    assert page.count('<details class="lab-setting"') == len(knob.settings)
    assert f'max="{len(knob.settings) - 1}"' in page
    assert str(house) not in page


def test_each_knob_stands_on_one_page(house: Path) -> None:
    pages = [page.read_text(encoding="utf-8") for page in house.glob("docs/**/*.md")]
    for name in BY_NAME:
        assert sum(f"```knob {name}\n" in page for page in pages) == 1


def test_what_is_not_shown_is_not_kept(cache: Path) -> None:
    recorded(BY_NAME["backpressure"], cache)
    (kept,) = cache.glob("knob-backpressure-*.json")
    assert kept.stat().st_size < 300_000  # a client has received three megabytes


def test_a_recording_is_made_once(tmp_path: Path) -> None:
    recorded(BY_NAME["ordering"], tmp_path)
    (kept,) = tmp_path.glob("knob-ordering-*.json")
    before = kept.stat().st_mtime_ns
    recorded(BY_NAME["ordering"], tmp_path)
    assert kept.stat().st_mtime_ns == before


def test_a_setting_that_cannot_run_is_named(tmp_path: Path) -> None:
    broken = Knob("broken", "", "", (1,), "", "def f(:\n")
    with pytest.raises(RecordingError, match="knob broken: SyntaxError"):
        recorded(broken, tmp_path)


def test_a_knob_that_is_not_there_is_named(tmp_path: Path) -> None:
    place = Place("page.md", Pages(tmp_path))
    (fence,) = fences("```knob colour\n```\n")
    with pytest.raises(
        FenceError, match="there is no knob 'colour': use one of timeout"
    ):
        check(fence, place)
