"""The pages for operators end with advice, and with three sentences for a friend."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "docs" / "production"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "index.md")


def missing(text: str) -> list[str]:
    """Return what a page owes its reader and does not have."""
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    friend = " ".join(text.rpartition("## Tell a friend")[2].split())
    found = {
        "In production, then Tell a friend, at the end": heads[-2:]
        == ["In production", "Tell a friend"],
        "three sentences": len(re.findall(r"[.?!](?=\s|$)", friend)) == 3,
    }
    return [what for what, there in found.items() if not there]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_gives_what_it_owes(page: Path) -> None:
    assert missing(page.read_text(encoding="utf-8")) == []


def test_what_is_missing_is_named() -> None:
    text = PAGES[0].read_text(encoding="utf-8")
    assert missing(f"{text}\nA fourth sentence.\n") == ["three sentences"]
    without = text.replace("## In production", "## Something else")
    assert missing(without) == ["In production, then Tell a friend, at the end"]
