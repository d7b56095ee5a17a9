"""Digests of code on disk: another text whenever a file has changed, come or gone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from .build_memo import remembered


@remembered
def code_of(place: Path) -> str:
    """Give a digest of a module, or of all files of a package.

    Args:
        place: the file of the module; the folder of the package, or its `__init__.py`.
    """
    if place.name == "__init__.py":
        place = place.parent
    files = _files(str(place)) if place.is_dir() else iter((str(place),))
    return digest(repr(sorted((file, _digest(file)) for file in files)))


def digest(text: str) -> str:
    """Give a text that is the same for equal texts alone."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            else:
                yield entry.path


def _digest(file: str) -> str:
    try:
        status = os.stat(file)
        return _read(file, status.st_size, status.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=4096)
def _read(file: str, size: int, changed: int) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
