"""Mermaid: who takes part, and who calls whom."""

from walkthroughs.render.mermaid import mermaid
from walkthroughs.render.view import View

from ..trace_builder import trace
from .scenes import TASK, Scene, view


def test_a_view_is_a_sequence_of_calls_events_and_hops() -> None:
    assert mermaid(view()) == (
        """\
sequenceDiagram
    participant p0 as reactor
    participant p1 as Port
    participant p2 as Request
    participant p3 as task: application
    participant p4 as App
    participant p5 as ASGI interface
    participant p6 as thread: executor
    participant p7 as sync
    participant p8 as views
    p0->>p1: read
    Note over p1: … 1 call
    p1->>p2: process
    Note over p2: … 2 calls
    p2-)p3: create_task
    p3->>p4: __call__
    p5-->>p4: http.request
    p4-)p6: executor
    p6->>p7: work
    p7-)p3: wake
    p4->>p8: hello
    p8-->>p5: http.response.start
    Note over p5: … 1 call
    p5->>p1: write
"""
    )


def test_two_classes_of_one_name_are_told_apart() -> None:
    both = mermaid(View(trace("app.one.Server.run\napp.two.Server.run"), [0, 2]))
    assert "as app.one.Server\n" in both
    assert "as app.two.Server\n" in both


def test_a_class_constructs_itself() -> None:
    made = mermaid(View(trace("app.Server.__init__"), [0]))
    assert "participant p1 as Server\n    p0->>p1: Server\n" in made


def test_a_hop_from_no_known_call_comes_from_its_lane() -> None:
    hop = mermaid(View(trace("--- loop\napp.a\n--- task: x\napp.b"), [1, 3]))
    assert "p0-)p2: wake" in hop


def test_a_lane_that_goes_on_and_the_loop_itself_draw_no_arrow() -> None:
    threads = "=== thread: a\napp.a\n=== thread: b\napp.b\n=== thread: a\napp.c"
    assert "-)" not in mermaid(View(trace(threads), [0, 1, 3]))
    assert "-)" not in mermaid(View(trace("--- loop\napp.a\n--- loop\napp.b"), [1, 4]))


def test_signs_of_the_language_are_written_as_numbers() -> None:
    scene = Scene()
    scene.message("receive", "a;b#c", 0)
    scene.call("made.app:x", TASK)
    assert ": a#59;b#35;c\n" in mermaid(View(scene.trace(), [0, 1]))
