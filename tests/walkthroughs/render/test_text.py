"""The terminal: a tree that fits, coloured only where colours are seen."""

import io
import re
from dataclasses import replace
from html import escape

import pytest

from walkthroughs.commands.formats import _about
from walkthroughs.render.html import walkthrough
from walkthroughs.render.text import COLOURS, EVENT, OWN_CALLS, show, text
from walkthroughs.render.view import View
from walkthroughs.trace import Message, Trace

from ..trace_builder import trace
from .scenes import request, view
from .test_waits import awaited


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_is_a_tree_with_lanes_and_counted_folds() -> None:
    assert text(view(), width=72, cut=True) == (
        """\
made on none: 8 steps in 3 lanes
--- reactor  # the loop found something to read or write
1  made.tcp.Port.read                                      made/tcp.py:1
   │ … 1 call
2  │ made.http.Request.process                            made/http.py:1
   │ │ … 2 calls
--- task: application  # created as a task by Server.create (folded, in…
3  made.app.App.__call__                                   made/app.py:1
4  │ receive -> http.request                                    2 queued
--- thread: executor  # handed to a thread by App.__call__ (step 3)
5  made.sync.work                                         made/sync.py:1
--- task: application  # woken by sync.work (step 5)
6  │ made.views.hello                                    made/views.py:1
7  │ │ send <- http.response.start                              0 queued
   │ │ │ … 1 call
8  │ │ │ made.tcp.Port.write                               made/tcp.py:1
"""
    )


@pytest.mark.parametrize("width", [8, 20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, text(view(), width, cut=True).splitlines())) <= width


def test_names_get_shorter_before_they_are_cut() -> None:
    lines = text(view(1), width=18, cut=True).splitlines()
    assert lines[-1] == "1  Port.read"
    assert text(view(1), width=9, cut=True).splitlines()[-1] == "1  Port.…"


def blind(made: Trace) -> Trace:
    """The trace of a recording that could not see everything."""
    return replace(made, header=replace(made.header, warnings=(WARNING,)))


WARNING = "The event loop is <x.Loop>, whose scheduling cannot be recorded."


def test_what_the_recording_could_not_see_is_said_on_top() -> None:
    lines = text(View(blind(trace("app.a")), [0]), width=40).splitlines()
    assert " ".join(lines[1:3]) == f"Note: {WARNING}"


def test_the_page_says_it_too() -> None:
    made = blind(trace("app.a"))
    assert escape(WARNING) in walkthrough(View(made, [0]), "", "a")
    assert WARNING in _about(made)


def test_the_first_lane_is_named_even_if_nothing_led_there() -> None:
    alone = View(trace("=== thread: a\napp.a"), [0])
    assert text(alone).splitlines()[1] == "--- thread: a"


def test_an_event_of_a_server_without_a_queue_has_no_depth() -> None:
    made = trace("app.a\n    receive -> http.request\n    send <- http.response.start")
    events = tuple(
        replace(event, depth=None) if isinstance(event, Message) else event
        for event in made.events
    )
    shown = [step.seq for step in made.steps]
    received, sent = text(View(replace(made, events=events), shown)).splitlines()[-2:]
    assert received.endswith("no queue")
    assert sent.endswith("http.response.start")


def test_an_empty_view_has_only_a_title() -> None:
    assert text(View(request(), ())) == "made on none: 0 steps in 0 lanes\n"


def test_colours_change_no_word() -> None:
    coloured = text(view(), colour=True)
    assert COLOURS["task"] in coloured
    assert f"{EVENT}receive -> http.request" in coloured
    assert re.sub("\033\\[\\d+m", "", coloured) == text(view())


