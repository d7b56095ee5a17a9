"""What a printed piece of a program uses that a later chapter prints.

A reader who meets a name that was not explained should be told that it will be.  Names
are followed as far as the text alone tells what they mean: names of modules, of
`self`, and methods of anything else whose name no built-in object has.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import re
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

from ..errors import WalkthroughError
from ..source_locator import Target, find
from .printed import Book, Printed

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINES = re.compile(r"(@|def |async def |class )")
#: Methods of these are taken for theirs, whoever else has one of the same name.
_COMMON = (str, bytes, bytearray, list, dict, set, asyncio.Transport, asyncio.Server)
_COMMON_NAMES = frozenset(
    name
    for kind in (*_COMMON, asyncio.Task, asyncio.AbstractEventLoop, asyncio.Event)
    for name in dir(kind)
)


def find_forward_references(book: Book, piece: Printed) -> dict[str, list[str]]:
    """Page -> the names that a piece uses and that page, a later one, prints.

    Pieces of a program that the book does not print as a whole use none.
    """
    package = piece.target.module.partition(".")[0]
    whole = (each.target.module for each in book.pieces if each.rest)
    if package not in {module.partition(".")[0] for module in whole}:
        return {}
    index = _indexes.setdefault(book, _Index(book))
    now = book.order.index(piece.page)
    found: dict[str, set[str]] = {}
    for target in index.used(piece):
        page = index.page(target)
        if page and book.order.index(page) > now:
            found.setdefault(page, set()).add(target.qualname)
    return {page: _short(found[page]) for page in book.order if page in found}


def _short(names: set[str]) -> list[str]:
    """Names without the methods of classes that are among them."""
    return sorted(name for name in names if name.rpartition(".")[0] not in names)


class _Index:
    """Where what is printed, and which methods there are."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.pages: dict[Path, dict[int, set[str]]] = {}
        self.methods: dict[str, dict[str, list[Target]]] = {}
        self.meant: dict[tuple[str, str], Target | None] = {}

    def page(self, target: Target) -> str:
        """Return the page that prints the first line of a target; "" for none."""
        if target.file not in self.pages:
            self.pages[target.file] = self.book.pages(target.file)
        line = target.first_line
        return min(self.pages[target.file].get(line, ()), default="")

    def used(self, piece: Printed) -> Iterator[Target]:
        """Yield what a piece uses of its own package."""
        module = piece.target.module
        package = module.partition(".")[0]
        lines = self.own_lines(piece)
        tree = ast.parse(piece.target.file.read_text(encoding="utf-8"))
        for name in _names(tree, lines):
            target = self.resolve(module, package, name)
            if target is not None and target.module.partition(".")[0] == package:
                yield target

    def own_lines(self, piece: Printed) -> set[int]:
        """Return the lines that the piece prints, and no other."""
        target = piece.target
        lines = {*range(target.first_line, target.last_line + 1)}
        if not piece.rest:
            return lines
        self.page(target)
        pages = self.pages[target.file]
        return {line for line in lines if pages.get(line) == {piece.page}}

    def resolve(self, module: str, package: str, name: str) -> Target | None:
        """Resolve a dotted name in a module; ".name" is a method of anything."""
        if name.startswith("."):
            return self.any_method(module, package, name[1:])
        if (module, name) not in self.meant:
            self.meant[module, name] = _find(f"{module}.{name}")
        return self.meant[module, name]

    def any_method(self, module: str, package: str, name: str) -> Target | None:
        """Return the method of that name that is printed first.

        It has to be of a module that knows this one, or that this one knows.
        """
        known = self.known_methods(package).get(name, [])
        near = [each for each in known if _knows(each, module)]
        order = self.book.order
        return min(near, key=lambda t: order.index(self.page(t)), default=None)

    def known_methods(self, package: str) -> dict[str, list[Target]]:
        """Return the methods of all printed classes of a package, by name."""
        if package not in self.methods:
            self.methods[package] = {}
            top = find(package).file.parent
            for file in sorted(top.rglob("*.py")):
                self.enter_methods(package, top, file)
        return self.methods[package]

    def enter_methods(self, package: str, top: Path, file: Path) -> None:
        """Enter the methods of a file."""
        parts = file.relative_to(top.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            for name in _methods(node):
                target = find(f"{module}.{name}")
                if self.page(target):
                    method = name.rpartition(".")[2]
                    self.methods[package].setdefault(method, []).append(target)


def _methods(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        for each in node.body:
            if isinstance(each, _FUNCTIONS) and each.name not in _COMMON_NAMES:
                yield f"{node.name}.{each.name}"


def _find(name: str) -> Target | None:
    """Find a function, a class, or a name of a module itself; no attributes."""
    try:
        target = find(name)
    except WalkthroughError:
        return None
    attribute = "." in target.qualname and not _DEFINES.match(target.source)
    return None if attribute or not target.qualname else target


def _knows(target: Target, module: str) -> bool:
    """Whether one of two modules imports from the other."""
    other = target.module
    here = find(module).file.read_text(encoding="utf-8")
    there = target.file.read_text(encoding="utf-8")
    return other == module or any(
        re.search(rf"^ *from \.*{name.rpartition('.')[2]} import", text, re.MULTILINE)
        for name, text in ((other, here), (module, there))
    )


_indexes: WeakKeyDictionary[Book, _Index] = WeakKeyDictionary()


def _names(tree: ast.Module, lines: set[int]) -> Iterator[str]:
    """Yield the names in some lines of a module, as `_Index.resolve` wants them."""
    for top in tree.body:
        owner = f"{top.name}." if isinstance(top, ast.ClassDef) else ""
        for node in ast.walk(top):
            if getattr(node, "lineno", 0) not in lines:
                continue
            if isinstance(node, ast.Name):
                if not hasattr(builtins, node.id):
                    yield node.id
            elif isinstance(node, ast.Attribute):
                base = node.value
                if isinstance(base, ast.Name) and base.id == "self":
                    yield f"{owner}{node.attr}"
                elif isinstance(base, ast.Name):
                    yield f"{base.id}.{node.attr}"
                    yield f".{node.attr}"
                else:
                    yield f".{node.attr}"
