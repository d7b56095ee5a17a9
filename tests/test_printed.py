"""The book prints the server: every line of its code stands in exactly one chapter."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.code_lines import code_lines
from walkthroughs.book.forward_references import find_forward_references
from walkthroughs.book.printed import Book
from walkthroughs.pages.pages import Pages
from walkthroughs.source_locator import find

HOUSE = Path(__file__).parent.parent
FILES = sorted((HOUSE / "minidaphne").rglob("*.py"))


@pytest.fixture(scope="module")
def book() -> Book:
    return Book(Pages(HOUSE / "docs"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(HOUSE)))
def test_every_line_of_the_server_is_printed_in_exactly_one_chapter(
    book: Book, file: Path
) -> None:
    pages = book.pages(file)
    orphans = [n for n in sorted(code_lines(file.read_text())) if n not in pages]
    assert not orphans, f"{file.name}: no chapter prints the lines {spans(orphans)}"
    twice = {n: sorted(pages[n]) for n in pages if len(pages[n]) > 1}
    assert not twice, f"{file.name}: printed in two chapters: {twice}"


def test_what_is_used_before_it_is_printed_is_announced(book: Book) -> None:
    """Imports, looked at in a simpler way than the pages do."""
    silent = []
    for piece in book.pieces:
        if piece.target.module.startswith("minidaphne."):
            text = book.rest(piece.target) if piece.rest else piece.target.source
            announced = {
                name
                for names in find_forward_references(book, piece).values()
                for name in names
            }
            silent += [
                f"{piece.page}: {piece.target.name} uses {name}"
                for name, page in imported(book, piece.target.file)
                if book.order.index(page) > book.order.index(piece.page)
                if re.search(rf"(?<![.\w\"]){name}\b(?! import)", code_only(text))
                if name not in announced
            ]
    assert not silent


def imported(book: Book, file: Path) -> Iterator[tuple[str, str]]:
    """Each name that a file imports from its own package, and the page of it."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            for alias in node.names:
                target = find(f"minidaphne.{node.module}.{alias.name}")
                for page in book.pages(target.file).get(target.first_line, ()):
                    yield alias.asname or alias.name, page


def code_only(text: str) -> str:
    """Source without its comments, docstrings and imports."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [ast.alias("nothing")]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = ""
    return ast.unparse(tree)


def spans(numbers: list[int]) -> str:
    """Numbers in short: "3-5, 9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)


SOURCE = """\
import json


class Box:
    \"\"\"A box.\"\"\"

    size = 1

    def open(self):
        return json

    def close(self):
        return None
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "boxes.py").write_text(SOURCE)
    (tmp_path / "docs").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def write(folder: Path, page: str, *fences: str) -> None:
    blocks = "\n".join(f"```source {fence}\n```\n" for fence in fences)
    (folder / "docs" / page).write_text(f"# The page {page}\n\n{blocks}")


def test_the_rest_leaves_out_what_stands_elsewhere_and_says_where(
    program: Path,
) -> None:
    write(program, "a.md", "boxes.Box.open")
    write(program, "b.md", "boxes parts=rest")
    book = Book(Pages(program / "docs"))
    assert book.rest(find("boxes")) == SOURCE.replace(
        "    def open(self):\n        return json\n",
        "    # Box.open: see “The page a.md”\n",
    )
    pages = book.pages(program / "boxes.py")
    assert pages[9] == pages[10] == {"a.md"}
    assert pages[7] == pages[13] == {"b.md"}
    assert [n for n in sorted(code_lines(SOURCE)) if n not in pages] == []


def test_an_orphan_and_a_double_are_seen(program: Path) -> None:
    write(program, "a.md", "boxes.Box.open")
    write(program, "b.md", "boxes.Box.open", "boxes.Box.close", "no.such.name")
    pages = Book(Pages(program / "docs")).pages(program / "boxes.py")
    assert pages[9] == {"a.md", "b.md"}
    assert spans([n for n in sorted(code_lines(SOURCE)) if n not in pages]) == "1, 4, 7"
