"""The Python modules that the laboratory needs in a browser, in one archive.

It is made from the installed packages when the site is built: the modules that the
servers import, all of Django but what no view here can use, and of every package its
name, version, and licence.  Its invariant: the same packages give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

import walkthroughs

from ..environment import installed
from ..errors import RecordingError
from ..file_lock import alone
from ..packages import describe, files_of, owners
from ..trace import Package

LEFT_OUT = ("h2", "hpack", "hyperframe", "priority", "click", "colorama")
"""Modules that Twisted and others take if they are there, and that nothing here needs."""

DJANGO_WITHOUT = (
    "conf/locale",
    "contrib",
    "core/management",
    "db/backends/mysql",
    "db/backends/oracle",
    "db/backends/postgresql",
    "db/migrations",
    "test",
)
"""Folders of Django that no view here can use; what is imported all the same is taken."""

OWN_WITHOUT = (
    "minidaphne/cli.py",
    "walkthroughs/adapters",
    "walkthroughs/book",
    "walkthroughs/cli.py",
    "walkthroughs/commands",
    "walkthroughs/fences",
)
"""Parts of our own code that the browser does not need: the command line, and what
builds pages."""

OWN = Path(walkthroughs.__file__).parent.parent

KEPT = 6
"""Archives that the cache keeps: one for each Python that is tested, and some."""

LIMIT = 120
"""Seconds that finding out which modules are needed may take."""


@dataclass(frozen=True)
class Archive:
    """The archive.

    Args:
        path: where it lies.
        packages: what is in it.
    """

    path: Path
    packages: tuple[Package, ...]


def archive(
    cache_folder: Path, tell: Callable[[str], object] = lambda line: None
) -> Archive:
    """Return the archive, which is made if the cache has none for these packages.

    Args:
        cache_folder: where it is, or goes.
        tell: is called with a line before what takes seconds.

    Raises:
        RecordingError: the servers cannot be run here.
    """
    needed = _needed(cache_folder, tell)
    files = _files(needed)
    dists = _distributions(files)
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(name.encode() + b"\0" + path.read_bytes())
    path = cache_folder / f"modules-{digest.hexdigest()[:16]}.zip"
    with alone(path):
        if not path.exists():
            tell("Packing the modules of the laboratory")
            _write(path, _entries(files, dists))
            keep_newest(cache_folder, "modules-*.zip", KEPT)
    packages = (describe(dist) for dist in dists)
    return Archive(path, tuple(sorted(packages, key=lambda each: each.name.lower())))


def keep_newest(folder: Path, pattern: str, count: int) -> None:
    """Delete all but the newest of the files in a folder that match a pattern."""
    found = sorted(folder.glob(pattern), key=lambda each: each.stat().st_mtime)
    for old in found[:-count]:
        old.unlink(missing_ok=True)


def _files(needed: Iterable[Path]) -> dict[str, Path]:
    """Name in the archive -> file."""
    found: dict[str, Path] = {}
    for path in needed:
        name = _name(path)
        if name is not None:
            found[name] = path
    # Our own code changes while one looks at the site: take all that may be imported.
    for top in ("minidaphne", "walkthroughs"):
        for path in (OWN / top).rglob("*.py"):
            name = path.relative_to(OWN).as_posix()
            if not name.startswith(OWN_WITHOUT):
                found[name] = path
    import django

    root = Path(django.__file__).parent
    for path in root.rglob("*.py"):
        name = path.relative_to(root).as_posix()
        if not name.startswith(DJANGO_WITHOUT):
            found[f"django/{name}"] = path
    return found


def _needed(cache_folder: Path, tell: Callable[[str], object]) -> list[Path]:
    """Return the files that the servers import; cached while packages do not change."""
    digest = hashlib.sha256(installed().encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    memory = cache_folder / f"needed-{digest.hexdigest()[:16]}.json"
    with alone(memory):
        if not memory.exists():
            tell("Looking for the modules that the laboratory needs")
            memory.write_text(json.dumps(_look()), encoding="utf-8")
    return [Path(each) for each in json.loads(memory.read_text(encoding="utf-8"))]


def _look() -> list[str]:
    command = [sys.executable, "-m", f"{__package__}.needed_modules"]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RecordingError(f"the laboratory's servers do not run here: {last}")
    found: list[str] = json.loads(result.stdout)
    return found


def _name(path: Path) -> str | None:
    """Return the file's name below the folder of packages; None for other files."""
    parts = path.parts
    if "site-packages" not in parts:
        return None
    return "/".join(parts[parts.index("site-packages") + 1 :])


def _distributions(files: dict[str, Path]) -> list[Distribution]:
    tops = {name.partition("/")[0].removesuffix(".py") for name in files}
    names = {_plain(owner) for top in tops for owner in owners().get(top, ())}
    own = {"inside-daphne"}
    found = {_plain(each.name): each for each in distributions()}
    return [
        dist
        for name, dist in sorted(found.items())
        if (name in names and _has(dist, files)) or name in own
    ]


def _has(dist: Distribution, files: dict[str, Path]) -> bool:
    return any(each in files for each in files_of(dist))


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _write(path: Path, entries: Iterable[tuple[str, bytes]]) -> None:
    unready = path.with_suffix(".part")
    with zipfile.ZipFile(unready, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as pack:
        for name, data in sorted(entries):
            # A fixed date, so that the same files give the same archive.
            pack.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED
            )
    unready.replace(path)


def _entries(
    files: dict[str, Path], dists: list[Distribution]
) -> Iterator[tuple[str, bytes]]:
    for name, path in files.items():
        yield name, path.read_bytes()
    for dist in dists:
        folder = f"{dist.name.replace('-', '_')}-{dist.version}.dist-info"
        tops = sorted({top for top in _tops(dist) if _is_in(top, files)})
        yield f"{folder}/top_level.txt", "\n".join(tops).encode()
        # Several packages may fill one folder: whose a file is, stands there.
        yield (
            f"{folder}/RECORD",
            "".join(f"{each},,\n" for each in _own(dist, files)).encode(),
        )
        yield f"{folder}/METADATA", _head(dist.read_text("METADATA") or "").encode()
        for file in dist.files or ():
            words = ("LICEN", "COPYING", "NOTICE")
            if file.name.upper().startswith(words) and ".dist-info" in str(file):
                text = Path(str(dist.locate_file(file)))
                if text.is_file():
                    yield f"{folder}/{file.name}", text.read_bytes()


def _own(dist: Distribution, files: dict[str, Path]) -> list[str]:
    """Return the names in the archive that belong to a distribution."""
    if _plain(dist.name) == "inside-daphne":
        return [
            name for name in files if name.startswith(("minidaphne/", "walkthroughs/"))
        ]
    return [each for each in files_of(dist) if each in files]


@cache
def _owned() -> dict[str, list[str]]:
    owned: dict[str, list[str]] = {}
    for top, names in owners().items():
        for name in names:
            owned.setdefault(_plain(name), []).append(top)
    return owned


def _tops(dist: Distribution) -> list[str]:
    own = ["minidaphne", "walkthroughs"]
    return (
        own
        if _plain(dist.name) == "inside-daphne"
        else _owned().get(_plain(dist.name), [])
    )


def _is_in(top: str, files: dict[str, Path]) -> bool:
    return any(name == f"{top}.py" or name.startswith(f"{top}/") for name in files)


def _head(text: str) -> str:
    """Metadata without the long description."""
    message = HeaderParser().parsestr(text)
    return "".join(f"{name}: {value}\n" for name, value in message.items())
