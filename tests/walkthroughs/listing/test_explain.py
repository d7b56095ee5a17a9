"""A listing holds, or fails with the line and the cause."""

import sys
from types import FrameType

import pytest

from tests.walkthroughs.trace_builder import trace
from walkthroughs.errors import Mismatch
from walkthroughs.listing import check, parse

STORY = """
app.Server.run
    app.Server.listen
        app.Port
        app.Port.bind
    app.Server.listened
app.Port.doRead
    app.Base.build @ app.Factory
--- task: application
app.Handler.call
    receive -> http.request
    app.view
    send <- http.response.start
        app.Server.reply
--- loop
app.Port.doWrite
=== task: quiet
app.sneak
"""

HOLDS = [
    "app.Server.run\n    app.Server.listen\n        app.Port\n        app.Port.bind",
    "app.Server.run\n...\napp.Port.bind",
    "...\napp.Port.doRead\n    app.Factory.build",
    "app.Port.doRead\n    app.Base.build",
    "app.Factory.build\n--- task: application\napp.Handler.call",
    "app.Port.doRead\n...\n--- task: application\nreceive -> http.request\napp.view",
    "--- task: application\nsend <- http.response.start\n    app.Server.reply",
    "app.view\n...\n--- loop\napp.Port.doWrite\n...",
    "app.Server.run  # with a word\n\n# and a remark\n…\napp.Port.doRead",
]

FAILS = [
    # two lines swapped
    ("app.Port.bind\napp.Port", 2, "app.Port comes before app.Port.bind, not after it"),
    # a missing ellipsis
    ("app.Server.run\napp.Port.bind", 2, "came app.Server.listen, app.Port: put an"),
    # an idle ellipsis
    ("app.Port\n...\napp.Port.bind", 3, "nothing comes between"),
    ("app.Port.doRead\n...\napp.sneak", 3, "another lane: write '--- task: quiet'"),
    # an idle ellipsis at an end
    ("...\napp.Server.run", 2, "nothing comes between the beginning of the recording"),
    ("--- task: quiet\napp.sneak\n...", 3, "nothing comes after this"),
    # a function renamed
    ("app.Server.runs", 1, "app.Server.runs never happened; the nearest that did is"),
    ("app.nix", 1, "app.nix never happened"),
    # nobody looked for it
    ("nothing.like.it", 1, "it never happened: it is outside the focus"),
    (
        "app.Handler.__call__",
        1,
        "is outside the focus, which takes it in with *.__call",
    ),
    ("app._a._b", 1, "the focus, which takes it in with *._a and *._b"),
    ("other.Handler.__call__", 1, "happened: it is outside the focus; the nearest"),
    # somebody did, or it has no focus
    ("app.Port.__init__", 1, "__init__ never happened; the nearest that did is app.Po"),
    ("receive -> http.disconnect", 1, "disconnect never happened; the nearest that di"),
    # a lane crossed without saying so
    ("app.Factory.build\napp.Handler.call", 2, "write '--- task: application' above"),
    # the wrong lane, an idle lane line, a lane that nothing leads to
    ("--- loop\napp.view", 2, "runs in 'task: application', not in 'loop'"),
    ("app.Port\n--- loop\napp.Port.bind", 3, "the same lane as app.Port: no lane line"),
    ("app.Port.doWrite\n--- task: quiet\napp.sneak", 3, "no hop was seen that leads"),
    # indented under what it does not run in
    ("app.Port\n    app.Port.bind", 2, "does not run inside app.Port"),
]


@pytest.mark.parametrize("text", HOLDS)
def test_what_happened_holds(text: str) -> None:
    listing = parse(text)
    assert len(check(listing, trace(STORY)).places) == len(listing.claims)


@pytest.mark.parametrize(("text", "line", "cause"), FAILS)
def test_what_did_not_happen_fails_with_line_and_cause(
    text: str, line: int, cause: str
) -> None:
    with pytest.raises(Mismatch) as caught:
        check(parse(text), trace(STORY))
    assert cause in str(caught.value)
    assert caught.value.line == line


def test_a_failure_shows_written_and_observed_and_the_versions() -> None:
    with pytest.raises(Mismatch) as caught:
        check(parse("app.Server.run\napp.Port.bind"), trace(STORY))
    assert caught.value.details.splitlines() == [
        "- written, + observed:",
        "      app.Server.run",
        "    + ...",
        "      app.Port.bind",
        "recorded on Python 3.11.7 with Made 1.0",
    ]


def test_a_line_that_never_happened_is_not_shown_as_observed() -> None:
    with pytest.raises(Mismatch) as caught:
        check(parse("app.Server.run\n    app.Server.gone\n..."), trace(STORY))
    assert "app.Server.gone never happened" in str(caught.value)
    assert "    -     app.Server.gone" in caught.value.details.splitlines()


def test_an_idle_ellipsis_is_blamed_not_the_later_line_that_it_leads_to() -> None:
    # So Twisted 22.10 parses a request, where the book has newer ones: the ellipsis
    # makes the search take the second line, which the request does not follow.
    story = (
        "app.data\n    app.line\n        app.reset\n        app.request\n    app.line"
    )
    with pytest.raises(Mismatch) as caught:
        check(parse("app.data\n...\n    app.line\n        app.request"), trace(story))
    assert caught.value.line == 3
    assert str(caught.value).startswith("nothing comes between app.data and app.line:")


def test_the_search_goes_back_when_the_first_fit_has_not_what_is_inside() -> None:
    story = "app.a\n    app.b\napp.a\n    app.x\n    app.b\n    app.c"
    found = check(parse("app.a\n    ...\n    app.b\n    app.c"), trace(story))
    assert found.places == (2, 4, 5)


def test_a_coroutine_that_stepped_aside_still_has_its_calls_inside() -> None:
    story = "app.a\n    app.b\n--- task: other\napp.x\n--- loop\n    app.c"
    check(
        parse("app.a\n    app.b\n--- task: other\napp.x\n--- loop\napp.c"), trace(story)
    )
    check(parse("app.a\n    app.b\n    app.b".replace("app.b\n    ", "")), trace(story))


def calls_made_to_search(pairs: int) -> int:
    """How many Python and C functions a search calls that finds nothing in the end."""
    written = parse("app.a\n    app.b\n...\n" * 12 + "app.a\n    app.a")
    made = trace("app.a\n    app.b\n" * pairs)
    calls = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal calls
        calls += event.endswith("call")

    sys.setprofile(count)
    try:
        with pytest.raises(Mismatch):
            check(written, made)
    finally:
        sys.setprofile(None)
    return calls


def test_the_worst_search_takes_work_in_proportion_to_the_calls_recorded() -> None:
    # One that goes over everything again and again takes four times for twice as many.
    once, twice, four_times = map(calls_made_to_search, (1000, 2000, 4000))
    assert four_times - twice < 2.2 * (twice - once)
