"""The page of versions: answers in sentences, a history, and the matrix, folded."""

from __future__ import annotations

import sys
from datetime import date

import pytest

from walkthroughs.compatibility.matrix import Cell, Outcome, Row, page, text
from walkthroughs.compatibility.releases import Newer

DAY = date(2026, 5, 4)


def cell(
    *outcomes: str, speaking: int = 0, title: str = "A", link: str = "a.md#x"
) -> Cell:
    """A listing whose variants differ in these words; "" is one that holds."""
    found = tuple(Outcome(3, each) for each in outcomes)
    return Cell("docs/a.md", "a-scenario", title, link, found, speaking)


def row(django: str, *cells: Cell, base: bool = False, python: str = "3.13.0") -> Row:
    versions = {"python": python, "daphne": "4.2.3", "django": f"{django}.7"}
    return Row("" if base else "django", "" if base else django, versions, cells)


def history(*rows: Row) -> list[str]:
    """The lines of the page's history."""
    made = page(rows, DAY, [])
    lines = made.partition("## What changed when")[2].splitlines()
    return [each.strip("- ") for each in lines if each.lstrip().startswith("- ")]


def test_where_all_holds_there_is_no_history() -> None:
    newest = row("6.1", cell(""), base=True)
    made = page([newest], DAY, [])
    assert f"Last run on 4 May 2026, on {sys.platform}, with 1 listing of D" in made
    assert "On that day, no newer release existed" in made
    assert "\nNothing changed.\n" in made
    assert text([newest]) == "newest (Python 3.13.0): every listing holds  .\n"
    assert newest.holds


def test_a_newer_release_is_named() -> None:
    made = page([row("6.1", base=True)], DAY, [Newer("Django", "6.2", "6.1.7")])
    assert "**Not tested yet:** Django 6.2 (the book is held on 6.1.7)." in made


def test_each_combination_is_answered_in_a_sentence() -> None:
    newest = row("6.1", cell(""), cell("", title="B", link="b.md"), base=True)
    older = row("4.2", cell("no"), cell("", title="B"), python="3.11.7")
    lines = page([newest, older, row("5.0", cell(""), cell(""))], DAY, []).splitlines()
    everything = "Python 3.13.0, Daphne 4.2.3, Django 6.1.7"
    assert (
        f"- **The newest of everything** ({everything}): every listing holds." in lines
    )
    answer = "- **Django 4.2.7** (Python 3.11.7): 1 of 2 listings hold."
    assert f"{answer} Different: [A](../a.md#x)." in lines
    assert "- **Django 5.0.7**: every listing holds." in lines


def test_the_history_has_what_was_different_before_a_release() -> None:
    newest = row("6.1", cell(""), base=True)
    first = row("4.2", cell("a.b never happened: put an ellipsis there"))
    assert history(newest, row("5.0", cell("")), first) == [
        "**Django 5.0**, compared with 4.2:",
        "[A](../a.md#x): before it, `a.b never happened`",
    ]


def test_the_history_has_what_a_variant_is_for() -> None:
    """Each variant holds where it speaks, and the other one does not hold there."""
    newest = row("6.1", cell("in another task", "", speaking=1), base=True)
    older = row("6.0", cell("", "in this task"), python="3.12.1")
    assert history(newest, older) == [
        "**Django 6.1**, compared with 6.0 (on Python 3.12.1, not 3.13.0):",
        "[A](../a.md#x): since then, `in another task`",
    ]


def test_the_history_orders_releases_by_their_numbers() -> None:
    newest = row("10.0", cell(""), base=True)
    rows = [newest, row("9.1", cell("two")), row("9.0", cell("one"))]
    assert [each.partition(",")[0] for each in history(*rows)][::2] == [
        "**Django 9.1**",
        "**Django 10.0**",
    ]
    assert "before it, `one`; since then, `two`" in history(*rows)[1]


def test_listings_that_changed_alike_share_a_line() -> None:
    newest = row("6.1", cell(""), cell("", title="B", link="b.md"), base=True)
    older = row("4.2", cell("no"), cell("no", title="B", link="b.md"))
    [_, line] = history(newest, older)
    assert line == "[A](../a.md#x), [B](../b.md): before it, `no`"


def test_what_cannot_be_installed_has_no_place_in_the_history() -> None:
    newest = row("6.1", cell(""), base=True)
    missing = Row("django", "3.2", {}, (), "no such version")
    assert history(newest, missing) == []
    made = page([newest, missing], DAY, [])
    words = "cannot be installed with anything newer (`no such version`)"
    assert f"- **Django 3.2**: {words}." in made
    assert "| [A](../a.md#x) | holds | - |" in made


@pytest.mark.parametrize("problem", ["", "no such version"])
def test_the_terminal_has_a_line_for_each_difference(problem: str) -> None:
    cells = () if problem else (cell("no"),)
    made = text([Row("django", "4.2", {}, cells, problem)])
    last = problem or "docs/a.md:3 (a-scenario): no"
    assert made.splitlines()[-1] == f"    {last}"
