"""A file in pieces, and put together again as far as it is printed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..bindings import FUNCTIONS, local
from ..errors import FenceError


@dataclass(frozen=True)
class Piece:
    """A statement with the comments above it; of a class, its head and its members."""

    name: str
    text: str
    node: ast.stmt
    printed: bool
    members: tuple[Piece, ...] = ()

    def names(self) -> Iterator[str]:
        """Yield what it defines: itself, or the functions of a class."""
        functions = [m.name for m in self.members if isinstance(m.node, FUNCTIONS)]
        if functions:
            yield from (f"{self.name}.{name}" for name in functions)
        elif self.name:
            yield self.name

    def any_printed(self) -> bool:
        """Whether some of it is printed."""
        return self.printed or any(each.printed for each in self.members)

    def all_printed(self) -> bool:
        """Whether the whole of it is printed."""
        return self.printed and all(each.printed for each in self.members)


def pieces(text: str, printed: Callable[[int], bool]) -> list[Piece]:
    """Split a file into its statements.

    Args:
        text: the text of the file.
        printed: whether a line, counted from 1, is printed.

    Raises:
        FenceError: it is not Python.
    """
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise FenceError(f"a stand-in is not valid Python: {error}") from error
    return list(_split(body, text.splitlines(keepends=True), 0, printed))


def _split(
    body: list[ast.stmt], lines: list[str], start: int, printed: Callable[[int], bool]
) -> Iterator[Piece]:
    for node in body:
        end = node.end_lineno or node.lineno
        members: tuple[Piece, ...] = ()
        inner = end
        if isinstance(node, ast.ClassDef):
            inner = _first_line(node.body[0]) - 1
            members = tuple(_split(node.body, lines, inner, printed))
        above = _first_line(node) - 1
        comments = [
            n for n in range(start, above) if printed(n + 1) or not lines[n].strip()
        ]
        text = "".join(lines[n] for n in [*comments, *range(above, inner)])
        yield Piece(_name(node), text, node, printed(node.lineno), members)
        start = end


def _first_line(node: ast.stmt) -> int:
    lines: list[int] = [each.lineno for each in getattr(node, "decorator_list", [])]
    return min([node.lineno, *lines])


def _name(node: ast.stmt) -> str:
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return node.name
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    return ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else ""


# Pieces, put together.


def snapshot_file(
    file: Path, pages: Mapping[int, set[str]], done: set[str], standing: Iterable[str]
) -> str:
    """Return a file as far as it is printed, with stand-ins for the rest of it.

    Args:
        file: the whole file.
        pages: line, counted from 1 -> the pages that print it.
        done: the pages up to the chapter.
        standing: the texts of the stand-ins for it, in order.

    Raises:
        FenceError: nothing stands in for a part of it, or a stand-in is not Python.
    """
    text = file.read_text(encoding="utf-8")
    real = pieces(text, lambda line: bool(done & pages.get(line, set())))
    others = [pieces(text, lambda line: False) for text in standing]
    substitutes: dict[str, Piece] = {}
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


def _put_together(body: list[Piece], every: Iterable[Piece]) -> str:
    """Join the body, with only those imports among the pieces that it needs."""
    body = [each for each in body if not _is_import(each)]
    used = {name for each in body for name in _used(each)}
    needed = []
    for each in filter(_is_import, every):
        assert isinstance(each.node, (ast.Import, ast.ImportFrom))
        needed.append(_needed(each, used))
        used -= {*map(local, each.node.names)}
    first = [each for each in body if _is_docstring(each.node)]
    rest = [each for each in body if not _is_docstring(each.node)]
    return "".join([*map(_text, first), *needed, *map(_text, rest)])


def _is_import(piece: Piece) -> bool:
    return isinstance(piece.node, (ast.Import, ast.ImportFrom))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _join(known: Piece | None, new: Piece) -> Piece:
    """Join a stand-in with what an earlier one has and it has not."""
    names = {each.name for each in new.members}
    more = [m for m in (known.members if known else ()) if m.name not in {"", *names}]
    return replace(new, members=(*new.members, *more))


def _merge_stand_in(real: Piece, other: Piece | None) -> Piece | None:
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


def _text(piece: Piece, apart: str = "\n\n") -> str:
    as_it_is = piece.printed or not apart
    own = piece.text if as_it_is else apart + piece.text.lstrip("\n")
    between = ("\n" if isinstance(m.node, FUNCTIONS) else "" for m in piece.members)
    members = zip(piece.members, between, strict=True)
    return own + "".join(_text(each, blank) for each, blank in members)


def _attributes(piece: Piece) -> Iterator[str]:
    """Yield the attributes of objects that a stand-in uses."""
    for node in ast.walk(piece.node) if not piece.printed else ():
        if isinstance(node, ast.Attribute):
            yield node.attr


def _used(piece: Piece) -> Iterator[str]:
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


def _needed(piece: Piece, used: set[str]) -> str:
    """Return an import without the names that nothing uses."""
    node = piece.node
    assert isinstance(node, (ast.Import, ast.ImportFrom))
    names = [each for each in node.names if local(each) in used]
    if len(names) == len(node.names):
        return piece.text
    if not names:
        return ""
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(names)) + "\n"
    return ast.unparse(ast.ImportFrom(node.module, names, node.level)) + "\n"
