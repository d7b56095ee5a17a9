"""Environments with given versions: where each is kept, and for how long.

What is in an environment depends on what the package index has: a version that is the
newest today, or cannot be had today, need not be tomorrow.  So an environment of the
matrix is kept in the cache for a day.  So is a failure if no Python of this machine is one
that the version supports; any other failure is not kept at all.  An environment for
listings that speak of another version is kept until the cache is removed, as the one that
runs the tests is: so the book can be built without a package index.
"""

from __future__ import annotations

import ast
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import walkthroughs

from ..environment import Environment
from ..file_lock import alone
from ..packages import is_own
from ..recording import cache_folder
from ..servers import NAMES
from .installing import TooSlow, Uninstallable, Unsupported, install, run_quietly
from .interpreters import interpreters

logger = logging.getLogger("walkthroughs")

KEPT_FOR = 24 * 60 * 60
"""Seconds for which an environment, or that there is none, is taken from the cache."""

NEWEST = ("daphne", "django", "channels", "channels-redis", "twisted[http2]")
"""What is installed in the newest version that there is, with all that it needs; Daphne
speaks HTTP/2 where Twisted has what that takes."""


@dataclass(frozen=True)
class Wanted:
    """What an environment is to hold: the newest of everything, but for one version.

    Args:
        distribution: whose version is given, "django"; "" for none.
        prefix: how that version begins, "4.2".
        pythons: the interpreters to try, one after the other.
    """

    distribution: str
    prefix: str
    pythons: tuple[Path, ...]

    def words(self, newest: Iterable[str]) -> tuple[str, ...]:
        """Say what to install.

        Args:
            newest: what is installed in its newest version.
        """
        others = (each for each in newest if each != self.distribution)
        if not self.distribution:
            return tuple(others)
        return (f"{self.distribution}=={self.prefix}.*", *others)


def make(wanted: Wanted) -> Environment:
    """Return the environment, from the cache if it was made within the last day.

    Raises:
        Uninstallable: no attempt succeeds, or one takes too long; with what was wrong
            with the last, but for those on a Python that is not supported.
    """
    return _made(wanted, NEWEST, KEPT_FOR, logger.info)


def make_with(
    distribution: str, prefix: str, tell: Callable[[str], object] = logger.info
) -> Environment:
    """Give the environment that has a version of a distribution, made where there is none.

    It has the newest of everything else, on the newest Python of this machine that can
    have that version.

    Args:
        distribution: its name, "django".
        prefix: how the version begins, "6.1".
        tell: is called with a line before it is made.

    Raises:
        Uninstallable: no Python here can have it, or one took too long.
    """
    wanted = Wanted(distribution, prefix, interpreters())
    return _made(wanted, [*_all_newest()], None, tell)


def _made(
    wanted: Wanted,
    newest: Iterable[str],
    seconds: float | None,
    tell: Callable[[str], object],
) -> Environment:
    """Make an environment if the cache has none that is younger than some seconds."""
    words = wanted.words(newest)
    folder = _folder(*words, *map(str, wanted.pythons))
    # Another process may be making the same one.
    with alone(folder):
        found = _kept(folder)
        age = time.time() - found.get("made", 0) if found else 0
        if found and "unsupported" in found:
            seconds = KEPT_FOR
        if found is None or (seconds is not None and not 0 <= age < seconds):
            tell(f"Making an environment with {words[0]}")
            tries = ((python, words) for python in wanted.pythons)
            try:
                found = _first_installable(tries, folder)
            except Unsupported as problem:
                found = {"made": time.time(), "unsupported": str(problem)}
            folder.joinpath(RESULT).write_text(json.dumps(found))
    if "unsupported" in found:
        raise Unsupported(found["unsupported"])
    return _environment(folder, found, _import_path())


def _all_newest() -> Iterator[str]:
    """Yield what is installed for a listing: all servers, and what they serve."""
    servers = (name for name in NAMES if name != "minidaphne")
    try:
        own = requires("inside-daphne") or ()
    except PackageNotFoundError:
        own = ()
    needed = (each for each in own if "extra ==" not in each)
    yield from dict.fromkeys((*servers, *NEWEST, *needed))


def _folder(*words: str) -> Path:
    key = hashlib.sha256(repr(words).encode()).hexdigest()[:12]
    return (cache_folder() / "environments" / key).absolute()


def _environment(folder: Path, found: dict[str, Any], path: str) -> Environment:
    return Environment(
        folder / "bin" / "python",
        json.dumps([found["python"], found["packages"]]),
        {"PYTHONPATH": path},
        (*path.split(os.pathsep), *found["path"]),
    )


RESULT = "installed.json"


def _kept(folder: Path) -> dict[str, Any] | None:
    """Read what is in an environment of the cache, or why there is none; else None."""
    try:
        found: dict[str, Any] = json.loads((folder / RESULT).read_text())
    except (OSError, ValueError):
        return None
    return found if {"path", "unsupported"} & found.keys() else None


def _first_installable(
    tries: Iterator[tuple[Path, Sequence[str]]], folder: Path
) -> dict[str, Any]:
    problems = []
    for python, words in tries:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            return install(python, folder, words)
        except TooSlow:
            raise
        except Uninstallable as problem:
            problems.append(problem)
    if not problems:
        raise Uninstallable("there is no Python to install it for")
    of_others = [each for each in problems if not isinstance(each, Unsupported)]
    raise (of_others or problems)[-1]


def versions(environment: Environment) -> dict[str, str]:
    """Package in lower case -> its version there; "python" is the interpreter."""
    python, packages = ast.literal_eval(environment.installed)
    pairs = (line.split("==") for line in packages)
    number = python.split()[0]
    return {"python": number, **{name.lower(): version for name, version in pairs}}


DESCRIBE = """\
import json, sys
import walkthroughs
from walkthroughs.environment import installed
print(json.dumps([walkthroughs.__file__, installed(), sys.path]))
"""


def others() -> Iterator[Environment]:
    """Yield the environments of this project that somebody else has made.

    `$WALKTHROUGHS_ENVIRONMENTS` names their folders, separated as in `$PATH`; those that
    are not there, or import this package from elsewhere, are passed over.  What one of
    them records is what the tests that run in it record, so it is recorded once.
    """
    named = os.environ.get("WALKTHROUGHS_ENVIRONMENTS", "")
    for folder in filter(None, named.split(os.pathsep)):
        python = Path(folder).absolute() / "bin" / "python"
        if not python.exists():
            continue
        try:
            file, installed, path = json.loads(
                run_quietly([python, "-I", "-c", DESCRIBE])
            )
        except (Uninstallable, ValueError):
            continue
        if Path(file).samefile(walkthroughs.__file__):
            yield Environment(python, installed, folders=tuple(path))


def _import_path() -> str:
    """Say where an environment imports this package from, and what this process adds.

    It is the folder itself where no installer put it: a copy would have another name
    after each change, and every recording would be made again.
    """
    parent = Path(walkthroughs.__file__).parent.parent
    source = parent if is_own(parent / "walkthroughs" / "errors.py") else _source()
    added = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([str(source), *filter(None, added.split(os.pathsep))])


def _source() -> Path:
    """Return a folder that holds only this package, to be imported from there.

    The folder that it was imported from may hold other packages, of other versions.
    """
    package = Path(walkthroughs.__file__).parent
    texts = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    key = hashlib.sha256(b"".join(texts.values())).hexdigest()[:12]
    folder = (cache_folder() / "environments" / f"source-{key}").absolute()
    for path, text in texts.items():
        copy = folder / "walkthroughs" / path.relative_to(package)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(text)
    return folder
