"""Reading a listing."""

import pytest

from walkthroughs.errors import ListingError
from walkthroughs.listing import parse


def test_every_form_of_line_is_read() -> None:
    listing = parse(
        "--- reactor\n"
        "a.b.C.run  # it begins\n"
        "…\n"
        "\n"
        "    a.b.C.help\n"
        "--- task: application\n"
        "receive  ->  http.request\n"
        "...\n"
        "send <- http.response.start\n"
        "# and that is all\n"
        "..."
    )
    kinds = " ".join(line.kind for line in listing.lines)
    assert kinds == (
        "lane step ellipsis blank step lane step ellipsis step blank ellipsis"
    )
    assert [claim.line.text for claim in listing.claims] == [
        "a.b.C.run",
        "a.b.C.help",
        "receive -> http.request",
        "send <- http.response.start",
    ]
    assert [claim.gap for claim in listing.claims] == [False, True, False, True]
    assert listing.lines[1].comment == "it begins"
    assert listing.open_end is not None


def test_a_line_is_inside_the_one_that_it_is_indented_under() -> None:
    listing = parse("a.a\n    a.b\n        a.c\n    a.d\na.e")
    assert [claim.inside for claim in listing.claims] == [None, 0, 1, 0, None]


def test_a_lane_line_ends_all_indentation() -> None:
    listing = parse("a.a\n    a.b\n--- task: x\na.c")
    assert [claim.inside for claim in listing.claims] == [None, 0, None]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a.b\nhello there", 2, "'hello there' is not a dotted name"),
        ("a.b\nsend -> x", 2, "no 'send <- type'"),
        ("plain", 1, "is not a dotted name"),
        ("a.b\n...\n...\na.c", 3, "one ellipsis is enough"),
        ("a.b\n--- loop\n--- task: x\na.c", 2, "no step runs in 'loop'"),
        ("a.b\n--- task: x", 2, "no step runs in 'task: x'"),
        ("a.b\n    a.c\n  a.d", 3, "matches no line above"),
        ("a.b\n\ta.c", 2, "indent with spaces"),
        ("...", 1, "names no call"),
        ("", 1, "names no call"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    text: str, line: int, words: str
) -> None:
    with pytest.raises(ListingError) as caught:
        parse(text)
    assert caught.value.line == line
    assert words in str(caught.value)
