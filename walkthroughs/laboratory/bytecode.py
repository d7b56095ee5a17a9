"""The archive that the browser loads: the modules, and the bytecode of those imported.

Bytecode is good for one version of Python only.  So it is made, when the site is built, by
the very Python that the browser loads, which runs in Node, too.  The archive is a tar file,
compressed as a whole: a browser unpacks that while it prepares Python.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..errors import RecordingError
from .archive import KEPT, Archive, keep_newest

PROGRAM = Path(__file__).with_name("compile.mjs")

LIMIT = 300
"""Seconds that compiling may take."""


def with_bytecode(
    archive: Archive,
    runtime: Path,
    cache_folder: Path,
    tell: Callable[[str], object] = lambda line: None,
) -> Path:
    """Return the archive that the browser loads.

    Args:
        archive: the modules.
        runtime: the folder of the npm package `pyodide`.
        cache_folder: where the new archive goes, if it is not there yet.
        tell: is called with a line before what takes seconds.

    Without Node there is no bytecode in it, and the browser compiles the modules.

    Raises:
        RecordingError: the modules cannot be compiled.
    """
    node = shutil.which("node")
    what = "\n".join([archive.path.name, *archive.imported])
    digest = hashlib.sha256(what.encode())
    for path in (PROGRAM, runtime / "package.json") if node else ():
        digest.update(path.read_bytes())
    path = cache_folder / f"modules-{digest.hexdigest()[:16]}.tar.gz"
    if not path.exists():
        entries = [*_entries(archive.path)]
        if node:
            tell("Compiling the modules of the laboratory")
            entries += _bytecode(node, archive, runtime)
        _write(path, entries)
        keep_newest(cache_folder, "modules-*.tar.gz", KEPT)
    return path


def _bytecode(node: str, archive: Archive, runtime: Path) -> list[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory(prefix="laboratory-") as folder:
        names, compiled = Path(folder, "names.txt"), Path(folder, "compiled.zip")
        names.write_text("\n".join(archive.imported), encoding="utf-8")
        command = [node, *map(str, (PROGRAM, runtime, archive.path, names, compiled))]
        try:
            result = subprocess.run(
                command, capture_output=True, text=True, timeout=LIMIT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _uncompiled(str(error)) from error
        if result.returncode:
            said = [each for each in result.stderr.splitlines() if "Error" in each]
            raise _uncompiled((said or ["it said nothing"])[-1][:500])
        return [*_entries(compiled)]


def _uncompiled(why: str) -> RecordingError:
    return RecordingError(f"the laboratory's modules cannot be compiled: {why}")


def _entries(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as pack:
        for name in pack.namelist():
            yield name, pack.read(name)


def _write(path: Path, entries: Iterable[tuple[str, bytes]]) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(entries):
            # Its date is the epoch, so that the same files give the same archive.
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    unready = path.with_suffix(".part")
    unready.write_bytes(gzip.compress(packed.getvalue(), 9, mtime=0))
    unready.replace(path)
