"""A listing as HTML: each line leads to its step."""

from walkthroughs.render.listing_html import listing
from walkthroughs.render.view import ListedLine

from .parsed import Page
from .scenes import LINES, view


def test_listed_calls_link_to_their_steps_and_ellipses_to_their_folds() -> None:
    page = Page(listing(view(), LINES, "made"))
    assert [link["href"] for link in page.all("a")] == [
        "#made-1",
        "#made-1-f1",
        "#made-2",
        "#made-2-f1",
        "#made-3",
        "#made-4",
    ]


def test_an_ellipsis_says_how_many_steps_it_stands_for() -> None:
    text = listing(view(), LINES, "made")
    assert 'title="2 left out"' in text


def test_an_ellipsis_with_nothing_behind_it_is_no_link() -> None:
    text = listing(view(1), [ListedLine("ellipsis", "...")], "made")
    assert "<a" not in text


def test_a_blank_line_is_space_above_the_next() -> None:
    page = Page(listing(view(), LINES, "made"))
    assert [bool(page.all("li", "wt-gap"))] == [True]
    assert len(page.all("li")) == len(LINES) - 1


def test_lanes_events_and_comments_are_told_apart() -> None:
    text = listing(view(), LINES, "made")
    page = Page(text)
    assert len(page.all("li", "wt-lane")) == 1
    assert len(page.all("li", "wt-message")) == 1
    assert '<span class="wt-comment">all &lt;begins&gt; here</span>' in text
    assert "--- task" not in text
