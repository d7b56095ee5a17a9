"""Which code a process runs that no installer put there, and whether it has changed.

An installed distribution is identified by its version.  All other code, editable installs
included, is identified by its text and by where the import system finds it: a new file
can shadow an old one, and a module that was missing can appear.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from .build_memo import remembered
from .packages import is_own


@dataclass(frozen=True)
class Sources:
    """What a process ran that no installer put there.

    Args:
        folder: the folder that it ran in.
        files: path of each file -> digest of its text.
        paths: dotted name of each package -> the folders that its modules are looked for
            in; "" -> those of top-level modules.
        names: dotted name of each package -> the modules of it that were asked for.
        found: dotted name of each of these that there is -> where it lies.
    """

    folder: str
    files: Mapping[str, str]
    paths: Mapping[str, Sequence[str]]
    names: Mapping[str, Sequence[str]]
    found: Mapping[str, Sequence[str]]

    def unchanged(self) -> bool:
        """Whether a process that is started here and now would run the same code."""
        here, there = os.getcwd(), self.folder
        top = list(self.paths[""])
        if here != there and there in top:
            top[top.index(there)] = here
        _forget_folders()
        now = _find({**self.paths, "": top}, self.names)
        return now == self.found and all(
            digest(path) == text for path, text in self.files.items()
        )


@remembered
def _forget_folders() -> None:
    """Look into each folder again: Python remembers for a while what it had."""
    importlib.invalidate_caches()


@remembered
def digest(path: str | Path) -> str:
    """Return the digest of a file; "" if it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def _find(
    paths: Mapping[str, Sequence[str]], names: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Dotted name -> where the import system would find it, if it would."""
    found = {}
    for package, modules in names.items():
        folders = tuple(paths[package])
        # Few of the names of all modules are in a folder: most need not be looked for.
        known = _known(folders)
        for name in modules:
            # By its last name: a namespace package asks `sys.modules` for the package
            # that it is in, which need not have been imported here.
            last = name.rpartition(".")[2]
            where = _find_module(last, folders) if last in known else None
            if where is not None:
                found[name] = [*where]
    return found


@remembered
def _find_module(name: str, folders: tuple[str, ...]) -> tuple[str, ...] | None:
    """Find a module in some folders, as the import system does."""
    spec = PathFinder.find_spec(name, folders)
    if spec is None:
        return None
    where = [spec.origin] if spec.origin else [*(spec.submodule_search_locations or ())]
    # A link to the same file leads to the same code.
    return tuple(map(os.path.realpath, where))


@remembered
def _known(folders: tuple[str, ...]) -> frozenset[str]:
    return frozenset(each.partition(".")[0] for each in _entries(folders))


def _entries(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        try:
            yield from os.listdir(folder)
        except OSError:
            continue


class Watch:
    """Notes what this process imports, until it reports.

    Args:
        began: when the process was started, in seconds since the epoch.
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._folder = os.getcwd()
        self._missing: set[str] = set()
        self._executed: set[str] = set()
        # The last finder is asked for what no other has found.
        sys.meta_path.append(self)
        sys.addaudithook(self._hear)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Note a module that was looked for and is not there."""
        self._missing.add(name)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        # Some code is run from a file without being imported, as templates of Jinja are.
        if event == "exec" and isinstance(args[0], CodeType):
            path = args[0].co_filename
            if not path.startswith("<"):
                self._executed.add(path)

    def report(self) -> Sources | None:
        """Return what was imported; None if that is not certain.

        That is so if a file was changed meanwhile, or cannot be read.
        """
        modules = dict(sys.modules)
        files = {path: digest(path) for path in self._files(modules)}
        if not all(files.values()) or any(map(self._has_changed, files)):
            return None
        paths = {"": [each for each in sys.path if _is_own_folder(each)]}
        for name, module in modules.items():
            folders = _folders(module)
            if any(map(_is_own_folder, folders)):
                paths[name] = folders
        names: dict[str, list[str]] = {package: [] for package in paths}
        for name in sorted({*modules, *self._missing} - {"__main__", "__mp_main__"}):
            package = name.rpartition(".")[0]
            if package in names:
                names[package].append(name)
        importlib.invalidate_caches()
        return Sources(self._folder, files, paths, names, _find(paths, names))

    def _files(self, modules: Mapping[str, ModuleType]) -> list[str]:
        executed = filter(os.path.isfile, map(self._absolute, self._executed))
        imported = map(self._absolute, filter(None, map(_file, modules.values())))
        return sorted(path for path in {*executed, *imported} if is_own(Path(path)))

    def _absolute(self, path: str) -> str:
        # The application may have left the folder in which all began.
        return os.path.join(self._folder, path)

    def _has_changed(self, path: str) -> bool:
        return os.stat(path).st_mtime > self._began


def _file(module: ModuleType) -> str:
    """Return the file of a module; "" if it has none."""
    known = getattr(module, "__dict__", {})
    spec = known.get("__spec__")
    origin = spec.origin if isinstance(spec, ModuleSpec) and spec.has_location else None
    return str(known.get("__file__") or origin or "")


def _folders(module: ModuleType) -> list[str]:
    """Where the modules of a package are looked for."""
    return [str(each) for each in getattr(module, "__dict__", {}).get("__path__") or ()]


def _is_own_folder(folder: str) -> bool:
    return os.path.isdir(folder) and is_own(Path(folder, "module.py"))


def texts(modules: Iterable[str]) -> dict[str, str]:
    """Dotted name -> digest of each module's text, and of all that these import.

    Only code that no installer put there is looked at.  The text of a module that has
    been imported is read once: what runs here does not change when its file does.
    """
    found: dict[str, str] = {}
    wanted, seen = list(modules), {*modules}
    places: dict[str, _Place] = {}
    while wanted:
        name = wanted.pop()
        text = _text(name, places)
        if text is not None:
            found[name] = text.digest
            new = {name.rpartition(".")[0], *text.imports} - seen
            wanted += new
            seen |= new
    return found


@dataclass(frozen=True)
class _Text:
    digest: str
    imports: tuple[str, ...] = ()


_texts: WeakKeyDictionary[ModuleType, _Text | None] = WeakKeyDictionary()

_Place = tuple[str, Sequence[str]]
"""The file of a module, "" if it has none, and the folders of a package."""


def _text(name: str, places: dict[str, _Place]) -> _Text | None:
    """Return what a module is made of; None if it is installed, or not there."""
    module = sys.modules.get(name)
    if module is not None and module in _texts:
        return _texts[module]
    file, folders = _place(name, places)
    text: _Text | None
    if not file:
        text = _Text("") if any(map(_is_own_folder, folders)) else None
    elif is_own(Path(file)):
        text = _read(Path(file), name if folders else name.rpartition(".")[0])
    else:
        text = None
    if isinstance(module, ModuleType):
        _texts[module] = text
    return text


def _read(file: Path, package: str) -> _Text:
    try:
        text = file.read_bytes()
    except OSError:
        return _Text("")
    return _Text(hashlib.sha256(text).hexdigest(), _imports(text, package))


def _place(name: str, places: dict[str, _Place]) -> _Place:
    """Find a module's file, and a package's folders; import nothing.

    Args:
        name: its dotted name.
        places: those that have been found; this one is added.
    """
    if name not in places:
        places[name] = _find_place(name, places)
    return places[name]


def _find_place(name: str, places: dict[str, _Place]) -> _Place:
    module = sys.modules.get(name)
    if module is not None:
        return _file(module), _folders(module)
    package = name.rpartition(".")[0]
    folders = _place(package, places)[1] if package else None
    spec = None if folders == [] else PathFinder.find_spec(name, folders)
    if spec is None:
        return "", []
    file = spec.origin if spec.has_location and spec.origin else ""
    return file, [*(spec.submodule_search_locations or ())]


@lru_cache(maxsize=1024)
def _imports(text: bytes, package: str) -> tuple[str, ...]:
    """Yield the dotted names that a text imports, wherever it does so."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()  # it is not written in Python
    return tuple(dict.fromkeys(_imported(tree, package)))


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            base = resolve_name(base, package) if node.level else base
            yield base
            yield from (f"{base}.{each.name}" for each in node.names)
