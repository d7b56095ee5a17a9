"""The smallest correction that makes a listing true."""

import random

import pytest

from tests.walkthroughs.listing.test_explain import HOLDS, STORY
from tests.walkthroughs.trace_builder import trace
from walkthroughs.errors import ListingError
from walkthroughs.listing import Match, find, parse, repair

TRUE = """\
# how it begins
app.Server.run  # the first
    app.Server.listen
    ...
        app.Port.bind
...
app.Port.doRead
    app.Factory.build  # by its own class
...
--- task: application
receive -> http.request
...
send <- http.response.start
    app.Server.reply
...
"""


def repaired(text: str) -> str:
    return repair(parse(text), trace(STORY)).text + "\n"


@pytest.mark.parametrize("text", HOLDS)
def test_what_holds_is_left_as_it_is(text: str) -> None:
    assert repair(parse(text), trace(STORY)).text == text


def test_the_true_listing_is_true() -> None:
    assert isinstance(find(parse(TRUE), trace(STORY)), Match)
    assert repaired(TRUE) == TRUE


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    ...\n        app.Port.bind", "        app.Port.bind"),
        ("app.Server.run  # the first\n", "app.Server.run  # the first\n...\n"),
        ("--- task: application\n", ""),
        ("--- task: application\n", "--- thread: nowhere\n"),
        (
            "app.Port.doRead\n    app.Factory.build  # by its own class\n",
            "    app.Factory.build  # by its own class\napp.Port.doRead\n",
        ),
    ],
)
def test_one_fault_is_mended_and_nothing_else_changes(right: str, wrong: str) -> None:
    assert right in TRUE
    text = repaired(TRUE.replace(right, wrong))
    assert isinstance(find(parse(text), trace(STORY)), Match)
    assert text.split() == TRUE.split()


def test_two_lines_swapped_are_swapped_back_with_their_comments() -> None:
    text = "app.Port.bind  # then\n\n# and so\napp.Port  # first\n"
    assert repaired(text) == "\n# and so\napp.Port  # first\napp.Port.bind  # then\n"


def test_an_indentation_that_does_not_hold_is_taken_back() -> None:
    assert repaired("app.Port\n    app.Port.bind\n") == "app.Port\napp.Port.bind\n"


def test_a_name_that_never_was_stays_and_is_told() -> None:
    text = "app.Server.run\n    app.Server.lisen  # a slip\n    app.Port.bind\n"
    result = repair(parse(text), trace(STORY))
    assert [line.number for line in result.unrepaired] == [2]
    assert "    app.Server.lisen  # a slip" in result.text


def test_of_two_calls_of_a_name_it_takes_the_one_that_the_rest_lies_inside_of() -> None:
    story = trace("app.a\n--- task: x\napp.a\n    app.b\n    app.c\n    app.d\n")
    text = "app.a\n    app.b\n    app.gone\n    app.d"
    assert repair(parse(text), story).text == text
    assert repair(parse(text.replace("    app.gone\n", "")), story).text == (
        "app.a\n    app.b\n    ...\n    app.d"
    )


def test_an_ellipsis_at_the_end_goes_when_nothing_comes_there() -> None:
    assert (
        repaired("--- task: quiet\napp.sneak\n...\n") == "--- task: quiet\napp.sneak\n"
    )


def test_whatever_is_done_to_a_listing_its_mending_holds() -> None:
    made = trace(STORY)
    lines = TRUE.splitlines()
    for seed in range(500):
        chance = random.Random(seed)
        broken = _broken(lines, chance)
        try:
            listing = parse("\n".join(broken))
        except ListingError:
            continue
        result = repair(listing, made)
        assert not result.unrepaired
        again = parse(result.text)
        # Only in the lane that no hop leads to can a listing never hold.
        assert isinstance(find(again, made), Match), f"{seed}: {broken} {result.text}"
        assert {claim.line.text for claim in again.claims} == {
            claim.line.text for claim in listing.claims
        }


def _broken(lines: list[str], chance: random.Random) -> list[str]:
    broken = list(lines)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(broken))
        match chance.randrange(4):
            case 0:
                del broken[at]
            case 1:
                broken.insert(at, "...")
            case 2:
                other = chance.randrange(len(broken))
                broken[at], broken[other] = broken[other], broken[at]
            case _:
                broken[at] = " " * 4 * chance.randrange(4) + broken[at].lstrip()
    return broken
