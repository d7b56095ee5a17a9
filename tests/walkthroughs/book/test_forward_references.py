"""A piece of a program says what it uses that is printed later."""

from pathlib import Path

import pytest

from walkthroughs.book.forward_references import find_forward_references
from walkthroughs.book.printed import Book
from walkthroughs.fences import KINDS, Place
from walkthroughs.pages.markdown import fences
from walkthroughs.pages.pages import Pages

BOXES = """\
from .lids import LIMIT, Lid
from . import nails


class Box:
    full = False

    def open(self, other):
        other.shut_tight()
        self.close()
        return LIMIT, [other.index(self), self.full, nails.drive()]

    def close(self):
        return Lid()
"""
LIDS = "LIMIT = 1\n\n\nclass Lid:\n    def shut_tight(self): ...\n"
NAILS = "def drive(): ...\n\n\nclass Nail:\n    def index(self, other): ...\n"


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "crates"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name, text in {"boxes": BOXES, "lids": LIDS, "nails": NAILS}.items():
        (package / f"{name}.py").write_text(text)
    pages = {
        "a": ["crates.boxes.Box.open"],
        "b": ["crates.nails parts=rest", "crates.lids.LIMIT", "tabs.Tab"],
        "c": ["crates.lids parts=rest", "crates.boxes parts=rest"],
    }
    (tmp_path / "docs").mkdir()
    for page, names in pages.items():
        blocks = "\n".join(f"```source {name}\n```\n" for name in names)
        (tmp_path / "docs" / f"{page}.md").write_text(f"# Page <{page}>\n\n{blocks}")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "docs"


def used(docs: Path, name: str) -> dict[str, list[str]]:
    book = Book(Pages(docs))
    [piece] = [each for each in book.pieces if each.target.name == name]
    return find_forward_references(book, piece)


def test_names_of_later_chapters_are_found(docs: Path) -> None:
    assert used(docs, "crates.boxes.Box.open") == {
        "b.md": ["LIMIT", "drive"],  # but not index, which every list has
        "c.md": ["Box.close", "Lid.shut_tight"],
    }


def test_what_was_printed_before_needs_no_word(docs: Path) -> None:
    assert used(docs, "crates.boxes") == {}


def test_a_program_that_is_not_printed_as_a_whole_is_left_alone(docs: Path) -> None:
    for page in ("b", "c"):
        text = (docs / f"{page}.md").read_text().replace(" parts=rest", "")
        (docs / f"{page}.md").write_text(text)
    assert used(docs, "crates.boxes.Box.open") == {}


def test_the_page_says_so(docs: Path) -> None:
    html = rendered(docs, "a.md", "crates.boxes.Box.open")
    assert (
        "Used here, printed later: <code>LIMIT</code>, <code>drive</code> in "
        '<a href="b.md">Page &lt;b&gt;</a>; <code>Box.close</code>, '
        '<code>Lid.shut_tight</code> in <a href="c.md">Page &lt;c&gt;</a>.'
    ) in html
    quoted = "crates.boxes.Box.open parts=quote"
    assert "printed later" not in rendered(docs, "d.md", quoted)


def rendered(docs: Path, page: str, words: str) -> str:
    [fence] = fences(f"```source {words}\n```\n")
    return KINDS["source"].render(fence, Place(page, Pages(docs)))