@pytest.mark.parametrize("width", ["8", "40", "200", "", "wide"])
def test_what_is_not_a_terminal_is_never_cut(
    width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    stream = io.StringIO()
    show(view(), stream)
    said = stream.getvalue()
    assert "made.http.Request.process" in said and "made/http.py:1" in said
    assert "created as a task by Server.create (folded, inside step 2)" in said
    assert "\u2026" not in re.sub(r"\u2026 \d", "", said)


def test_columns_sets_the_right_edge_of_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    stream = io.StringIO()
    show(view(), stream)
    assert stream.getvalue() == text(view(), 100)


def test_what_happens_again_and_again_is_said_once() -> None:
    made = trace("app.a\n    app.b\n    app.b\n    app.b")
    again = View(made, [0, 1], {1: 1400})
    assert "app.b \u00d7 1,400  " in text(again)


def test_an_answer_is_marked_with_its_status() -> None:
    made = request()
    events = tuple(
        replace(event, summary=(("status", "404"),))
        if isinstance(event, Message) and event.direction == "send"
        else event
        for event in made.events
    )
    shown = [step.seq for step in made.steps]
    assert "404, 0 queued\n" in text(View(replace(made, events=events), shown))


def test_a_pipe_gets_plain_text() -> None:
    stream = io.StringIO()
    show(view(), stream)
    assert stream.getvalue() == text(view())


def test_a_terminal_gets_colours_and_its_own_width(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    show(view(), stream)
    assert stream.getvalue() == text(view(), 50, colour=True, cut=True)


def test_who_wants_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    show(view(), stream)
    assert stream.getvalue() == text(view(), 50, cut=True)


SERVED = """
server.start
    app.on_start own
    server.listen
server.read
--- task: application
server.run
    app.view own
        orm.query
            app.manager own
    app.after own
"""


def served(story: str = SERVED) -> Trace:
    """A server that listens from when it begins to read."""
    made = trace(story)
    listening = next(s.seq for s in made.steps if made.name(s) == "server.read")
    header = replace(made.header, own=("app",), listening=listening)
    return replace(made, header=header)


def all_of(made: Trace) -> View:
    return View(made, [step.seq for step in made.steps])


def test_an_overview_opens_with_ones_own_code_and_folds_the_start_up() -> None:
    assert text(all_of(served()), 40, overview=True) == (
        """\
made on none: 9 steps in 2 lanes
Your own code:
2  app.on_start                 app.py:1
6  app.view                     app.py:1
8  │ app.manager                app.py:1
9  app.after                    app.py:1
The whole path:
   … 3 steps while the server started (--start-up shows them)
--- loop
4  server.read               server.py:1
--- task: application  # woken from loop
5  server.run                server.py:1
6  │ app.view                   app.py:1
7  │ │ orm.query                orm.py:1
8  │ │ │ app.manager            app.py:1
9  │ app.after                  app.py:1
"""
    )


def test_times_say_what_waited_and_why() -> None:
    assert text(all_of(awaited().trace()), 20, times=True) == (
        """\
made on none: 4 steps in 3 lanes
--- task: application  # created as a task from reactor
1  made.app  made.py:1
   │ # Suspended for 4 µs: it awaited receive(); the loop found a socket ready after 2 µs, and that woke it.
--- thread: executor
2  made.away  made.py:1
--- reactor  # the loop found something to read or write
3  made.read  made.py:1
--- task: application  # woken by made.read (step 3); queued for 1 µs, less than 1 µs of it behind the reactor, which had scheduled it
4  │ receive -> http.request  0 queued
   │ │ # The application waited 7 µs for it; the loop found a socket ready after 2 µs, and that woke it.
"""
    )


def test_of_a_fold_that_began_in_the_start_up_the_rest_is_counted() -> None:
    made = served()
    folded = ("server.listen", "server.read")
    some = View(made, [s.seq for s in made.steps if made.name(s) not in folded])
    lines = text(some, 40, overview=True).splitlines()
    at = lines.index("   … 2 steps while the server started (--start-up shows them)")
    assert lines[at + 1 : at + 3] == ["--- loop", "   … 1 call"]


def test_the_calls_of_a_request_come_before_those_of_the_start_up() -> None:
    many = "server.start\n" + "    app.on_start own\n" * OWN_CALLS
    made = served(many + SERVED.strip().partition("\n")[2])
    said = text(all_of(made), 40, overview=True).partition("The whole path:")[0]
    assert "app.view" in said and "app.after" in said
    assert said.count("app.py:1") == OWN_CALLS
    assert said.endswith("… 4 more calls of it below\n")


def test_that_nothing_of_ones_own_was_recorded_is_said_only_if_it_is_so() -> None:
    missing = "None of your own code was recorded."
    assert missing in text(all_of(served("server.read")), overview=True)
    made = served()
    assert missing not in text(View(made, [0]), overview=True)
    nobodys = replace(made, header=replace(made.header, own=()))
    assert missing not in text(View(nobodys, [0]), overview=True)
