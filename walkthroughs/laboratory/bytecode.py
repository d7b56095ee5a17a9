"""Bytecode for the browser's Python, of all modules that the laboratory imports.

Bytecode is good for one version of Python only.  So it is made, when the site is built, by
the very Python that the browser loads, which runs in Node, too.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..errors import RecordingError
from ..file_lock import alone
from .archive import KEPT, keep_newest

PROGRAM = Path(__file__).with_name("compile.mjs")

LIMIT = 300
"""Seconds that compiling may take."""


def bytecode(
    modules: Path,
    runtime: Path,
    cache_folder: Path,
    tell: Callable[[str], object] = lambda line: None,
) -> Mapping[str, bytes]:
    """Return bytecode under the path that its source has in the browser.

    Without Node there is none, and the browser compiles all modules.

    Args:
        modules: the archive of modules.
        runtime: the folder of the npm package `pyodide`.
        cache_folder: where it is kept for the next time.
        tell: is called with a line before what takes seconds.

    Raises:
        RecordingError: the modules cannot be compiled.
    """
    node = shutil.which("node")
    if not node:
        return {}
    digest = hashlib.sha256(modules.name.encode())
    for path in (PROGRAM, runtime / "package.json"):
        digest.update(path.read_bytes())
    path = cache_folder / f"bytecode-{digest.hexdigest()[:16]}.zip"
    with alone(path):
        if not path.exists():
            tell("Compiling the modules of the laboratory")
            unready = path.with_suffix(".part")
            _compile(node, modules, runtime, unready)
            unready.replace(path)
            keep_newest(cache_folder, "bytecode-*.zip", KEPT)
    return dict(entries(path))


def _compile(node: str, modules: Path, runtime: Path, made: Path) -> None:
    command = [node, *map(str, (PROGRAM, runtime, modules, made))]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _uncompiled(str(error)) from error
    if result.returncode:
        said = result.stderr.strip().splitlines()
        raise _uncompiled((said or ["it said nothing"])[-1][:500])


def _uncompiled(why: str) -> RecordingError:
    return RecordingError(f"the laboratory's modules cannot be compiled: {why}")


def entries(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a zip archive: name and what is in it."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)
