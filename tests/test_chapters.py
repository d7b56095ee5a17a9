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


def server_has(page: str, text: str) -> dict[str, bool]:
    """What a page has of all that a chapter about the server is to have.

    The chapter before it runs first, and lacks something; the first has none before it.
    """
    before = SERVER[SERVER.index(page) - 1] if page != SERVER[0] else ""
    beginning, _, end = text.partition("\n## ")
    listings = [each for each in fences(text) if each.language == "callpath"]
    exercises = end.partition("\n## Exercises\n")[2]
    count = len(re.findall(r"^\d\. ", exercises, re.MULTILINE))
    return {
        "failure": before in beginning and "\n>>> " in beginning,
        "paths": {each.options.get("server") for each in listings}
        == {"daphne", "minidaphne"},
        "twin": "\n## What differs from Daphne\n" in end,
        "exercises": count in (2, 3),
        "answers": exercises.count('??? success "Answer"') == count,
        "checked": exercises.count("```") >= 2 * count,
    }


@pytest.mark.parametrize("page", SERVER)
def test_a_chapter_about_the_server_is_whole(page: str) -> None:
    found = server_has(page, (DOCS / page).read_text(encoding="utf-8"))
    missing = {name for name, there in found.items() if not there}
    # The command line follows no request.
    assert missing == ({"paths", "twin"} if page == SERVER[-1] else set())


def test_a_chapter_about_the_server_that_lacks_something_is_seen() -> None:
    text = (DOCS / SERVER[1]).read_text(encoding="utf-8")
    for cut, name in {
        f'"{SERVER[0]}"': "failure",
        "server=minidaphne": "paths",
        "\n## What differs from Daphne": "twin",
        "\n2. ": "exercises",
        '??? success "Answer"': "answers",
    }.items():
        assert server_has(SERVER[1], text)[name] is True
        assert server_has(SERVER[1], text.replace(cut, "x"))[name] is False, name


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_is_whole(page: str) -> None:
    found = has((DOCS / page).read_text(encoding="utf-8"))
    missing = {name for name, there in found.items() if not there}
    assert missing == WITHOUT.get(page, set())


def test_a_chapter_that_lacks_something_is_seen() -> None:
    page = (DOCS / "django-to-daphne.md").read_text(encoding="utf-8")
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
