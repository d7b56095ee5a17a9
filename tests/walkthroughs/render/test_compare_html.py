"""Two recordings side by side: aligned on what both do, nothing of either lost."""

from html.parser import HTMLParser

from walkthroughs.render.compare_html import Pair, aligned, compare, stage
from walkthroughs.render.view import View

from ..trace_builder import trace
from .scenes import request, view

DAPHNE = """
daphne.server.Server.run
    daphne.http_protocol.HTTPFactory.buildProtocol
    twisted.web.http.HTTPChannel.connectionMade
receive -> http.request
"""
MINIDAPHNE = """
minidaphne.server.Server.run
    minidaphne.http_protocol.HTTPFactory.build_protocol
    minidaphne.flow.Flow.watch
receive -> http.request
"""


def whole(story: str) -> View:
    made = trace(story)
    return View(made, [step.seq for step in made.steps])


def named(pair: Pair, left: View, right: View) -> tuple[str | None, str | None]:
    return (
        left.name(pair.left) if pair.left else None,
        right.name(pair.right) if pair.right else None,
    )


def test_steps_of_one_stage_are_in_one_row() -> None:
    left, right = whole(DAPHNE), whole(MINIDAPHNE)
    http = "http_protocol.HTTPFactory"
    assert [named(pair, left, right) for pair in aligned(left, right)] == [
        ("daphne.server.Server.run", "minidaphne.server.Server.run"),
        (f"daphne.{http}.buildProtocol", f"minidaphne.{http}.build_protocol"),
        ("twisted.web.http.HTTPChannel.connectionMade", None),
        (None, "minidaphne.flow.Flow.watch"),
        ("receive -> http.request", "receive -> http.request"),
    ]


def test_no_step_of_either_side_is_lost() -> None:
    left, right = view(), view(1, 4, 11)
    pairs = aligned(left, right)
    assert tuple(pair.left for pair in pairs if pair.left) == left.steps
    assert tuple(pair.right for pair in pairs if pair.right) == right.steps


def test_a_stage_has_one_name_in_both_ways_of_writing() -> None:
    assert stage("a.b.HTTPFactory.buildProtocol") == stage(
        "c.HTTPFactory.build_protocol"
    )
    assert stage("twisted.web.http.HTTPChannel") == stage("minidaphne.wire.HTTPChannel")
    assert stage("send <- http.response.start") != stage("send <- http.response.body")


def test_the_table_links_to_both_walkthroughs_and_says_what_is_missing() -> None:
    text = compare(view(), view(1, 10), "one", "two", "both")
    HTMLParser().feed(text)
    assert text.count('<tr id="both-') == 8
    assert '<tr id="both-1" class="wt-both">' in text
    assert '<a href="#one-3" title="made.app.App.__call__">' in text
    assert '<a href="#two-2" title="made.app.App.__call__">' in text
    assert text.count("no such stage") == 6


def test_calls_hops_and_events_are_counted() -> None:
    text = compare(view(), View(request(), ()), "one", "two", "both")
    assert "none<br><small>10 calls, 3 hops, 2 ASGI events</small>" in text
    assert "none<br><small>nothing shown</small>" in text
