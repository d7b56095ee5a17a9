"""Which names the statements of a scope bind, by their syntax alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of one scope, those under `if`, `try` and `with` too."""
    for statement in body:
        yield statement
        if not isinstance(statement, DEFINITIONS):
            for part in ("body", "handlers", "orelse", "finalbody"):
                yield from statements(getattr(statement, part, ()))


def binds(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds."""
    if isinstance(statement, DEFINITIONS):
        if not any(_is_aside(each) for each in statement.decorator_list):
            yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (local(alias) for alias in statement.names)
    elif isinstance(statement, ast.Assign):
        targets = [
            n for each in statement.targets for n in getattr(each, "elts", [each])
        ]
        yield from (each.id for each in targets if isinstance(each, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(
        statement.target, ast.Name
    ):
        yield statement.target.id


def unpacks(statement: ast.stmt) -> bool:
    """Whether a statement assigns to several names at once."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return any(isinstance(each, ast.Tuple | ast.List) for each in targets)


def _is_aside(decorator: ast.expr) -> bool:
    """Whether a decorator marks a definition beside the one that a name means."""
    if isinstance(decorator, ast.Attribute):
        return decorator.attr in ("setter", "deleter", "overload")
    return isinstance(decorator, ast.Name) and decorator.id == "overload"


def local(alias: ast.alias) -> str:
    """Return the name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]
