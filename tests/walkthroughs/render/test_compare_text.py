"""Two recordings side by side."""

from __future__ import annotations

from textwrap import dedent

from tests.walkthroughs.trace_builder import trace
from walkthroughs.render.compare_text import Stage, compare, stages
from walkthroughs.trace import Call

STORY = trace(
    """
server.Server.run
server.Server.accept
--- task: application
app.view
    receive -> http.request
--- loop
server.Server.data
--- task: application
send <- http.response.body
    server.Server.write
send <- http.response.body
"""
)


def test_stages_begin_at_the_moments_that_servers_have_in_common() -> None:
    listening = next(e.seq for e in STORY.events[1:] if isinstance(e, Call))
    shown = {step.seq for step in STORY.steps if STORY.name(step) != "app.view"}
    assert stages(STORY, shown, listening) == [
        Stage("the server starts", ("Server.run",), 1, 0),
        Stage("the server listens, and the request arrives", ("Server.accept",), 1, 0),
        Stage("the application is called", (), 1, 1),
        Stage("receive -> http.request", ("Server.data",), 1, 2),
        Stage("send <- http.response.body", ("Server.write",), 1, 0),
        Stage("send <- http.response.body (2)", (), 0, 0),
    ]


def test_stages_of_one_name_stand_side_by_side() -> None:
    left = [Stage("a", ("a.very_long_name",), 1, 0), Stage("b", (), 2, 1)]
    right = [
        Stage("a", ("x.y", "x.z"), 3, 2),
        Stage("only there", (), 0, 0),
        Stage("b", (), 1, 1),
        Stage("after", ("z.z",), 1, 0),
    ]
    assert compare(left, right, 35) == dedent(
        """\
        --- a
        1 call, 0 hops   | 3 calls, 2 hops
          a.very_long_n… |   x.y
                         |   x.z
        --- only there
        does not happen  | 0 calls, 0 hops
        --- b
        2 calls, 1 hop   | 1 call, 1 hop
        --- after
        does not happen  | 1 call, 0 hops
                         |   z.z
        """
    )
    assert compare(right, left, 35).count("does not happen") == 2


def test_stages_in_another_order_are_shown_once() -> None:
    one, other = (Stage(name, (), 0, 0) for name in "ab")
    shown = compare([one, other], [other, one], 35)
    assert [line for line in shown.splitlines() if "---" in line] == ["--- a", "--- b"]
    assert "does not happen" not in shown
