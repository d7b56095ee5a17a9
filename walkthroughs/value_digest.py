"""What a value is made of: a text that is the same for equal values, and its modules.

A scenario is a value, and a recording of it is kept for as long as this text is the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial
from pathlib import Path, PurePath
from types import CellType, CodeType, FunctionType, MethodType, ModuleType


def description(value: object, above: tuple[int, ...] = ()) -> str:
    """Return a text that is the same for equal values, in every process.

    Of functions it has their code and what they carry with them; of an object its class
    and its attributes.
    """
    if value is None or isinstance(
        value, str | bytes | int | float | complex | PurePath
    ):
        return repr(value)
    if id(value) in above:
        return "..."
    name = getattr(value, "__qualname__", type(value).__qualname__)
    parts = (description(each, (*above, id(value))) for each in _parts(value))
    return f"{_module(value)}.{name}({', '.join(parts)})"


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, AbstractSet):
        return sorted(map(description, value))
    if isinstance(value, Sequence):
        return value
    if isinstance(value, partial):
        return (value.func, value.args, value.keywords)
    if isinstance(value, MethodType):
        return (value.__self__, value.__func__)
    if isinstance(value, FunctionType):
        held = [_content(cell) for cell in value.__closure__ or ()]
        return (value.__code__, value.__defaults__, value.__kwdefaults__, held)
    if isinstance(value, CodeType):
        return _code_parts(value)
    if isinstance(value, type | ModuleType):
        return ()
    if hasattr(value, "__dict__"):
        return vars(value).items()
    # An address in memory says nothing.
    return () if " at 0x" in repr(value) else (repr(value),)


def _code_parts(code: CodeType) -> Iterable[object]:
    """Return what tells code apart, if it can be on every version of Python.

    Recordings depend on the text of a function's file anyway, so its place there is enough;
    bytecode would also depend on the Python that compiled it.
    """
    if "<lambda>" not in code.co_qualname and code in _codes_of(code.co_filename):
        return (code.co_qualname, code.co_firstlineno)
    return (code.co_code, code.co_names, code.co_varnames, code.co_consts)


def _codes_of(file: str) -> AbstractSet[CodeType]:
    """Return the code that a file has now; none if it cannot be read."""
    try:
        return _compiled(file, os.stat(file).st_mtime_ns)
    except (OSError, SyntaxError, ValueError):
        return frozenset()


@lru_cache(maxsize=256)
def _compiled(file: str, changed: int) -> AbstractSet[CodeType]:
    found: set[CodeType] = set()
    text = Path(file).read_bytes()
    waiting = [compile(text, file, "exec", dont_inherit=True)]
    while waiting:
        code = waiting.pop()
        found.add(code)
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
    return found


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None  # it has none yet


def _module(value: object) -> str:
    return str(getattr(value, "__module__", type(value).__module__))


def modules_of(value: object, above: tuple[int, ...] = ()) -> set[str]:
    """Return the dotted names of the modules that a value's code is in."""
    if id(value) in above or isinstance(value, str | bytes | CodeType):
        return set()
    found = {value.__name__} if isinstance(value, ModuleType) else {_module(value)}
    return found.union(*(modules_of(x, (*above, id(value))) for x in _parts(value)))
