"""The interpreters of this machine that an environment can be made with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import which

NEWEST = 14
"""Of Python 3: no newer one is looked for, because the recorder was tried on none."""

OLDEST = 11

TRY = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"

ANSWER_LIMIT = 30
"""Seconds that an interpreter may take to say its version."""


def interpreters() -> tuple[Path, ...]:
    """Find one interpreter of each version of Python 3, the newest first.

    `$WALKTHROUGHS_PYTHONS` names them instead, separated as in `$PATH`.
    """
    named = os.environ.get("WALKTHROUGHS_PYTHONS")
    if named is None:
        return _found()
    return tuple(Path(each) for each in named.split(os.pathsep) if each)


@cache
def _found() -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for path in _candidates():
        version = _version(path)
        if version in VERSIONS:
            found.setdefault(version, path)
    return tuple(found[each] for each in VERSIONS if each in found)


VERSIONS = tuple(f"3.{minor}" for minor in range(NEWEST, OLDEST - 1, -1))


def _candidates() -> Iterator[Path]:
    for version in VERSIONS:
        on_path = which(f"python{version}")
        if on_path is not None:
            yield Path(on_path)
    # pyenv's launchers are on PATH, and most of them lead nowhere.
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob("versions/3.*/bin/python3"))
    yield Path(sys.executable)


def _version(python: Path) -> str:
    """Return the version of an interpreter; "" if it does not work or has no venv."""
    try:
        done = subprocess.run(
            [python, "-c", TRY],
            capture_output=True,
            text=True,
            timeout=ANSWER_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
