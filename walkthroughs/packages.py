"""Whose code it is: the installed distribution that a source file belongs to."""

from __future__ import annotations

import csv
import json
import platform
import re
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.metadata import Distribution, distributions
from inspect import getmodulename
from pathlib import Path
from urllib.parse import unquote, urlparse

from .trace import Package

_LICENCE_CLASSIFIER = "License :: "

# Matches the first part of a path in RECORD and the character after it, then skips the
# following lines in the same folder.  RECORD has a line for every installed file, so
# this has to be fast.
_FIRST = re.compile(r'^"?([^/,"\n]+)([/,"])(?:.*\n"?\1/)*', re.MULTILINE)


@lru_cache(maxsize=4096)
def owner(module: str, file: Path) -> Package | None:
    """Return the package that `module`, found in `file`, belongs to.

    The standard library belongs to the package "Python".  None for code that no
    installer put there: somebody's own application.
    """
    top = module.partition(".")[0]
    for dist in _installed().get(top, ()):
        # Several distributions may fill one namespace; one of them has the file.
        if len(_installed()[top]) == 1 or _lists(dist, file):
            return describe(dist)
    for dist, root in _editable():
        if file.is_relative_to(root):
            return describe(dist)
    if file.is_relative_to(sysconfig.get_path("stdlib")):
        return Package("Python", platform.python_version(), "PSF-2.0")
    return None


def is_own(path: Path) -> bool:
    """Whether a file is the user's own: no installer put it there."""
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    frozen = not path.is_absolute() and path.suffix != ".py"
    if installed or frozen:
        return False
    return not any(map(path.resolve().is_relative_to, _standard_library()))


@cache
def _standard_library() -> tuple[Path, Path]:
    """Return the folder of the standard library, and its archive: a browser has that."""
    folder = Path(sysconfig.get_path("stdlib"))
    archive = f"python{sysconfig.get_config_var('py_version_nodot')}.zip"
    return folder.resolve(), folder.with_name(archive).resolve()


def describe(dist: Distribution) -> Package:
    """Name, version and licence of a distribution."""
    return Package(dist.name, dist.version, _licence(dist))


def _licence(dist: Distribution) -> str:
    """Return the licence in as few words as the metadata has for it."""
    for expression in dist.metadata.get_all("License-Expression") or ():
        return str(expression)
    for classifier in dist.metadata.get_all("Classifier") or ():
        if classifier.startswith(_LICENCE_CLASSIFIER):
            return str(classifier).rpartition(" :: ")[2]
    for text in dist.metadata.get_all("License") or ():
        # Some put the whole text there.
        if text and "\n" not in text:
            return str(text)
    return "licence not said"


@cache
def owners() -> Mapping[str, list[str]]:
    """Top-level module -> the names of the distributions that put files below it.

    As `importlib.metadata.packages_distributions`, which makes an object of the path of
    every file, and takes four times as long.
    """
    return {top: [dist.name for dist in dists] for top, dists in _installed().items()}


def files_of(dist: Distribution) -> Iterator[str]:
    """Yield the paths of a distribution's files, below the folder that it lies in."""
    for row in csv.reader((dist.read_text("RECORD") or "").splitlines()):
        yield row[0]


def _tops(dist: Distribution) -> set[str]:
    declared = (dist.read_text("top_level.txt") or "").split()
    if declared:
        return set(declared)
    first = _FIRST.findall(dist.read_text("RECORD") or "")
    names = (name if end == "/" else getmodulename(name) for name, end in first)
    return {name for name in names if name and "." not in name} - {"__pycache__"}


@cache
def _installed() -> dict[str, tuple[Distribution, ...]]:
    found: dict[str, tuple[Distribution, ...]] = {}
    for dist in distributions():
        for top in _tops(dist):
            found[top] = (*found.get(top, ()), dist)
    return found


def _lists(dist: Distribution, file: Path) -> bool:
    return any(Path(str(dist.locate_file(each))) == file for each in files_of(dist))


@cache
def _editable() -> tuple[tuple[Distribution, Path], ...]:
    return tuple(_find_editable())


def _find_editable() -> Iterator[tuple[Distribution, Path]]:
    """Distributions installed from a folder that is still the code's place."""
    for dist in distributions():
        origin = json.loads(dist.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            yield dist, Path(unquote(urlparse(origin["url"]).path))
