"""Where a server is recorded: an interpreter, and all that is installed for it."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from .build_memo import remembered
from .packages import is_own


@dataclass(frozen=True)
class Environment:
    """Where a server is recorded: an interpreter, and what is installed for it.

    Args:
        python: the interpreter.
        installed: what recordings depend on: its version, and those of all packages.
        variables: of the operating system, beside those of this process.
        folders: where its packages lie, and hence their source; None for `sys.path`.
    """

    python: Path
    installed: str
    variables: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] | None = None


@remembered
def here() -> Environment:
    """Return the environment of this process."""
    # A folder of installed distributions changes when one comes or goes.
    changes = tuple(
        (path, os.stat(path).st_mtime_ns)
        for path in sys.path
        if os.path.isdir(path) and not is_own(Path(path, "module.py"))
    )
    return Environment(Path(sys.executable), _installed(changes))


@functools.lru_cache(maxsize=1)
def _installed(changes: tuple[tuple[str, int], ...]) -> str:
    installed = {f"{each.name}=={each.version}" for each in distributions()}
    return repr((sys.version, sorted(installed)))


def installed() -> str:
    """Give the version of this Python and of all that is installed for it."""
    return here().installed
