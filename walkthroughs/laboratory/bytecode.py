"""The archive of modules with their bytecode, so that the browser need not compile them.

Bytecode is good for one version of Python only.  So it is made, when the site is built, by
the very Python that the browser loads, which runs in Node, too.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import RecordingError
from .archive import KEPT, Archive, keep_newest, write

PROGRAM = Path(__file__).with_name("compile.mjs")

LIMIT = 300
"""Seconds that compiling may take."""


def with_bytecode(archive: Archive, runtime: Path, cache_folder: Path) -> Path:
    """Return an archive that has the bytecode of what the servers import, too.

    Args:
        archive: the modules.
        runtime: the folder of the npm package `pyodide`.
        cache_folder: where the new archive goes, if it is not there yet.

    Raises:
        RecordingError: there is no Node, or the modules cannot be compiled.
    """
    digest = hashlib.sha256(archive.path.name.encode())
    for path in (PROGRAM, runtime / "package.json"):
        digest.update(path.read_bytes())
    path = cache_folder / f"compiled-{digest.hexdigest()[:16]}.zip"
    if not path.exists():
        with tempfile.TemporaryDirectory(prefix="laboratory-") as folder:
            bytecode = Path(folder, "bytecode.zip")
            _compile(archive, runtime, bytecode)
            write(path, [*_entries(archive.path), *_entries(bytecode)])
        keep_newest(cache_folder, "compiled-*.zip", KEPT)
    return path


def _compile(archive: Archive, runtime: Path, bytecode: Path) -> None:
    if shutil.which("node") is None:
        raise RecordingError(
            "no Node to compile the laboratory's modules with: install it "
            "(Debian: apt-get install nodejs)"
        )
    names = bytecode.with_name("names.txt")
    names.write_text("\n".join(archive.imported), encoding="utf-8")
    result = subprocess.run(
        ["node", PROGRAM, runtime, archive.path, names, bytecode],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if result.returncode:
        said = [each for each in result.stderr.splitlines() if "Error" in each]
        last = (said or ["it said nothing"])[-1][:500]
        raise RecordingError(f"the laboratory's modules cannot be compiled: {last}")


def _entries(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as pack:
        for name in pack.namelist():
            yield name, pack.read(name)
