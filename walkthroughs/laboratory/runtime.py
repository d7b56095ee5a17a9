"""What the browser loads: Python itself with its standard library, and the modules.

Each is one archive.  Python changes with the npm package `pyodide`, the modules with each
change of the site, and a browser keeps both.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..file_lock import alone
from ..servers import load
from ..trace import Package
from .archive import KEPT, keep_newest
from .bytecode import bytecode, entries
from .focuses import names
from .packing import pack
from .starting_points import SERVERS

UNPACKER = Path("xz-decompress", "dist", "package", "xz-decompress.min.js")
"""In the folder of Node's packages, what unpacks the archives in a browser."""

PYTHON = ("pyodide.asm.wasm", "pyodide.asm.mjs", "pyodide.mjs")
LIBRARY = "python_stdlib.zip"
"""Files of the npm package `pyodide`."""


@dataclass(frozen=True)
class Runtime:
    """Python for the browser, as npm has installed it.

    Args:
        folder: of Node's packages.
        lock: what it wants to know of itself.
        packages: the runtime and what it is made of.
    """

    folder: Path
    lock: Mapping[str, str]
    packages: tuple[Package, ...]

    @property
    def python(self) -> Path:
        """The folder of its npm package."""
        return self.folder / "pyodide"

    @property
    def cached(self) -> str:
        """Where it looks for the bytecode of a folder's module."""
        version = "".join(self.lock["python"].split(".")[:2])
        return f"{{}}__pycache__/{{}}.cpython-{version}.pyc"


def runtime(folder: Path) -> Runtime | None:
    """Return the runtime in a folder of Node's packages, None if it is not all there."""
    python = folder / "pyodide"
    needed = (python / "pyodide.asm.wasm", folder / UNPACKER)
    if not all(each.exists() for each in needed):
        return None
    about, unpacker = (
        json.loads((folder / name / "package.json").read_text(encoding="utf-8"))
        for name in ("pyodide", "xz-decompress")
    )
    text = (python / "pyodide-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)["info"]
    return Runtime(
        folder,
        lock,
        (
            Package("pyodide", about["version"], about.get("license", "MPL-2.0")),
            Package("Python", lock["python"], "PSF-2.0"),
            Package("xz-decompress", unpacker["version"], unpacker["license"]),
        ),
    )


def loaded(
    found: Runtime,
    modules: Path,
    cache_folder: Path,
    tell: Callable[[str], object] = lambda line: None,
) -> dict[str, tuple[str, Path]]:
    """Return what the browser loads: what the worker calls it -> its name, where it lies.

    Args:
        found: Python for the browser.
        modules: the archive of modules.
        cache_folder: where archives go that are not there yet.
        tell: is called with a line before what takes seconds.

    Raises:
        RecordingError: the modules cannot be compiled.
    """
    compiled = bytecode(modules, found.python, cache_folder, tell)
    unpacker = found.folder / UNPACKER
    library = entries(found.python / LIBRARY)
    archives = {
        "python": [(name, (found.python / name).read_bytes()) for name in PYTHON],
        "library": [(LIBRARY, _stored(_with(library, compiled, ".zip/", "{}{}.pyc")))],
        "modules": _with(entries(modules), compiled, "/site-packages/", found.cached),
    }
    files = {"unpacker": (unpacker.name, unpacker)}
    for name, contents in archives.items():
        path = _archive(name, contents, cache_folder, tell)
        files[name] = (path.name, path)
    return files


def _with(
    sources: Iterable[tuple[str, bytes]],
    compiled: Mapping[str, bytes],
    root: str,
    place: str,
) -> list[tuple[str, bytes]]:
    """Add their bytecode to modules; leave out sources that nothing shows.

    Args:
        sources: the modules.
        compiled: path in the browser -> bytecode.
        root: what comes before a module's name in its path.
        place: where the bytecode goes of a module whose source is there, too.
    """
    found = {path.partition(root)[2]: data for path, data in compiled.items()}
    shown = _shown()
    kept = []
    for name, source in sources:
        folder, slash, last = name.rpartition("/")
        top = name.partition("/")[0].removesuffix(".py")
        if name not in found:
            kept.append((name, source))
        elif top in shown:
            where = place.format(folder + slash, last.removesuffix(".py"))
            kept += [(name, source), (where, found[name])]
        else:
            kept.append((f"{name}c", found[name]))
    # What is alike side by side is smaller.
    return sorted(kept, key=lambda each: (each[0].endswith(".pyc"), each[0]))


def _shown() -> set[str]:
    """Return the packages whose steps a walkthrough may show, with their source."""
    focuses = (names("everything", load(server)) for server in SERVERS)
    own = ("walkthroughs",)
    return {*own, *(each.partition(".")[0] for focus in focuses for each in focus)}


def _stored(files: list[tuple[str, bytes]]) -> bytes:
    """Return a zip archive in which nothing is compressed: that is done to the whole."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return made.getvalue()


def _archive(
    name: str,
    contents: list[tuple[str, bytes]],
    cache_folder: Path,
    tell: Callable[[str], object],
) -> Path:
    """Return an archive, which is made if the cache has none of these contents."""
    digest = hashlib.sha256()
    for each, data in contents:
        digest.update(f"{each}\0{len(data)}\0".encode() + data)
    path = cache_folder / f"{name}-{digest.hexdigest()[:16]}.tar.xz"
    with alone(path):
        if not path.exists():
            tell(f"Compressing for the laboratory: {name}")
            pack(path, contents)
            keep_newest(cache_folder, f"{name}-*.tar.xz", KEPT)
    return path
