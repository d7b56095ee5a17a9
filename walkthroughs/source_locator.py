"""A name on a page -> the source that it names.

Names are found without running any of the code that they name: modules by asking the
import system where they are, what is in them by reading their syntax trees.  So a page
can show the source of a module whose import would start a reactor.

Invariants:

* a name may pass through what Python itself would follow: imports, `a = b`, base
  classes (in Python's order, as far as they can be read);
* what is found is where the code *is*: for an inherited method, the base's;
* a name that leads nowhere is a `TargetError` that says which part of it does, and the
  nearest name that there is.
"""

from __future__ import annotations

import ast
import pkgutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.util import resolve_name
from itertools import accumulate
from pathlib import Path

from .bindings import DEFINITIONS, binds, local, statements, unpacks
from .build_memo import remembered
from .errors import TargetError
from .packages import owner
from .trace import Package


@dataclass(frozen=True)
class Target:
    """A piece of source: a function, a class, an assignment or a whole module.

    Args:
        name: the name asked for, dotted.
        module: the module in which the source stands.
        qualname: its name there, "Server.run"; empty for a whole module.
        file: the file of that module.
        first_line: its first line in the file, decorators included, counted from 1.
        last_line: its last line.
        source: the text of those lines, moved to the left margin.
        package: whose code it is; None for code that was not installed.
    """

    name: str
    module: str
    qualname: str
    file: Path
    first_line: int
    last_line: int
    source: str = field(repr=False)
    package: Package | None

    @property
    def path(self) -> str:
        """The file below the folder it was imported from: "daphne/server.py"."""
        depth = self.module.count(".") + (self.file.name == "__init__.py")
        return Path(*self.file.parts[-depth - 1 :]).as_posix()


@remembered
def find(name: str) -> Target:
    """Find the source that `name` names.

    Args:
        name: "pkg.mod:Class.method", or with a dot for the colon.

    Raises:
        TargetError: it names nothing, or something that has no Python source.
    """
    place, rest = _start(name)
    for part in rest:
        place = _member(place, part)
    return place.target(name.replace(":", "."))


@dataclass(frozen=True)
class _Place:
    """A spot in a module: the module itself when there is no `node`."""

    module: str
    qualname: str
    file: Path
    node: ast.stmt | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        return f"{self.module}.{self.qualname}" if self.qualname else self.module

    @property
    def body(self) -> Sequence[ast.stmt]:
        if self.node is None:
            return _parse(self.file).body
        return self.node.body if isinstance(self.node, DEFINITIONS) else ()

    def at(self, name: str, node: ast.stmt) -> _Place:
        qualname = f"{self.qualname}.{name}" if self.qualname else name
        return _Place(self.module, qualname, self.file, node)

    def target(self, name: str) -> Target:
        lines = _text(self.file).splitlines(keepends=True)
        first, last = 1, len(lines)
        if self.node is not None:
            decorators = getattr(self.node, "decorator_list", [])
            first = min(each.lineno for each in [self.node, *decorators])
            last = self.node.end_lineno or first
        return Target(
            name=name,
            module=self.module,
            qualname=self.qualname,
            file=self.file,
            first_line=first,
            last_line=last,
            source=textwrap.dedent("".join(lines[first - 1 : last])),
            package=owner(self.module, self.file),
        )


# Modules: found as an import would, but never run.


def _start(name: str) -> tuple[_Place, list[str]]:
    """Return the module that `name` begins with, and the names below it."""
    head, colon, tail = name.partition(":")
    parts = head.split(".")
    if not all(part.isidentifier() for part in parts):
        raise TargetError(f"{name!r} is not a dotted name")
    known = 0
    for known, module in enumerate(accumulate(parts, "{}.{}".format), start=1):
        if _spec(module) is None:
            known -= 1
            break
    if known == 0 or (colon and known < len(parts)):
        above = ".".join(parts[:known])
        raise TargetError(_missing(f"module {head!r}", parts[known], _modules(above)))
    rest = parts[known:] + (tail.split(".") if tail else [])
    return _module(".".join(parts[:known])), rest


def _module(name: str) -> _Place:
    spec = _spec(name)
    origin = spec.origin if spec and spec.has_location else None
    if origin is None or not origin.endswith(".py"):
        raise TargetError(f"module {name!r} has no Python source")
    return _Place(name, "", Path(origin))


