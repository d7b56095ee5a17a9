"""The glossary has the words of the book, and no others."""

import re
from pathlib import Path

import pytest

from walkthroughs.book.glossary import Term, read_glossary
from walkthroughs.pages.markdown import fences
from walkthroughs.pages.pages import Pages

DOCS = Path(__file__).parent.parent / "docs"
GLOSSARY = "reference/glossary.md"
TERMS = read_glossary((DOCS / GLOSSARY).read_text(encoding="utf-8"))
LINK = re.compile(r"\[[^\]]+\]\(\.{0,2}/?([\w/.-]+\.md)(?:#([\w-]+))?\)")
WORDS = "The words of this chapter"
# The bold names in it are steps of a walkthrough, and its binding holds them.
BESIDE = re.compile(r"^<div class=\"beside\".*?^</div>", re.MULTILINE | re.DOTALL)


def prose(page: str) -> str:
    """A page without its fences."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for fence in reversed(fences(text)):
        text = text[: fence.start] + text[fence.end :]
    return text


def plain(term: str) -> str:
    """A term without what tells it from others of its name."""
    return re.sub(r" \(.*\)|`", "", term).lower()


def says(term: Term, text: str) -> bool:
    """Whether a text has the word, in one of its forms."""
    stem = re.escape(plain(term.name)).replace(r"\ ", r"\s+")
    return re.search(rf"\b{stem}(?:e?s|ed|ing)?\b", text.lower()) is not None


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.anchor)
def test_each_term_is_explained_where_the_glossary_says(term: Term) -> None:
    links = LINK.findall(term.meaning)
    assert len(links) == 1
    page, anchor = links[0]
    if not (DOCS / page).exists():
        page = f"reference/{page}"
    text = prose(page)
    if anchor:
        sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
        [text] = [each for each in sections if slug(each.splitlines()[0]) == anchor]
    assert says(term, text)


def slug(heading: str) -> str:
    """The anchor of a heading, as the site makes it."""
    words = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"[-\s]+", "-", words)


def test_terms_are_short_and_in_order() -> None:
    names = [plain(term.name).lstrip("_") for term in TERMS]
    assert names == sorted(names)
    for term in TERMS:
        assert 1 <= sentences(term.meaning.partition("See")[0]) <= 2, term.name


def sentences(text: str) -> int:
    return len(re.findall(r"\.(?=\s|$)", text))


def test_the_words_a_chapter_needs_are_in_the_glossary() -> None:
    known = {plain(term.name) for term in TERMS}
    missing = []
    for page in Pages(DOCS).order:
        for section in re.split(
            r"^## ", BESIDE.sub("", prose(page)), flags=re.MULTILINE
        ):
            if section.startswith(WORDS) or page == "words.md":
                bold = re.findall(r"\*\*([^*]+)\*\*", section)
                missing += [
                    f"{page}: {word}"
                    for word in (" ".join(each.lower().split()) for each in bold)
                    if not {word, word.removesuffix("s"), word[5:]} & known
                    and not word.endswith(":")
                ]
    assert not missing


def test_the_checks_see_what_is_wrong() -> None:
    term = Term("close code (of a frame)", "x", "")
    assert says(term, "Close\ncodes are numbers")
    assert not says(term, "a code to close with")
    assert slug("403, 500 or `x_y`: what?") == "403-500-or-x_y-what"
    assert sentences("One. Two is 3.5. Three.") == 3
