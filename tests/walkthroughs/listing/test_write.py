"""A first listing: the application's own steps, and true as it is written."""

from __future__ import annotations

import pytest

from tests.walkthroughs.trace_builder import trace
from walkthroughs.focus import Focus
from walkthroughs.listing import Match, find, parse, write
from walkthroughs.listing.write import LINES

STORY = """
server.run
    server.listen
--- task: lifespan
receive -> lifespan.startup
--- task: application
framework.App.handle
    app.view
        app.find
            framework.query
        app.show
    send <- http.response.start
        server.write
    send <- http.response.body
receive -> http.disconnect
"""

FIRST = """\
app.view
    app.find
    ...
    app.show
send <- http.response.start
...
send <- http.response.body
"""


def test_own_calls_and_events_are_named_and_the_rest_is_left_out() -> None:
    text = write(trace(STORY), Focus.of(["app"]))
    assert text == FIRST
    assert isinstance(find(parse(text), trace(STORY)), Match)


def test_calls_that_do_not_count_need_no_ellipsis() -> None:
    text = write(trace(STORY), Focus.of(["app"]), Focus.of(["app", "server"]))
    assert text == FIRST.replace("    ...\n", "", 1)


def test_lanes_are_named_where_there_are_several() -> None:
    story = (
        "--- task: one\napp.a\n    app.b\n--- thread: two\napp.c\n--- task: one\napp.d"
    )
    text = write(trace(story), Focus.of(["app"]))
    assert text == (
        "--- task: one\napp.a\n    app.b\n--- thread: two\napp.c\n--- task: one\napp.d\n"
    )
    assert isinstance(find(parse(text), trace(story)), Match)


def test_a_lane_that_nothing_was_seen_to_lead_to_is_left_out() -> None:
    story = "app.a\n=== task: sudden\napp.b\n--- loop\napp.c"
    assert write(trace(story), Focus.of(["app"])) == "app.a\n...\napp.c\n"


def test_repeats_are_named_once() -> None:
    story = "app.a\n    send <- http.response.body\n    send <- http.response.body\n    app.b"
    assert write(trace(story), Focus.of(["app"])) == (
        "app.a\n    send <- http.response.body\n    ...\n    app.b\n"
    )


def test_of_many_steps_the_outermost_are_named() -> None:
    inner = "".join(f"    app.inner{n}\n" for n in range(LINES))
    text = write(trace(f"app.a\n{inner}app.b\n"), Focus.of(["app"]))
    assert len(parse(text).claims) == LINES
    assert text.endswith("\napp.b\n")


@pytest.mark.parametrize("own", ["elsewhere", "server.nothing"])
def test_nothing_recorded_is_nothing_written(own: str) -> None:
    story = "server.run\n    framework.call\n    send <- http.response.start"
    assert write(trace(story), Focus.of([own])) == ""


def test_what_follows_the_end_of_a_websocket_is_left_out() -> None:
    """There the server and the application run at the same time."""
    story = (
        "--- task: application\nreceive -> websocket.connect\napp.Consumer.dispatch\n"
        "receive -> websocket.disconnect\nserver.close\napp.Consumer.dispatch\n"
        "--- task: application 2\napp.view\n"
    )
    text = write(trace(story), Focus.of(["app"]))
    assert text == (
        "--- task: application\nreceive -> websocket.connect\napp.Consumer.dispatch\n"
        "...\n--- task: application 2\napp.view\n"
    )
    assert isinstance(find(parse(text), trace(story)), Match)
