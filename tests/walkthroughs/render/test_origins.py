"""Values on their way back: where a text was seen before."""

import pytest

from walkthroughs.render.origins import Origin, origins, telling
from walkthroughs.render.view import View

from .scenes import REACTOR, TASK, Scene


def view(*values: str) -> View:
    """Return a view of one call for each value, which is its argument `data`."""
    scene = Scene()
    seen = [
        scene.call(f"made.app:work_{n}", (REACTOR, TASK)[n % 2], args=(("data", each),))
        for n, each in enumerate(values)
    ]
    return View(scene.trace(), seen)


def test_the_nearest_step_before_counts_in_whatever_lane() -> None:
    found = origins(view("b'good morning'", "'good morning'", "1", "'morning'"))
    assert found == {
        (2, "data"): Origin(1, "data", "good morning"),
        (4, "data"): Origin(2, "data", "morning"),
    }


def test_two_arguments_of_one_call_do_not_explain_each_other() -> None:
    scene = Scene()
    same = (("text", "'good morning'"), ("message", "{'text': 'good morning'}"))
    only = scene.call("made.app:f", TASK, args=same)
    assert not origins(View(scene.trace(), [only]))


def test_a_longer_text_does_not_come_from_its_part() -> None:
    assert not origins(view("'morning'", "'good morning'"))


def test_a_text_that_was_cut_is_known_by_its_beginning() -> None:
    assert origins(view("b'good morning, all'", "b'good morn...'")) == {
        (2, "data"): Origin(1, "data", "good morn")
    }


def test_of_many_values_one_may_be_known_again() -> None:
    headers = "[(b'host', b'example.com')]"
    assert origins(view("b'Host: example.com'", headers)) == {
        (2, "data"): Origin(1, "data", "example.com")
    }


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("'hello'", ["hello"]),
        ('b"it\'s me"', ["it's me"]),
        ("<Request: GET>", ["<Request: GET>"]),
        ("{'a': 'hello'}", ["{'a': 'hello'}", "hello"]),
        ("'abcd'", []),
        ("'12345'", []),
        ("123456", []),
        ("None", []),
        ("False", []),
        ("'...'", []),
    ],
)
def test_only_what_tells_something_is_looked_for(text: str, texts: list[str]) -> None:
    assert telling(text) == texts


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkthroughs.render.origins.REMEMBERED", 2)
    assert not origins(view("'good morning'", "1", "2", "'good morning'"))
