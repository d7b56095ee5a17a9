"""Which steps of a whole recording are shown."""

from __future__ import annotations

import pytest

from tests.walkthroughs.trace_builder import trace
from walkthroughs.focus import Focus
from walkthroughs.render.selection import IN_ALL, STEPS, select
from walkthroughs.trace import Call, Message, Trace

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
        app.view own
            app.helper own
            frame.Response
    send <- http.response.start status=200
"""
)
RANKED = [Focus.of([name]) for name in ("app", "server", "frame")]


def names(at_most: int | None, story: Trace = STORY) -> list[str]:
    shown = set(select(story, RANKED, at_most).shown)
    return [story.name(step) for step in story.steps if step.seq in shown]


def test_all_that_may_be_shown_is_if_there_is_room() -> None:
    assert names(None) == names(100)
    assert [each for each in names(None) if each.startswith("lib")] == []
    assert len(names(None)) == 11


def test_the_status_comes_first_and_then_the_applications_own_code() -> None:
    assert names(1) == ["send <- http.response.start"]
    assert names(3) == ["app.view", "app.helper", "send <- http.response.start"]


def test_then_comes_what_those_run_inside_of() -> None:
    assert names(4)[0] == "frame.App.handle"


def test_the_server_comes_before_the_framework() -> None:
    assert "server.Port.open" in names(7)
    assert "frame.App.route" not in names(7)


def test_what_is_deeper_goes_first() -> None:
    assert "frame.App.route" in names(8)
    assert "frame.App.deep" not in names(8)


def test_so_many_steps_are_never_more() -> None:
    assert [len(names(n)) for n in range(1, 12)] == list(range(1, 12))


def test_a_focus_may_be_empty() -> None:
    # ASGI events are no code: they are shown in any focus.
    assert [STORY.events[n].kind for n in select(STORY, [Focus(())]).shown] == [
        "message"
    ]
    assert select(STORY, [], 0).shown == []


def test_private_names_of_own_code_are_shown_and_of_other_code_are_not() -> None:
    story = trace(
        """
app._One.__call__ own
    app.view.<locals>.<lambda> own
    app.view.<locals>.<genexpr> own
frame._hidden
frame.decorator.<locals>._wrapper
frame.decorator.<locals>.<lambda>
"""
    )
    assert names(None, story) == [
        "app._One.__call__",
        "app.view.<locals>.<lambda>",
        "frame.decorator.<locals>._wrapper",
    ]


PIECES = 300


def pieces(more: str = "") -> Trace:
    """An endpoint that sends many pieces."""
    each = f"        send <- http.response.body\n            server.write\n{more}"
    return trace(
        "--- task: application\napp.stream own\n    app.loop own\n"
        + "        send <- http.response.start status=200\n"
        + each * PIECES
    )


def test_what_repeats_itself_is_shown_once_with_how_often() -> None:
    story = pieces()
    selection = select(story, RANKED)
    assert names(None, story) == [
        "app.stream",
        "app.loop",
        "send <- http.response.start",
        "send <- http.response.body",
        "server.write",
    ]
    body = next(s for s in story.steps if story.name(s) == "send <- http.response.body")
    assert selection.times == {body.seq: PIECES}


def test_what_repeats_itself_between_other_things_is_found_too() -> None:
    assert names(None, pieces("        app.pause own\n")).count("app.pause") == 1


def test_own_calls_between_repetitions_part_them() -> None:
    """What is sent after a call must not seem to be sent before it."""
    turn = "        app.piece own\n        send <- http.response.body\n"
    more = "        send <- http.response.body\n"
    story = trace(f"app.view own\n    app.body own\n{turn * 3}{more}")
    selection = select(story, RANKED)
    assert len(selection.shown) == len(story.steps)
    assert selection.times == {}
    story = trace(f"app.view own\n    app.body own\n{more * 9}{turn}{more * 8}")
    selection = select(story, RANKED)
    assert list(selection.times.values()) == [9, 9]
    assert names(None, story)[2:] == [
        "send <- http.response.body",
        "app.piece",
        "send <- http.response.body",
    ]


def test_what_runs_otherwise_inside_is_no_repetition() -> None:
    parts = [f"    app.step own\n        app.branch_{n} own\n" for n in range(6)]
    story = trace("app.stream own\n" + "".join(parts))
    assert names(None, story).count("app.step") == 6


def requests(count: int, calls: int) -> Trace:
    """Requests, one after another, in which the application makes so many calls."""
    story = "server.Server.run\n"
    for number in range(count):
        story += f"--- task: application {number}\napp.view own\n"
        story += "".join(f"    app.call_{n} own\n" for n in range(calls))
        story += "    send <- http.response.start status=200\n"
    return trace(story)


def test_every_request_has_the_same_room() -> None:
    story = requests(4, 50)
    shown = [name for name in names(20, story) if name != "server.Server.run"]
    assert shown.count("send <- http.response.start") == 4
    assert [shown.count(each) for each in ("app.view", "app.call_0")] == [4, 4]
    assert len(shown) == 20


def test_many_requests_have_less_room_each_but_some() -> None:
    assert len(names(None, requests(3, STEPS * 2))) == 3 * STEPS
    assert len(names(None, requests(20, STEPS))) <= IN_ALL
    many = names(None, requests(IN_ALL // 4, 8))
    assert many.count("send <- http.response.start") == IN_ALL // 4
    assert len(many) == IN_ALL


def test_of_more_requests_than_there_is_room_for_the_first_are_shown() -> None:
    shown = names(None, requests(IN_ALL + 50, 1))
    assert shown == ["send <- http.response.start"] * IN_ALL


def test_every_step_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    story, named = pieces(), list[int]()

    def name(self: Trace, step: Call | Message) -> str:
        named.append(step.seq)
        return self.names(step)[0]

    monkeypatch.setattr(Trace, "name", name)
    select(story, RANKED)
    assert sorted(named) == [step.seq for step in story.steps]
