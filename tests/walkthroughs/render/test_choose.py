"""Which steps of a whole recording are shown."""

from __future__ import annotations

from tests.walkthroughs.making import trace
from walkthroughs.focus import Focus
from walkthroughs.render.choose import choose

STORY = trace(
    """
server.Server.run
    server.Server.listen
        server.Port.open
    lib.helper
--- task: application
frame.App.handle
    frame.App.route
        lib.match
        frame.App.deep
            frame.App.deeper
    lib.wrapper
        app.view
            app.helper
            frame.Response
    send <- http.response.start
"""
)
RANKED = [Focus.of([name]) for name in ("app", "server", "frame")]


def names(at_most: int | None) -> list[str]:
    shown = set(choose(STORY, RANKED, at_most))
    return [STORY.name(step) for step in STORY.steps if step.seq in shown]


def test_all_that_may_be_shown_is_if_there_is_room() -> None:
    assert names(None) == names(100)
    assert [each for each in names(None) if each.startswith("lib")] == []
    assert len(names(None)) == 11


def test_events_and_what_they_run_inside_of_are_always_shown() -> None:
    assert names(0) == ["frame.App.handle", "send <- http.response.start"]


def test_the_applications_own_code_comes_first() -> None:
    assert names(4)[1:3] == ["app.view", "app.helper"]


def test_the_server_comes_before_the_framework() -> None:
    assert "server.Port.open" in names(7)
    assert "frame.App.route" not in names(7)


def test_what_is_deeper_goes_first() -> None:
    assert "frame.App.route" in names(8)
    assert "frame.App.deep" not in names(8)


def test_a_focus_may_be_empty() -> None:
    assert choose(STORY, [Focus(())], None) == choose(STORY, [], 0)
