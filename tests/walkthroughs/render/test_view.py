"""A view: rows that leave nothing out, and where each step runs."""

import pytest

from walkthroughs.render.view import Arrival, Fold, Span, Step, View, short
from walkthroughs.trace import Call, Message

from ..trace_builder import trace
from .scenes import REACTOR, TASK, THREAD, request, view


def sketch(view: View) -> list[str]:
    """The rows in brief."""
    return [sketch_row(view, row) for row in view.rows]


def sketch_row(view: View, row: Step | Fold | Arrival) -> str:
    if isinstance(row, Step):
        return f"{'  ' * row.depth}{row.number} {short(view.name(row))}"
    if isinstance(row, Fold):
        names = (short(view.trace.name(event)) for event in row.events)
        return f"{'  ' * row.depth}... {' '.join(names)}"
    sign = "---" if row.changed else "==="
    return f"{sign} {view.lane(row).label} {row.hop.how if row.hop else 'goes on'}"


def test_rows_are_steps_folds_and_arrivals_in_order() -> None:
    assert sketch(view()) == [
        "--- reactor io",
        "1 Port.read",
        "  ... Channel.parse",
        "  2 Request.process",
        "    ... Request.headers Server.create",
        "--- task: application create_task",
        "3 App.__call__",
        "  4 receive -> http.request",
        "--- thread: executor executor",
        "5 sync.work",
        "--- task: application wake",
        "  6 views.hello",
        "    7 send <- http.response.start",
        "      ... Server.reply",
        "      8 Port.write",
    ]


def test_every_step_in_between_is_in_exactly_one_row() -> None:
    seen = []
    for row in view().rows:
        if isinstance(row, Step):
            seen.append(row.seq)
        elif isinstance(row, Fold):
            seen.extend(event.seq for event in row.events)
    assert seen == [step.seq for step in request().steps]


def test_a_view_goes_from_the_first_shown_step_to_the_last() -> None:
    assert sketch(view(10, 11)) == [
        "--- task: application create_task",
        "1 App.__call__",
        "  2 receive -> http.request",
    ]


def test_an_empty_view_has_no_rows() -> None:
    empty = View(request(), ())
    assert (empty.rows, empty.lanes) == ((), ())


def test_depth_and_parent_are_those_of_the_view() -> None:
    step = view(1, 4).steps[1]
    assert (step.depth, step.parent, step.hidden) == (1, 1, 2)


def test_calls_above_the_view_are_counted_as_hidden() -> None:
    step = view(4, 5).steps[0]
    assert (step.depth, step.parent, step.hidden) == (0, None, 3)


def test_a_fold_is_split_where_control_comes_to_another_lane() -> None:
    split = view(1, 11)
    assert sketch(split) == [
        "--- reactor io",
        "1 Port.read",
        "  ... Channel.parse Request.process Request.headers Server.create",
        "--- task: application create_task",
        "... App.__call__",
        "2 receive -> http.request",
    ]
    assert [row.part for row in split.rows if isinstance(row, Fold)] == [1, 2]


def test_a_hop_within_a_lane_does_not_split_a_fold() -> None:
    twice = trace("--- loop\napp.a\napp.b\n--- loop\napp.c\napp.d")
    assert sketch(View(twice, [1, 8])) == [
        "--- loop wake",
        "1 app.a",
        "... app.b app.c",
        "=== loop wake",
        "2 app.d",
    ]


def test_a_lane_that_nothing_scheduled_goes_on() -> None:
    threads = trace("=== thread: a\napp.a\n=== thread: b\napp.b\n=== thread: a\napp.c")
    assert sketch(View(threads, [0, 1, 3])) == [
        "1 app.a",
        "--- thread: b goes on",
        "2 app.b",
        "--- thread: a goes on",
        "3 app.c",
    ]


def test_calls_before_a_lane_goes_on_are_folded_before_it() -> None:
    threads = trace("=== thread: a\napp.a\napp.b\n=== thread: b\napp.c\napp.d")
    assert sketch(View(threads, [0, 5])) == [
        "1 app.a",
        "... app.b",
        "--- thread: b goes on",
        "... app.c",
        "2 app.d",
    ]


def test_a_hop_before_the_last_shown_step_led_there_already() -> None:
    threads = trace("--- thread: a\napp.a\n--- thread: b\napp.b\n=== thread: a\napp.c")
    arrivals = [
        row for row in View(threads, [1, 3, 5]).rows if isinstance(row, Arrival)
    ]
    assert [row.hop is not None for row in arrivals] == [True, True, False]


def test_lanes_are_those_of_steps_and_of_the_hops_to_them() -> None:
    assert view().lanes == (REACTOR, TASK, THREAD)
    assert view(10, 11).lanes == (REACTOR, TASK)
    assert view(1, 3).lanes == (REACTOR,)


def test_a_call_runs_until_the_row_where_it_ended() -> None:
    assert view().spans(view().steps[0]) == (Span(1, 7, "return"),)
    assert view().spans(view().steps[1]) == (Span(3, 4, "return"),)


def test_a_suspension_is_a_gap_between_spans() -> None:
    assert view().spans(view().steps[2]) == (Span(6, 7, "suspend"), Span(11, 14, None))


def test_a_suspension_amid_a_fold_lasts_until_the_fold_is_over() -> None:
    assert view(10, 20).spans(view(10, 20).steps[0]) == (
        Span(1, 2, "suspend"),
        Span(4, 4, None),
    )


def test_what_pauses_and_goes_on_in_one_fold_has_a_gap_after_it() -> None:
    folded = view(10, 21)
    assert sketch(folded)[2] == "... receive -> http.request sync.work views.hello"
    assert folded.spans(folded.steps[0]) == (
        Span(1, 2, "suspend"),
        Span(3, 4, None),
    )


def test_a_sent_message_is_open_until_the_server_took_it() -> None:
    assert view().spans(view().steps[6]) == (Span(12, 14, "return"),)
    assert view(10, 21).spans(view(10, 21).steps[1]) == (Span(4, 4, None),)


def test_a_received_message_is_a_moment() -> None:
    assert view().spans(view().steps[3]) == (Span(7, 7, "return"),)


def test_exits_and_numbers_say_when_a_step_stopped() -> None:
    step = view().steps[2]
    exits = view().exits(step)
    assert [(exit.how, view().number_at(exit.seq)) for exit in exits] == [
        ("suspend", 4),
        ("resume", 5),
    ]
    assert view().number_at(0) == 0


def test_shown_around_finds_the_innermost_shown_step() -> None:
    assert view().shown_around(5) == view().steps[1]
    assert view().shown_around(22) == view().steps[6]
    assert view(10).shown_around(2) is None
    assert view().shown_around(None) is None


@pytest.mark.parametrize("shown", [(3, 1), (1, 1)])
def test_steps_out_of_order_are_refused(shown: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        View(request(), shown)


@pytest.mark.parametrize("seq", [0, 6, 99])
def test_what_is_no_step_cannot_be_shown(seq: int) -> None:
    with pytest.raises(ValueError, match="no such steps"):
        View(request(), [seq])


def test_short_names_are_the_last_two_parts() -> None:
    assert short("daphne.server.Server.run") == "Server.run"
    assert short("run") == "run"
    assert short("send <- http.response.start") == "send <- http.response.start"


def test_the_scene_has_the_steps_it_promises() -> None:
    assert [step.seq for step in request().steps] == [
        *(1, 2, 3, 4, 5, 10, 11, 16, 20, 21, 22, 23)
    ]
    assert isinstance(request().events[21], Message)
    assert isinstance(request().events[23], Call)
