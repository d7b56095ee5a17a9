"""The program as of a chapter: what the book has printed of it by then, as files that run.

A program that is printed piece by piece cannot run before the last piece, unless
something short stands in for what is missing.  A fence `stand-in MODULE` has such code:

    ```stand-in boxes.lid
    def close(box):
        print("there is no lid yet")
    ```

It is used from its chapter on, and gives way, name by name, as the real pieces are
printed.  Invariants:

* what is printed goes into the files as it is, and nothing else of the program does;
* a stand-in stands for names that the program has and a later chapter prints; what
  else it defines lives as long as they do;
* imports are no chapter's own: a file has those that its code uses, and where they find
  nothing yet, there is a function that says so when it is called.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ..errors import FenceError, TargetError
from ..pages.pages import Pages, pages_of
from ..servers.serving import Running, running
from ..source_locator import Target, find
from .printed import book_of

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NOT_PRINTED = '''

def {0}(*arguments, **options):
    """Here so that it can be imported; nobody may need it yet."""
    raise NotImplementedError("{0} is printed in a later chapter")
'''


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
def running_snapshot(
    server: str, chapter: str, application: str, source: str = "", *arguments: str
) -> Iterator[Running]:
    """Like `running`, but with the server as of the end of a chapter of the book here.

    Raises:
        FenceError: as `snapshot` does.
        RecordingError: it does not listen in time; with its last words.
    """
    with tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder:
        write_snapshot(Path("docs"), chapter, Path(folder))
        own = {"PYTHONPATH": folder}
        with running(server, application, source, *arguments, environment=own) as found:
            yield found


def write_snapshot(docs: Path, chapter: str, folder: Path) -> list[Path]:
    """Write the files of `snapshot` below a folder, and say which.

    Raises:
        FenceError: as `snapshot` does.
    """
    written = []
    for path, text in snapshot(docs, chapter).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


def snapshot(docs: Path, chapter: str) -> dict[str, str]:
    """Return the files of the program as of the end of a chapter: path -> text.

    The program is each package for which something in the book stands in.

    Args:
        docs: the folder of all pages.
        chapter: path of a page below it, "server/listening.md".

    Raises:
        FenceError: the book has no such page, or a stand-in is missing or no Python.
    """
    book = book_of(pages_of(docs))
    if chapter not in book.order:
        known = ", ".join(book.order)
        raise FenceError(f"the book has no chapter {chapter!r}; it has {known}")
    done = {*book.order[: book.order.index(chapter) + 1]}
    standing = [each for page in book.order for each in stand_ins(docs, page)]
    files: dict[str, str] = {}
    for package in sorted({each.module.partition(".")[0] for each in standing}):
        top = find(package).file.parent
        for file in sorted(top.rglob("*.py")):
            path = file.relative_to(top.parent)
            module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            now = [s.text for s in standing if s.module == module and s.page in done]
            text = _snapshot_file(file, book.pages(file), done, now)
            if text or file.name == "__init__.py":
                files[path.as_posix()] = text
    for where, missing in _missing(files):
        files[where] = files.get(where, "") + missing
    return files


def stand_ins(docs: Path, page: str) -> list[StandIn]:
    """Return the stand-ins of a page."""
    return [
        StandIn(page, fence.arguments[0], fence.body)
        for fence in pages_of(docs).fences[page]
        if fence.language == "stand-in" and fence.arguments
    ]


def read_stand_in(
    body: str, options: Mapping[str, str], pages: Pages, page: str
) -> list[str]:
    """Return the chapters that print what a `stand-in` fence stands for.

    Raises:
        FenceError: it is not Python, or names nothing that a later chapter prints.
    """
    module = options.get("target", "")
    if not module or set(options) != {"target"}:
        raise FenceError(
            "a stand-in fence takes the name of a module, and nothing else"
        )
    names = [name for piece in _pieces(body, lambda _: True) for name in piece.names()]
    book = book_of(pages)
    later = []
    for target in _targets(module, names):
        here = range(target.first_line, target.last_line + 1)
        printed = book.pages(target.file)
        where = {*chain(*(printed.get(line, ()) for line in here))}
        later.append(max(where, key=book.order.index, default=page))
        if book.order.index(later[-1]) <= book.order.index(page):
            raise FenceError(
                f"a stand-in for {target.name} is unused: no later chapter prints it"
            )
    if not later:  # a script, or nothing at all
        later = sorted({*chain(*book.pages(find(module).file).values())})
        if min(map(book.order.index, later), default=0) <= book.order.index(page):
            raise FenceError(f"it replaces nothing that {module} has")
    return later


def _targets(module: str, names: Iterable[str]) -> Iterator[Target]:
    """Yield those of the names that a module has; the others only help."""
    for name in names:
        with suppress(TargetError):
            target = find(f"{module}.{name}")
            if target.module == module:
                yield target


def _missing(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """List names that files import and no file has: path, and a substitute."""
    found: dict[tuple[str, str], str] = {}
    for path, text in files.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.level:
                folder = Path(path).parents[node.level - 1]
                for alias in node.names:
                    where, name = _place(folder, node.module, alias.name, files)
                    if name not in {"", *_defined(files.get(where, ""))}:
                        found[where, name] = _NOT_PRINTED.format(name)
                    elif where not in files:
                        found[where, name] = ""
    return [(path, text) for (path, _), text in found.items()]


def _place(
    folder: Path, module: str | None, name: str, files: Mapping[str, str]
) -> tuple[str, str]:
    """Return the file that an import leads to, and the name in it; "" for the whole."""
    package = (folder / "__init__.py").as_posix()
    if module is None and name in _defined(files.get(package, "")):
        return package, name
    inside = (module or name).replace(".", "/")
    return (folder / f"{inside}.py").as_posix(), name if module else ""


def _defined(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Import) or getattr(node, "module", None):
            assert isinstance(node, (ast.Import, ast.ImportFrom))
            yield from map(_bound, node.names)


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
        """Yield what it defines: itself, or the functions of a class."""
        functions = [m.name for m in self.members if isinstance(m.node, _FUNCTIONS)]
        if functions:
            yield from (f"{self.name}.{name}" for name in functions)
        elif self.name:
            yield self.name

    def any_printed(self) -> bool:
        return self.printed or any(each.printed for each in self.members)

    def all_printed(self) -> bool:
        return self.printed and all(each.printed for each in self.members)


def _pieces(text: str, printed: Callable[[int], bool]) -> list[_Piece]:
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise FenceError(f"a stand-in is not valid Python: {error}") from error
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
        above = _first_line(node) - 1
        comments = [
            n for n in range(start, above) if printed(n + 1) or not lines[n].strip()
        ]
        text = "".join(lines[n] for n in [*comments, *range(above, inner)])
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


def _snapshot_file(
    file: Path, pages: Mapping[int, set[str]], done: set[str], standing: Iterable[str]
) -> str:
    """Return a file as far as it is printed, with stand-ins for the rest of it."""
    text = file.read_text(encoding="utf-8")
    real = _pieces(text, lambda line: bool(done & pages.get(line, set())))
    others = [_pieces(text, lambda line: False) for text in standing]
    substitutes: dict[str, _Piece] = {}
    for each in (each for own in others for each in own if each.name):
        substitutes[each.name] = _join(substitutes.get(each.name), each)
    chosen = [
        _merge_stand_in(p, substitutes.get(p.name)) for p in real if not _is_import(p)
    ]
    body = [each for each in chosen if each is not None]
    left = {each.name for each in body if not each.all_printed()}
    known = {each.name for each in real}
    for own in (own for own in others if left & {each.name for each in own}):
        body[:0] = [each for each in own if each.name and each.name not in known]
    if not body:  # a script, which defines nothing that could be replaced
        body = [each for own in others[-1:] for each in own]
    return _put_together(body, [*real, *(each for own in others for each in own)])


def _put_together(body: list[_Piece], pieces: Iterable[_Piece]) -> str:
    """Join the body, with only those imports among the pieces that it needs."""
    body = [each for each in body if not _is_import(each)]
    used = {name for each in body for name in _used(each)}
    needed = []
    for each in filter(_is_import, pieces):
        assert isinstance(each.node, (ast.Import, ast.ImportFrom))
        needed.append(_needed(each, used))
        used -= {*map(_bound, each.node.names)}
    first = [each for each in body if _is_docstring(each.node)]
    rest = [each for each in body if not _is_docstring(each.node)]
    return "".join([*map(_text, first), *needed, *map(_text, rest)])


def _is_import(piece: _Piece) -> bool:
    return isinstance(piece.node, (ast.Import, ast.ImportFrom))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _join(known: _Piece | None, new: _Piece) -> _Piece:
    """Join a stand-in with what an earlier one has and it has not."""
    names = {each.name for each in new.members}
    more = [m for m in (known.members if known else ()) if m.name not in {"", *names}]
    return replace(new, members=(*new.members, *more))


def _merge_stand_in(real: _Piece, other: _Piece | None) -> _Piece | None:
    """Return what is printed of a piece, with its stand-in for the rest."""
    if not real.members or not real.any_printed():
        return real if real.printed else other if real.name else None
    if real.printed:
        theirs = {each.name: each for each in (other.members if other else ())}
        known = {each.name for each in real.members}
        own = [m if m.printed else theirs.get(m.name) for m in real.members]
        called = {name for each in own if each for name in _attributes(each)}
        more = [each for name, each in theirs.items() if name in called - known]
        return replace(real, members=tuple(each for each in [*own, *more] if each))
    if other is None:
        raise FenceError(f"nothing stands in for the rest of class {real.name}")
    printed = [each for each in real.members if each.printed]
    names = {each.name for each in printed}
    kept = [each for each in other.members if each.name not in names]
    return replace(other, members=(*kept, *printed))


def _text(piece: _Piece, apart: str = "\n\n") -> str:
    as_it_is = piece.printed or not apart
    own = piece.text if as_it_is else apart + piece.text.lstrip("\n")
    between = ("\n" if isinstance(m.node, _FUNCTIONS) else "" for m in piece.members)
    members = zip(piece.members, between, strict=True)
    return own + "".join(_text(each, blank) for each, blank in members)


def _attributes(piece: _Piece) -> Iterator[str]:
    """Yield the attributes of objects that a stand-in uses."""
    for node in ast.walk(piece.node) if not piece.printed else ():
        if isinstance(node, ast.Attribute):
            yield node.attr


def _used(piece: _Piece) -> Iterator[str]:
    """Yield the names in the code of a piece, those in quoted annotations too."""
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
    """Return an import without the names that nothing uses."""
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
