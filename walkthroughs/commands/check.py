"""`walkthroughs check`: holds listings in any text against recordings, and repairs them.

The same listings mean the same under pytest and on the site; this is for texts that
neither of the two reads.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..book.narrative import bind
from ..compatibility.variants import supported
from ..errors import (
    ListingError,
    Mismatch,
    UsageError,
    VersionMismatch,
    WalkthroughError,
)
from ..fence_recordings import keep_elsewhere
from ..fences.callpath import Repairs
from ..listing import Line, is_blank
from ..pages.listings import FINDERS, LANGUAGE, find
from ..pages.markdown import Fence, Problem, fences, options_of, place
from ..pages.narratives import narratives
from ..pages.pages import folder_of
from ..recording import record_all_again
from ..render.sentences import plural
from ..verification import hold_on, verify
from . import FAILED

HELP = "compare the listings in files with recordings"


def add(parser: ArgumentParser) -> None:
    """Add the options of `check`."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="a Markdown, reStructuredText or Python file, or a folder of them; hidden "
        "folders, virtual environments and node_modules are left out",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="write the smallest correction into each listing that does not hold, "
        "and a first listing into each that is empty or '...'",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="make every recording again, even if no code has changed",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="save the recording of each listing for a version other than the installed "
        "one in recordings/, for machines that cannot make it",
    )


def run(args: Namespace) -> int:
    """Print what does not hold; return `FAILED` if there is any."""
    if args.fresh:
        record_all_again()
    repairs = Repairs(wanted=args.update)
    # By any of its names a file is read, and repaired, once.
    files = {path.resolve(): path for path in _files(args.files)}.values()
    held = wrong = amiss = 0
    kept: list[Path] = []
    for path in files:
        try:
            found = _listings(path)
        except UsageError as error:
            if path in args.files:
                raise
            # It was found in a folder: the others are checked all the same.
            if _may_have_listings(path):
                amiss += 1
                print(error)
            continue
        for each in found:
            complaint = _complaint(path, each, repairs)
            if args.keep and isinstance(each, Fence) and not complaint:
                kept += [*filter(None, [keep_elsewhere(options_of(each))])]
            held, wrong = held + (not complaint), wrong + bool(complaint)
            if complaint:
                print(complaint)
        for complaint in _about_narratives(path):
            amiss += 1
            print(complaint)
    try:
        for where in repairs.write():
            print(f"repaired: {where}")
        for file in sorted(set(kept)):
            print(f"kept: {file}")
    except OSError as error:
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from None
    print(_summary(held, wrong, len(files)), file=sys.stderr)
    return FAILED if wrong or amiss else 0


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(_inside(path))
        elif path.exists():
            yield path
        else:
            raise UsageError(f"there is no file or folder {path}")


def _inside(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that may have listings of its author's own."""
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = [each for each in folders if not _is_foreign(here / each)]
        yield from (here / each for each in names if Path(each).suffix in FINDERS)


def _is_foreign(folder: Path) -> bool:
    """Whether a folder is hidden, or holds installed packages."""
    foreign = folder.name.startswith(".") or folder.name == "node_modules"
    return foreign or (folder / "pyvenv.cfg").exists()


def _may_have_listings(path: Path) -> bool:
    """Whether a file in an unknown encoding has the word that opens a listing."""
    try:
        return LANGUAGE.encode() in path.read_bytes().replace(b"\0", b"").lower()
    except OSError:
        return True


def _listings(path: Path) -> list[Fence | Problem]:
    try:
        # As `Repairs` reads it, so that the offsets are the same.
        return find(path, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the text is not in UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _complaint(path: Path, found: Fence | Problem, repairs: Repairs) -> str:
    """Return what is wrong with a listing that will not be repaired; else nothing."""
    if isinstance(found, Problem):
        return f"{place(str(path), found.line)}: {found.message}"
    line, details = found.line, ""
    fault: WalkthroughError
    try:
        if repairs.wanted and is_blank(found.body):
            repairs.plan(path, found, options_of(found))
        else:
            verify(found.body, options_of(found))
            versions = supported(folder_of(path.absolute()).parent)
            if note := hold_on(found.body, options_of(found), versions):
                print(f"{place(str(path), found.line)}: {note}", file=sys.stderr)
        return ""
    except VersionMismatch as error:
        line, details, fault = line + error.line, f"\n{error.details}", error
    except Mismatch as error:
        unrepaired = (
            repairs.plan(path, found, options_of(found)) if repairs.wanted else ()
        )
        if repairs.wanted and not unrepaired:
            return ""
        line, details = line + error.line, f"\n{_cannot(unrepaired)}{error.details}"
        fault = error
    except ListingError as error:
        line, fault = line + error.line, error
    except WalkthroughError as error:
        fault = error
    return f"{place(str(path), line)}: {fault}{details}"


def _about_narratives(path: Path) -> Iterator[str]:
    """Yield what is wrong with the prose that is read beside a walkthrough."""
    if path.suffix != ".md":
        return
    text = path.read_text(encoding="utf-8")
    for each in narratives(text):
        try:
            bind(each, fences(text))
        except ListingError as error:
            yield f"{place(str(path), error.line)}: {error}"
        except WalkthroughError:
            continue  # its listing says so, with its line


def _cannot(unrepaired: Iterable[Line]) -> str:
    names = ", ".join(line.text for line in unrepaired)
    if not names:
        return ""
    return f"cannot repair {names}: write the new name, or take the line out\n"


def _summary(held: int, wrong: int, files: int) -> str:
    found = held + wrong
    if not found:
        return f"no listings in {plural(files, 'file')}"
    words = f"{plural(held, 'listing')} of {found} in {plural(files, 'file')} "
    return words + ("holds" if held == 1 else "hold")
