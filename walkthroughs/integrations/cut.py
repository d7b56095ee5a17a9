"""The program as of a chapter: what the book has printed of it by then, as files that run.

A program that is printed piece by piece cannot run before the last piece, unless
something short stands in for what is missing.  A fence `stand-in MODULE` has such code:

    ```stand-in boxes.lid
    def close(box):
        print("there is no lid yet")
    ```

It is used from its chapter on, and gives way, name by name, as the real pieces are
printed.  Laws:

* what is printed goes into the files as it is, and nothing else of the program does;
* a stand-in stands for names that the program has and a later chapter prints;
* imports are no chapter's own: a file has those that its code uses.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from ..errors import FenceError, TargetError
from ..servers.serving import Running, running
from ..targets import find
from .book import Book
from .fences import fences

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class StandIn:
    """A fence `stand-in`.

    Args:
        page: path of its page below the book's folder.
        module: the module that it is for.
        text: its code.
    """

    page: str
    module: str
    text: str


@contextmanager
def so_far(
    server: str, chapter: str, application: str, source: str = "", *arguments: str
) -> Iterator[Running]:
    """Like `running`, but with the server as of the end of a chapter of the book here.

    Raises:
        FenceError: as `cut` does.
        RecordingError: it does not listen in time; with its last words.
    """
    with tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder:
        write_cut(Path("docs"), chapter, Path(folder))
        with (
            patch.dict(os.environ, PYTHONPATH=folder),
            running(server, application, source, *arguments) as found,
        ):
            yield found


def write_cut(docs: Path, chapter: str, folder: Path) -> list[Path]:
    """Write the files of `cut` below a folder, and say which.

    Raises:
        FenceError: as `cut` does.
    """
    written = []
    for path, text in cut(docs, chapter).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


def cut(docs: Path, chapter: str) -> dict[str, str]:
    """The files of the program as of the end of a chapter: path -> text.

    The program is each package for which something in the book stands in.

    Args:
        docs: the folder of all pages.
        chapter: path of a page below it, "main-loop.md".

    Raises:
        FenceError: the book has no such page, or a stand-in is missing or no Python.
    """
    book = Book(docs)
    if chapter not in book.order:
        known = ", ".join(book.order)
        raise FenceError(f"the book has no chapter {chapter!r}; it has {known}")
    done = {*book.order[: book.order.index(chapter) + 1]}
    standing = [each for page in book.order for each in stand_ins(docs, page)]
    files = {}
    for package in sorted({each.module.partition(".")[0] for each in standing}):
        top = find(package).file.parent
        for file in sorted(top.rglob("*.py")):
            path = file.relative_to(top.parent)
            module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            now = [s.text for s in standing if s.module == module and s.page in done]
            text = _cut_file(file, book.pages(file), done, now)
            if text or file.name == "__init__.py":
                files[path.as_posix()] = text
    return files


def stand_ins(docs: Path, page: str) -> list[StandIn]:
    """The stand-ins of a page."""
    text = (docs / page).read_text(encoding="utf-8")
    return [
        StandIn(page, fence.arguments[0], fence.body)
        for fence in fences(text)
        if fence.language == "stand-in" and fence.arguments
    ]


def read_stand_in(
    body: str, options: Mapping[str, str], docs: Path, page: str
) -> list[str]:
    """The chapters that print what a `stand-in` fence of a page stands for.

    Raises:
        FenceError: it is no Python, or names nothing that a later chapter prints.
    """
    module = options.get("target", "")
    if not module or set(options) != {"target"}:
        raise FenceError(
            "a stand-in fence takes the name of a module, and nothing else"
        )
    pieces = _pieces(body, lambda line: True)
    file = find(module).file
    names = [name for piece in pieces for name in piece.names()]
    book = Book(docs)
    pages = book.pages(file)
    if not names:
        return sorted({each for many in pages.values() for each in many})
    return [_printed_later(f"{module}.{name}", book, page) for name in names]


def _printed_later(name: str, book: Book, page: str) -> str:
    try:
        target = find(name)
    except TargetError as error:
        raise FenceError(f"it stands for nothing: {error}") from error
    where = {
        each
        for line in range(target.first_line, target.last_line + 1)
        for each in book.pages(target.file).get(line, ())
    }
    # Of a class the last page counts: what is not printed of it is stood for.
    latest = max(where, key=book.order.index, default="")
    if not latest or book.order.index(latest) <= book.order.index(page):
        raise FenceError(f"a stand-in for {name} is idle: it is printed already")
    return latest


# A file in pieces.


@dataclass(frozen=True)
class _Piece:
    """A statement with the comments above it; of a class, its head and its members."""

    name: str
    text: str
    node: ast.stmt
    printed: bool
    members: tuple[_Piece, ...] = ()

    def names(self) -> Iterator[str]:
        """What it defines: itself, or the functions of a class."""
        functions = [m.name for m in self.members if isinstance(m.node, _FUNCTIONS)]
        if functions:
            yield from (f"{self.name}.{name}" for name in functions)
        elif self.name:
            yield self.name

    def any_printed(self) -> bool:
        return self.printed or any(each.printed for each in self.members)


def _pieces(text: str, printed: Callable[[int], bool]) -> list[_Piece]:
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise FenceError(f"a stand-in is no Python: {error}") from error
    return list(_split(body, text.splitlines(keepends=True), 0, printed))


def _split(
    body: list[ast.stmt], lines: list[str], start: int, printed: Callable[[int], bool]
) -> Iterator[_Piece]:
    for node in body:
        end = node.end_lineno or node.lineno
        members: tuple[_Piece, ...] = ()
        inner = end
        if isinstance(node, ast.ClassDef):
            inner = _first_line(node.body[0]) - 1
            members = tuple(_split(node.body, lines, inner, printed))
        text = "".join(lines[start:inner])
        yield _Piece(_name(node), text, node, printed(node.lineno), members)
        start = end


def _first_line(node: ast.stmt) -> int:
    lines: list[int] = [each.lineno for each in getattr(node, "decorator_list", [])]
    return min([node.lineno, *lines])


def _name(node: ast.stmt) -> str:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return node.name
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    return ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else ""


# Pieces, put together.


def _cut_file(
    file: Path, pages: Mapping[int, set[str]], done: set[str], standing: Iterable[str]
) -> str:
    """A file as far as it is printed, with stand-ins for the rest of it."""
    text = file.read_text(encoding="utf-8")
    real = _pieces(text, lambda line: bool(done & pages.get(line, set())))
    imports = [each for each in real if _is_import(each)]
    substitutes: dict[str, _Piece] = {}
    last: list[_Piece] = []
    for own in (_pieces(text, lambda line: False) for text in standing):
        imports += [each for each in own if _is_import(each)]
        last = [each for each in own if not each.name and not _is_import(each)]
        for each in own:
            if each.name:
                substitutes[each.name] = _join(substitutes.get(each.name), each)
    chosen = [_choose(p, substitutes.get(p.name)) for p in real if not _is_import(p)]
    body = [each for each in chosen if each is not None]
    if not any(each.any_printed() for each in real):
        body += last
    used = {name for each in body for name in _used(each)}
    needed = dict.fromkeys(_needed(each, used) for each in imports)
    first = body[:1] if body and _is_docstring(body[0].node) else []
    return "".join([*map(_text, first), *needed, *map(_text, body[len(first) :])])


def _is_import(piece: _Piece) -> bool:
    return isinstance(piece.node, (ast.Import, ast.ImportFrom))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _join(known: _Piece | None, new: _Piece) -> _Piece:
    """A stand-in, and with it what an earlier one has and it has not."""
    names = {each.name for each in new.members}
    more = [m for m in (known.members if known else ()) if m.name not in {"", *names}]
    return replace(new, members=(*new.members, *more))


def _choose(real: _Piece, other: _Piece | None) -> _Piece | None:
    """What is printed of a piece, with its stand-in for the rest."""
    if not real.members or not real.any_printed():
        return real if real.printed else other if real.name else None
    if real.printed:
        theirs = {each.name: each for each in (other.members if other else ())}
        own = [m if m.printed else theirs.get(m.name) for m in real.members]
        return replace(real, members=tuple(each for each in own if each))
    if other is None:
        raise FenceError(f"nothing stands in for the rest of class {real.name}")
    printed = [each for each in real.members if each.printed]
    names = {each.name for each in printed}
    kept = [each for each in other.members if each.name not in names]
    return replace(other, members=(*kept, *printed))


def _text(piece: _Piece, apart: str = "\n\n") -> str:
    own = piece.text if piece.printed else apart + piece.text.lstrip("\n")
    between = ("\n" if isinstance(m.node, _FUNCTIONS) else "" for m in piece.members)
    members = zip(piece.members, between, strict=True)
    return own + "".join(_text(each, blank) for each, blank in members)


def _used(piece: _Piece) -> Iterator[str]:
    """The names that the code of a piece has, those in quoted annotations too."""
    nodes: list[ast.AST] = [piece.node]
    if isinstance(piece.node, ast.ClassDef):
        head = piece.node
        nodes = [*head.bases, *head.keywords, *head.decorator_list]
        nodes += [each.node for each in piece.members]
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                yield each.id
            elif isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


def _needed(piece: _Piece, used: set[str]) -> str:
    """An import without the names that nothing uses."""
    node = piece.node
    assert isinstance(node, (ast.Import, ast.ImportFrom))
    names = [each for each in node.names if _bound(each) in used]
    if len(names) == len(node.names):
        return piece.text
    if not names:
        return ""
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(names)) + "\n"
    return ast.unparse(ast.ImportFrom(node.module, names, node.level)) + "\n"


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]
