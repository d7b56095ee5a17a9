"""Environments with given versions: made once a day, and why one cannot be made.

What is in an environment depends on what the package index has: a version that is the
newest today, or cannot be had today, need not be tomorrow.  So an environment is kept in
the cache for a day, and a failure is not kept at all.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import walkthroughs

from ..errors import WalkthroughError
from ..recording import Environment, cache_folder

INSTALL_LIMIT = 600
"""Seconds that an installation may take."""

KEPT_FOR = 24 * 60 * 60
"""Seconds for which an environment is taken from the cache."""

FIRST_YEAR = 18
"""The oldest year whose Twisted and Autobahn are tried; Daphne asked for no older."""

BESIDE = {
    "newest": ("django", "channels", "channels-redis"),
    # The first Django and Channels with long-term support that run on Python 3.11.
    "oldest": ("django==4.2.*", "channels==4.0.*", "channels-redis==4.0.*"),
}
"""What is installed beside Daphne, Twisted and Autobahn."""


class Uninstallable(WalkthroughError):
    """These versions cannot be had together on that Python: why, in one line."""


class TooSlow(Uninstallable):
    """An installation took too long, which says nothing of its versions."""


@dataclass(frozen=True)
class Wanted:
    """What an environment is to hold.

    Args:
        python: the interpreter.
        daphne: the version of Daphne.
        age: "oldest" or "newest", of everything else that this Daphne takes.
    """

    python: Path
    daphne: str
    age: str

    def tries(self) -> Iterator[tuple[str, ...]]:
        """Yield what to install, one attempt after the other.

        Twisted and Autobahn number their versions by years: the oldest that this
        Daphne takes on this Python are those of the first year that can be installed
        and imported.
        """
        daphne = f"daphne=={self.daphne}"
        if self.age == "newest":
            yield (daphne, *BESIDE["newest"])
            return
        newest = int(version("twisted").partition(".")[0])
        for year in range(FIRST_YEAR, newest + 1):
            yield (
                daphne,
                f"twisted[tls]=={year}.*",
                f"autobahn=={year}.*",
                *BESIDE["oldest"],
            )


def make(wanted: Wanted) -> Environment:
    """Return the environment, from the cache if it was made within the last day.

    Raises:
        Uninstallable: no attempt succeeds, or one takes too long; with what was wrong
            with the last.
    """
    words = repr((str(wanted.python), wanted.daphne, wanted.age))
    key = hashlib.sha256(words.encode()).hexdigest()[:12]
    folder = (cache_folder() / "environments" / key).absolute()
    found = _kept(folder)
    if found is None:
        found = _first_installable(wanted, folder)
        folder.joinpath(RESULT).write_text(json.dumps(found))
    return Environment(
        folder / "bin" / "python",
        json.dumps([found["python"], found["packages"]]),
        {"PYTHONPATH": str(_source())},
    )


RESULT = "installed.json"


def _kept(folder: Path) -> dict[str, Any] | None:
    """Read what is in an environment of the cache; None if none is from today."""
    try:
        found: dict[str, Any] = json.loads((folder / RESULT).read_text())
    except (OSError, ValueError):
        return None
    return found if 0 <= time.time() - found.get("made", 0) < KEPT_FOR else None


def _first_installable(wanted: Wanted, folder: Path) -> dict[str, Any]:
    error = Uninstallable("nothing to try")
    for words in wanted.tries():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            return _install(wanted.python, folder, words)
        except TooSlow:
            raise
        except Uninstallable as problem:
            error = problem
    raise error


def versions(environment: Environment) -> dict[str, str]:
    """Package in lower case -> its version there; "python" is the interpreter."""
    python, packages = json.loads(environment.installed)
    pairs = (line.split("==") for line in packages)
    return {"python": python, **{name.lower(): number for name, number in pairs}}


def _install(python: Path, folder: Path, words: Sequence[str]) -> dict[str, Any]:
    """Make an environment, and return what is in it.

    Raises:
        Uninstallable: it cannot be made; with what the problem is.
    """
    own = folder / "bin" / "python"
    pip = [own, "-m", "pip", "--disable-pip-version-check"]
    _run([python, "-m", "venv", folder])
    _run([*pip, "install", "--quiet", "--prefer-binary", *words])
    _run([own, "-c", "import twisted.internet.asyncioreactor, daphne.server"])
    packages = _run([*pip, "list", "--format=freeze"]).split()
    number = _run([own, "-c", "import platform; print(platform.python_version())"])
    return {
        "made": time.time(),
        "python": number.strip(),
        "packages": sorted(packages),
    }


def _run(words: Sequence[object]) -> str:
    """Return the output of a command.

    Raises:
        Uninstallable: it fails; with its last word that is an error.
    """
    try:
        done = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            timeout=INSTALL_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TooSlow(f"not done within {INSTALL_LIMIT} seconds") from None
    if done.returncode == 0:
        return done.stdout
    lines = done.stderr.strip().splitlines() or ["it failed without a word"]
    errors = [line for line in lines if line.startswith("ERROR: ")] or lines
    # No path of this machine.
    words_only = re.sub(r"(?:/[^\s/:]+)+/", "", errors[-1].removeprefix("ERROR: "))
    raise Uninstallable(words_only.strip())


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
