"""The index of the answers says what the answers say, and leaves none out."""

import re
from pathlib import Path

import pytest

from walkthroughs.pages.markdown import fences

FOLDER = Path(__file__).parent.parent / "docs" / "answers"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "index.md")
ANSWER = re.compile(r'^!!! success "In short"\n\n((?: {4}.*\n)+)', re.MULTILINE)


def squeeze(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_index_has_question_and_answer(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    title = re.search(r"^# (.*)$", text, re.MULTILINE)
    answer = ANSWER.search(text)
    assert title and answer
    index = squeeze((FOLDER / "index.md").read_text(encoding="utf-8"))
    assert squeeze(f"## [{title[1]}]({page.name}) {answer[1]}") in index


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_answer_on_top_is_short(page: Path) -> None:
    answer = ANSWER.search(page.read_text(encoding="utf-8"))
    assert answer
    assert len(re.findall(r"[.?!](?=\s|$)", squeeze(answer[1]))) == 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_runs_both_servers_and_says_what_to_do(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "".join(fence.body for fence in fences(text) if fence.language == "python")
    assert re.search(r'"daphne"', code)
    assert re.search(r'"minidaphne"', code)
    assert text.count("\n## What to do in production\n") == 1
