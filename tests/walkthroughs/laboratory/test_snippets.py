"""The blocks of a page run in the laboratory as they do in the book's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from walkthroughs.laboratory.blocks import PAGES, blocks

from .laboratory_process import Bench, bench


@pytest.fixture(scope="module")
def lab() -> Iterator[Bench]:
    """One laboratory for all pages."""
    with bench() as found:
        yield found


@pytest.mark.parametrize("page", PAGES)
def test_each_block_of_a_page_runs(lab: Bench, page: str, house: Path) -> None:
    text = (house / "docs" / page).read_text(encoding="utf-8")
    found = blocks(page, text)
    bodies = [each.runs for each in found if each.runs.strip()]
    for n in range(len(bodies)):
        answer = lab.ask(do="snippet", page=page, bodies=bodies[: n + 1])
        assert not answer["failed"], answer["output"]


def test_blocks_above_are_run_first(lab: Bench) -> None:
    bodies = ["x = 3\n", "y = x + 1\n", "print(x, y)\n"]
    assert lab.ask(do="snippet", page="p", bodies=bodies)["output"] == "3 4"


def test_an_edit_above_is_seen(lab: Bench) -> None:
    lab.ask(do="snippet", page="q", bodies=["x = 3\n", "print(x)\n"])
    answer = lab.ask(do="snippet", page="q", bodies=["x = 4\n", "print(x)\n"])
    assert answer["output"] == "4"


def test_a_wrong_answer_at_a_prompt_is_told(lab: Bench) -> None:
    answer = lab.ask(do="snippet", page="r", bodies=[">>> 1 + 1\n3\n"])
    assert answer["failed"]
    assert "Expected" in answer["output"]


def test_an_exception_is_told_with_its_line(lab: Bench) -> None:
    answer = lab.ask(do="snippet", page="s", bodies=["x = 1\n1 / 0\n"])
    assert answer["failed"]
    assert "ZeroDivisionError" in answer["output"]
    assert "line 2" in answer["output"]


def test_a_failure_above_is_told(lab: Bench) -> None:
    answer = lab.ask(do="snippet", page="t", bodies=["1 / 0\n", "print(1)\n"])
    assert answer["output"].startswith("A block above fails")
