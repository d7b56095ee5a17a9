"""The index of the answers says what the answers say, and leaves none out."""

import re
from pathlib import Path

import pytest

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
