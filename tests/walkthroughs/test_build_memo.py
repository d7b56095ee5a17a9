"""What is remembered while a site is built, and forgotten after it."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from walkthroughs import build_memo
from walkthroughs.build_memo import fresh_answers, remembered
from walkthroughs.code_digest import code_of
from walkthroughs.own_sources import _find_module


@pytest.fixture(autouse=True)
def _no_build() -> Iterator[None]:
    yield
    build_memo.end()


asked: list[str] = []


@remembered
def ask(name: str, times: int = 1) -> str:
    """Answer with what there is now."""
    asked.append(name)
    if name == "wrong":
        raise ValueError(name)
    return name * times + str(len(asked))


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    asked.clear()


def test_outside_a_build_nothing_is_remembered() -> None:
    assert [ask("a"), ask("a")] == ["a1", "a2"]


def test_in_a_build_each_question_is_asked_once() -> None:
    build_memo.begin()
    assert [ask("a"), ask("b"), ask("a"), ask("a", times=2)] == [
        "a1",
        "b2",
        "a1",
        "aa3",
    ]


def test_the_next_build_asks_again() -> None:
    build_memo.begin()
    ask("a")
    build_memo.begin()
    assert ask("a") == "a2"
    build_memo.end()
    assert ask("a") == "a3"


def test_fresh_answers_change_no_remembered_answer() -> None:
    build_memo.begin()
    ask("a")
    with fresh_answers():
        assert ask("a") == "a2"
    assert ask("a") == "a1"


def test_fresh_answers_can_be_remembered_in_the_block() -> None:
    build_memo.begin()
    ask("a")
    with fresh_answers(once=True):
        assert [ask("a"), ask("a")] == ["a2", "a2"]
    assert ask("a") == "a1"
    build_memo.end()
    with fresh_answers(once=True):
        assert [ask("a"), ask("a")] == ["a3", "a3"]
    assert ask("a") == "a4"


def test_what_is_raised_is_not_remembered() -> None:
    build_memo.begin()
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"):
            ask("wrong")
    assert asked == ["wrong", "wrong"]


def test_code_that_changes_is_seen_by_the_next_build(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("a = 1\n")
    build_memo.begin()
    before = code_of(tmp_path)
    file.write_text("a = 2\n")
    os.utime(file, (1, 1))
    assert code_of(tmp_path) == before
    build_memo.begin()
    assert code_of(tmp_path) != before


def test_a_module_is_looked_for_once_in_a_build(tmp_path: Path) -> None:
    file, folders = tmp_path / "made.py", (str(tmp_path),)
    file.write_text("")
    build_memo.begin()
    assert _find_module("made", folders) == (os.path.realpath(file),)
    file.unlink()
    assert _find_module("made", folders)
    build_memo.begin()
    importlib.invalidate_caches()
    assert _find_module("made", folders) is None
