"""The list of steps as HTML."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from walkthroughs.render import sentences
from walkthroughs.render.sentences import plain
from walkthroughs.render.steps import steps
from walkthroughs.render.view import Arrival, View
from walkthroughs.trace import Call, Exit, Function, Hop, Lane, Message, Package, Trace

from .. import trace_builder as making
from .parsed import Page
from .scenes import REACTOR, SHOWN, TASK, Scene, request, view


def test_steps_carry_what_the_stepper_needs() -> None:
    page = Page(steps(view(), "made"))
    process = page.all("li", "wt-step")[1]
    assert process["id"] == "made-2"
    assert {key: process[f"data-{key}"] for key in ("n", "seq", "kind", "lane")} == {
        "n": "2",
        "seq": "3",
        "kind": "call",
        "lane": "reactor",
    }
    assert (process["data-parent"], process["data-hidden"]) == ("1", "1")
    assert (process["data-file"], process["data-line"]) == ("made/http.py", "1")
    assert process["data-t"] == "2"
    received = page.all("li", "wt-step")[3]
    assert (received["data-direction"], received["data-queue"]) == ("receive", "2")


def test_steps_say_what_happened() -> None:
    text = steps(view(), "made")
    step = '<a href="#made-{0}">step {0}</a>'.format
    created = "created as a task by Server.create"
    for sentence in (
        "No recorded call leads here: reactor begins here.",
        f"Called by Channel.parse (folded, inside {step(1)}) at line 9.",
        "Returns at line 8.",
        f"Now in task: application, {created} (folded, inside {step(2)}).",
        "Now in reactor: the loop found something to read or write.",
        "The application receives http.request with body 2 bytes.",
        "2 events wait in the connection&#x27;s queue.",
        "Nothing waits in the connection&#x27;s queue.",
        f"Is suspended at line 11 after {step(4)}, then resumes after {step(5)}.",
        "Raises ValueError at line 3.",
        f"Is taken by the server after {step(8)}.",
    ):
        assert sentence in text, sentence


def test_a_caller_that_was_not_recorded_is_not_said_to_be_another() -> None:
    made = request()
    events = tuple(
        replace(event, direct=False) if isinstance(event, Call) else event
        for event in made.events
    )
    text = steps(View(replace(made, events=events), SHOWN), "made")
    assert "Called by" not in text and "The call, in" not in text
    assert "Runs inside Channel.parse (folded, inside <a" in text
    assert "</a>) at line 9." in text


def test_a_call_inside_a_sent_message_says_so() -> None:
    text = steps(view(21, 22), "made")
    assert "Runs inside send &lt;- http.response.start (<a" in text


def test_watched_arguments_are_shown() -> None:
    text = steps(view(), "made")
    assert "<dt><code>scope</code></dt>" in text
    assert "{&#x27;a&#x27;: &lt;b&gt;}" in text


def test_a_scope_that_is_watched_by_entry_is_a_table() -> None:
    scene = Scene()
    args = (("scope['type']", "'http'"), ("scope['path']", "'<b>'"), ("port", "80"))
    made = scene.call("made.app:App.__call__", TASK, args=args)
    text = steps(View(scene.trace(), [made]), "made")
    assert '<table class="wt-entries"><caption>scope</caption>' in text
    assert '<th scope="row"><code>path</code></th><td><code>&#x27;&lt;b&gt;' in text
    assert "<dt><code>port</code></dt>" in text and "<dt><code>scope" not in text


def test_a_value_leads_back_to_the_step_that_had_it_before() -> None:
    scene = Scene()
    line = (("line", "b'GET /hello/?name=reader HTTP/1.1'"),)
    scope = (("scope['path']", "'/hello/'"), ("name", "'<b>'"))
    seen = [
        scene.call("made.tcp:Port.read", REACTOR, args=line),
        scene.call("made.http:Request.process", REACTOR, args=scope),
    ]
    text = steps(View(scene.trace(), seen), "made")
    [link] = re.findall('<a class="wt-before".*?</a>', text)
    assert 'href="#made-1"' in link and "/hello/ was in line" in link
    assert "&#x27;/hello/&#x27;</code> <a" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [("ValueError", "Raises ValueError at line 3."), (None, "Raises an exception at")],
)
def test_an_exception_is_named_where_it_is_known(kind: str | None, words: str) -> None:
    scene = Scene()
    call = scene.call("made.app:App.__call__", TASK)
    scene.exit(call, "raise", 3, kind)
    assert words in steps(View(scene.trace(), [call]), "made")


def test_what_the_listing_says_of_a_step_stands_with_it() -> None:
    told = {10: "<here>", 11: ""}
    text = steps(view(10, 11), "made", told=told)
    [story] = re.findall('<p class="wt-story">(.*)</p>', text)
    assert story == "&lt;here&gt;"
    assert text.index('id="made-1"') < text.index(story) < text.index('id="made-2"')


def test_one_header_is_one_header() -> None:
    for count, words in (("1 headers", "1 header."), ("2 headers", "2 headers.")):
        scene = Scene()
        made = scene.message("send", "http.response.start", 0)
        trace = scene.trace()
        event = trace.events[made]
        assert isinstance(event, Message)
        event = replace(event, summary=(("headers", count),))
        text = steps(View(replace(trace, events=(event,)), [made]), "x")
        assert f"with {words}" in text


def test_folds_list_the_names_they_hold() -> None:
    text = steps(view(), "made")
    fold = text[text.index('id="made-2-f1"') :]
    assert "… 2 calls left out" in fold
    assert "headers" in fold[: fold.index("</details>")]


def test_folded_events_are_listed_with_the_calls() -> None:
    text = steps(view(10, 20), "made")
    assert "… 2 calls and events left out" in text
    assert "<code>receive -&gt; http.request</code>" in text
    only = steps(view(10, 16), "made")
    assert "… 1 event left out" in only


def test_folded_calls_of_one_name_in_a_row_are_counted() -> None:
    events = tuple(Call(n, n, 0, function=int(n in (1, 2))) for n in range(4))
    functions = (Function("a", "b", "a.py", 1), Function("a", "c", "a.py", 2))
    trace = Trace(request().header, (Lane("loop"),), functions, events)
    assert "<code>a.<wbr>c</code>, 2 times" in steps(View(trace, [0, 3]), "x")


def test_missing_source_is_said_and_the_rest_goes_on() -> None:
    text = steps(view(), "made")
    assert "The source, made/http.py, is not installed here." in text


def test_source_stands_beside_the_step_with_its_lines_marked() -> None:
    line = own_code.__code__.co_firstlineno
    file = "tests/walkthroughs/render/test_steps.py"
    functions = (Function(__name__, "own_code", file, line),)
    events = (
        Call(0, 0, 0, function=0),
        Call(1, 1, 0, function=0, parent=0, depth=1, line=line + 1),
        Exit(2, 2, 0, how="return", call=1, line=line + 2),
    )
    header = replace(request().header, packages=(Package("tests", "3", "BSD"),))
    trace = Trace(header, (Lane("loop"),), functions, events)
    text = steps(View(trace, [0, 1]), "x")
    assert [(m["class"], m["data-n"]) for m in Page(text).all("mark")] == [
        ("wt-sl wt-at-return", str(line + 2)),
        ("wt-sl wt-at-call", str(line + 1)),
    ]
    assert '<span class="wt-sr">calling line: </span>' in text
    assert '<p class="wt-licence">tests 3, licence: BSD</p>' in text


def test_a_step_says_first_what_it_means_and_then_its_lines() -> None:
    here = Path(__file__).relative_to(Path(__file__).parents[3]).as_posix()
    line = summed_up.__code__.co_firstlineno
    functions = (Function("tests.it", "summed_up", here, line),)
    trace = Trace(
        request().header, (Lane("loop"),), functions, (Call(0, 0, 0, function=0),)
    )
    shown = View(trace, [0], folders=[str(Path(__file__).parents[3])])
    text = steps(shown, "x")
    assert '<p class="wt-story">Says what it means.</p>' in text
    assert text.index("wt-story") < text.index("No recorded call leads here")
    told = steps(shown, "x", told={0: "as its author says"})
    assert '<p class="wt-story">as its author says</p>' in told
    assert "<p>Says what it means" not in told


def summed_up() -> None:
    """Says what it means. And more."""


def own_code() -> int:
    count = len(__name__)
    return count  # noqa: RET504 - the line that the call is left on


def test_what_is_told_of_a_course_is_bounded() -> None:
    scene = Scene()
    call = scene.call("made.app:App.__call__", TASK)
    for _ in range(9):
        scene.exit(call, "suspend", 4)
        scene.exit(call, "resume", 4)
    scene.exit(call, "return", 5)
    text = steps(View(scene.trace(), [0]), "x")
    assert "Is suspended 9 times at line 4, then returns at line 5." in text


def test_a_long_source_is_cut_with_a_mark() -> None:
    line = test_steps_say_what_happened.__code__.co_firstlineno
    file = "tests/walkthroughs/render/test_steps.py"
    name = "test_steps_say_what_happened"
    functions = (Function(__name__, name, file, line),)
    trace = Trace(
        request().header, (Lane("loop"),), functions, (Call(0, 0, 0, function=0),)
    )
    assert "wt-cut" in steps(View(trace, [0]), "x")


def test_an_event_with_nothing_in_it_is_told_by_its_type() -> None:
    empty = Message(0, 0, 0, direction="receive", type="http.disconnect")
    trace = Trace(request().header, (Lane("loop"),), (), (empty,))
    text = steps(View(trace, [0]), "x")
    assert "The application receives http.disconnect." in text
    assert "The server keeps no queue of events." in text


def test_a_lane_that_goes_on_is_told_without_a_cause() -> None:
    threads = making.trace("=== thread: a\napp.a\n=== thread: b\napp.b")
    assert "<p>Now in thread: b.</p>" in steps(View(threads, [0, 1]), "x")


def test_what_a_hop_came_from_may_lie_before_the_view() -> None:
    text = steps(view(10), "x")
    assert "created as a task by Server.create (before the first step)." in text


def test_what_a_hop_came_from_may_be_left_out_between_two_steps() -> None:
    made = making.trace("--- task: a\napp.a\napp.b\n--- task: c\napp.c")
    left_out = next(step.seq for step in made.steps if made.name(step) == "app.b")
    events = list(made.events)
    hop = next(e for e in made.events if isinstance(e, Hop) and e.seq > left_out)
    events[hop.seq] = replace(hop, how="wake", origin_lane=0, origin=left_out)
    made = replace(made, events=tuple(events))
    first, _, last = (step.seq for step in made.steps)
    shown = View(made, [first, last])
    [arrival] = [each for each in shown.rows[1:] if isinstance(each, Arrival)]
    said = plain(sentences.cause(shown, arrival))
    assert said == "woken by app.b (left out, after step 1)"


def test_a_hop_from_an_unknown_place_is_told_by_its_lane() -> None:
    hops = making.trace("--- loop\napp.a\n--- task: x\napp.b")
    assert "Now in task: x, woken from loop." in steps(View(hops, [1, 3]), "x")
    assert "Now in loop, woken from loop." in steps(View(hops, [1, 3]), "x")


def test_an_empty_view_is_an_empty_list() -> None:
    assert "<li" not in steps(View(request(), ()), "x")