@remembered
def _spec(name: str) -> ModuleSpec | None:
    """Where module `name` is.

    `importlib.util.find_spec` would run the packages above it; this asks the finders
    that an import asks, one level after the other.
    """
    spec, path = None, None
    for part in accumulate(name.split("."), "{}.{}".format):
        if spec is not None and path is None:
            return None
        found = (finder.find_spec(part, path, None) for finder in sys.meta_path)
        spec = next((each for each in found if each is not None), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return spec


def _modules(package: str) -> Iterator[str]:
    """Return the names of modules to import from `package`, or from the top."""
    spec = _spec(package) if package else None
    path = spec.submodule_search_locations if spec else None
    if package and path is None:
        return
    yield from (info.name for info in pkgutil.iter_modules(path))


def _text(file: Path) -> str:
    return _read(file, file.stat().st_mtime_ns)


def _parse(file: Path) -> ast.Module:
    return _read_tree(file, file.stat().st_mtime_ns)


# Keyed by time of change, too: while the book is being written, so is the code in it.
@lru_cache(maxsize=256)
def _read(file: Path, changed: int) -> str:
    return file.read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _read_tree(file: Path, changed: int) -> ast.Module:
    return ast.parse(_read(file, changed))


# Names: followed as the interpreter would, as far as the text alone allows.


def _member(place: _Place, name: str) -> _Place:
    """Return what `place.name` is.

    Raises:
        TargetError: nothing, as far as can be read.
    """
    found = _lookup(place, name, frozenset())
    if found is not None:
        return found
    names = (each for part in _mro(place) for each in _bound(part))
    raise TargetError(_missing(f"{place.label!r} has no {name!r}", name, names, ""))


def _missing(
    what: str, name: str, names: Iterable[str], verb: str = "there is no "
) -> str:
    near = get_close_matches(name, set(names), n=1)
    return f"{verb}{what}" + (f"; the nearest name is {near[0]!r}" if near else "")


_Trail = frozenset[tuple[str, str, str]]


def _lookup(place: _Place, name: str, trail: _Trail) -> _Place | None:
    """Look `place.name` up, or return None; `trail` guards against circles."""
    step = (place.module, place.qualname, name)
    if step in trail:
        return None
    trail |= {step}
    for part in _mro(place, trail):
        statement = _bound(part).get(name)
        if statement is not None:
            return _follow(part, name, statement, trail)
    if place.node is None:
        return _submodule(place, name) or _starred(place, name, trail)
    return None


def _follow(
    place: _Place, name: str, statement: ast.stmt, trail: _Trail
) -> _Place | None:
    """Return what `name` is, which `statement` binds in `place`."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return _imported(place, name, statement, trail)
    here = place.at(name, statement)
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Name | ast.Attribute) and not unpacks(statement):
        other = _evaluate(place, value, trail)
        # An alias of something defined is that; a constant stays a line of its own.
        if other is not None and isinstance(other.node, DEFINITIONS):
            return other
    return here


def _imported(
    place: _Place, name: str, statement: ast.Import | ast.ImportFrom, trail: _Trail
) -> _Place | None:
    alias = next(each for each in statement.names if local(each) == name)
    if isinstance(statement, ast.Import):
        # `import a.b` binds `a`; `import a.b as c` binds all of it.
        module = alias.name if alias.asname else alias.name.partition(".")[0]
        return _module(module) if _spec(module) else None
    source = _origin(place, statement)
    return _lookup(_module(source), alias.name, trail) if _spec(source) else None


def _origin(place: _Place, statement: ast.ImportFrom) -> str:
    """Return the absolute name of the module that `statement` imports from."""
    package = place.module
    if place.file.name != "__init__.py":
        package = package.rpartition(".")[0]
    return resolve_name("." * statement.level + (statement.module or ""), package)


def _submodule(place: _Place, name: str) -> _Place | None:
    module = f"{place.module}.{name}"
    return _module(module) if _spec(module) else None


def _starred(place: _Place, name: str, trail: _Trail) -> _Place | None:
    for statement in statements(place.body):
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            source = _origin(place, statement)
            if _spec(source):
                found = _lookup(_module(source), name, trail)
                if found is not None:
                    return found
    return None


def _evaluate(place: _Place, node: ast.expr, trail: _Trail) -> _Place | None:
    """Return what an expression in `place` names, when that can be read."""
    try:
        return _dotted(place, node, trail)
    except TargetError:  # it leads into a module that is not written in Python
        return None


def _dotted(place: _Place, node: ast.expr, trail: _Trail) -> _Place | None:
    if isinstance(node, ast.Subscript):  # Generic[T]
        return _dotted(place, node.value, trail)
    if isinstance(node, ast.Attribute):
        left = _dotted(place, node.value, trail)
        return _lookup(left, node.attr, trail) if left else None
    if isinstance(node, ast.Name):
        module = _Place(place.module, "", place.file)
        found = _lookup(place, node.id, trail) if place.qualname else None
        return found or _lookup(module, node.id, trail)
    return None


def _bound(place: _Place) -> dict[str, ast.stmt]:
    """Return the names that the statements of `place` bind, each with the first one."""
    return _read_names(place, place.file.stat().st_mtime_ns)


@lru_cache(maxsize=2048)
def _read_names(place: _Place, changed: int) -> dict[str, ast.stmt]:
    names: dict[str, ast.stmt] = {}
    for statement in statements(place.body):
        for name in binds(statement):
            names.setdefault(name, statement)
    return names


# Classes: C3, the order in which Python itself looks through bases.


def _mro(place: _Place, trail: _Trail = frozenset()) -> list[_Place]:
    """`place` and, for a class, its bases in the order of look-up."""
    step = (place.module, place.qualname, "its bases")
    if not isinstance(place.node, ast.ClassDef) or step in trail:
        return [place]
    trail |= {step}
    scope = _Place(place.module, "", place.file)
    found = (_evaluate(scope, base, trail) for base in place.node.bases)
    # A base that cannot be read (a call, a C type) is left out.
    bases = [base for base in found if base and isinstance(base.node, ast.ClassDef)]
    return [place, *_merge([*(_mro(base, trail) for base in bases), bases])]


def _merge(lines: list[list[_Place]]) -> Iterator[_Place]:
    while lines := [line for line in lines if line]:
        heads = [line[0] for line in lines]
        # With a base left out there may be no good head: then the first will do.
        good = (h for h in heads if not any(h in line[1:] for line in lines))
        best = next(good, heads[0])
        yield best
        lines = [[each for each in line if each != best] for line in lines]
