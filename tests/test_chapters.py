"""Each chapter has what a chapter has to have."""

import re
from pathlib import Path

import pytest

from walkthroughs.pages.markdown import fences
from walkthroughs.pages.pages import Pages

DOCS = Path(__file__).parent.parent / "docs"
ORDER = Pages(DOCS).order
CHAPTERS = ORDER[ORDER.index("words.md") : ORDER.index("server/index.md")]
SERVER = [page for page in ORDER if page.startswith("server/")][1:]  # after its index

# What a chapter lacks, and why.
WITHOUT = {
    "words.md": {"words", "alone"},  # it is all of this by itself
    # Nothing of it is the server's; what goes wrong stands under "What the layer promises".
    "several-processes.md": {"twin", "wrong"},
}


def has(text: str) -> dict[str, bool]:
    """What a page has of all that a chapter is to have."""
    found = fences(text)
    recorded = {each.options.get("server") for each in found}
    code = [each for each in found if each.language == "python"]
    wrong = re.search(
        r"^## What can go wrong here\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    exercises = text.partition("\n## Exercises\n")[2]
    return {
        "question": "\n**The question:** " in text,
        "words": "\n## The words of this chapter\n" in text,
        "paths": "daphne" in recorded,
        "alone": "\n## One stage alone" in text,
        "twin": re.search(r"\]\(server/[\w-]+\.md", text) is not None,
        "wrong": wrong is not None,
        "exercises": len(re.findall(r"^\d\. ", exercises, re.MULTILINE)) >= 2,
        "answers": exercises.count('??? success "Answer"')
        == len(re.findall(r"^\d\. ", exercises, re.MULTILINE)),
        "code": bool(code),
    }


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_is_whole(page: str) -> None:
    found = has((DOCS / page).read_text(encoding="utf-8"))
    missing = {name for name, there in found.items() if not there}
    assert missing == WITHOUT.get(page, set())


def test_a_chapter_that_lacks_something_is_seen() -> None:
    page = (DOCS / "closing.md").read_text(encoding="utf-8")
    assert all(has(page).values())
    for cut, name in {
        "**The question:** ": "question",
        "](server/": "twin",
        "\n## One stage alone": "alone",
        "\n## What can go wrong here": "wrong",
        '??? success "Answer"': "answers",
        "\n2. ": "exercises",
    }.items():
        assert has(page.replace(cut, "x", 1))[name] is False, name
