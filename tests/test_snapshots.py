"""The server as of each chapter: printed code and stand-ins, nothing else, and it runs.

The chapters themselves run each snapshot with real requests; this is about what is in it.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from walkthroughs.book.printed import Book
from walkthroughs.book.snapshot import snapshot, stand_ins, write_snapshot
from walkthroughs.pages.pages import Pages

HOUSE = Path(__file__).parent.parent
DOCS = HOUSE / "docs"
ORDER = Book(Pages(DOCS)).order
CHAPTERS = [page for page in ORDER if page.startswith("server/")][1:]  # after its index

IMPORT_ALL = """
import importlib, pkgutil, minidaphne
assert minidaphne.__file__.startswith({folder!r})
for each in pkgutil.iter_modules(minidaphne.__path__):
    if each.name != "__main__":
        importlib.import_module("minidaphne." + each.name)
"""


@pytest.fixture(scope="module")
def book() -> Book:
    return Book(Pages(DOCS))


@pytest.fixture(scope="module", params=CHAPTERS)
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def written(book: Book, page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server as of a chapter, in a folder; the book is read once for all."""
    folder = tmp_path_factory.mktemp("snapshot")
    with patch("walkthroughs.book.snapshot.book_of", return_value=book):
        write_snapshot(DOCS, page, folder)
    return folder


def prints_server(book: Book, page: str) -> bool:
    modules = (each.target.module for each in book.pieces if each.page == page)
    return any(module.startswith("minidaphne.") for module in modules)


def test_each_chapter_says_how_far_the_server_is_and_runs_it(
    book: Book, page: str
) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    [section] = re.findall(
        r"^## The server so far\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert "running_snapshot(" in text
    assert f'"{page}"' in section
    assert prints_server(book, page)


def test_no_other_page_prints_the_server(book: Book) -> None:
    assert [page for page in ORDER if prints_server(book, page)] == CHAPTERS


def test_every_module_can_be_imported(written: Path) -> None:
    code = IMPORT_ALL.format(folder=str(written))
    # `-m` and `-c` would look in the present folder first, where the whole server is.
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=False,
        cwd=written,
        env={**os.environ, "PYTHONPATH": str(written)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_there_is_nothing_in_it_that_was_not_printed(
    book: Book, page: str, written: Path
) -> None:
    done = {*ORDER[: ORDER.index(page) + 1]}
    instead = [each for early in sorted(done) for each in stand_ins(DOCS, early)]
    foreign = []
    files = [*written.rglob("*.py")]
    assert files
    for copy in files:
        path, text = copy.relative_to(written).as_posix(), copy.read_text("utf-8")
        module = path.removesuffix(".py").replace("/", ".")
        known = {*printed_lines(book, HOUSE / path, done), ""}
        for each in instead:
            if each.module == module:
                known |= {line.strip() for line in each.text.splitlines()}
        foreign += [
            f"{path}: {line}" for line in own_lines(text) if line.strip() not in known
        ]
    assert not foreign


def printed_lines(book: Book, file: Path, done: set[str]) -> Iterator[str]:
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, pages in book.pages(file).items():
            if pages & done and number <= len(lines):
                yield lines[number - 1].strip()


def own_lines(text: str) -> Iterator[str]:
    """The lines of a text without imports, and without what only says "not yet"."""
    aside: set[int] = set()
    for node in ast.parse(text).body:
        not_yet = isinstance(node, ast.FunctionDef) and (
            "NotImplementedError" in ast.unparse(node)
        )
        if not_yet or isinstance(node, ast.Import | ast.ImportFrom):
            aside |= {*range(node.lineno, (node.end_lineno or 0) + 1)}
    for number, line in enumerate(text.splitlines(), start=1):
        if number not in aside:
            yield line


def test_in_the_end_it_is_the_server() -> None:
    files = snapshot(DOCS, CHAPTERS[-1])
    there = {
        file.relative_to(HOUSE).as_posix(): file.read_text(encoding="utf-8")
        for file in (HOUSE / "minidaphne").rglob("*.py")
    }
    assert {*files} == {*there}
    for path, text in files.items():
        if Path(path).name != "__init__.py":
            assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(there[path])), path


def test_what_was_not_printed_is_seen(book: Book, tmp_path: Path) -> None:
    file = HOUSE / "minidaphne" / "server.py"
    early = {*printed_lines(book, file, {"server/listening.md"})}
    late = {*printed_lines(book, file, {"server/listening.md", "server/answering.md"})}
    line = "async def handle_reply(self, protocol: Conversation, message: Message) -> None:"
    assert line in (late - early)
    text = "import a\n\ndef f():\n    raise NotImplementedError\n\nx = 1\n"
    assert [line for line in own_lines(text) if line] == ["x = 1"]
