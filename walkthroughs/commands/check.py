"""`walkthroughs check`: holds listings in any text against recordings, and mends them.

The same listings mean the same under pytest and on the site; this is for texts that
neither of the two reads.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import ListingError, Mismatch, WalkthroughError
from ..integrations.callpath import Mending, hold
from ..integrations.fences import Fence, Problem, place
from ..integrations.source import words
from ..record import record_all_again
from ..render.words import plural
from . import FAILED, UsageError
from .listed import FINDERS, find

HELP = "hold the listings in files against recordings"


def add(parser: ArgumentParser) -> None:
    """What `check` takes."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="a Markdown, reStructuredText or Python file, or a folder of them",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="write the smallest correction into each listing that does not hold",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="make every recording again, even if no code has changed",
    )


def run(args: Namespace) -> int:
    """Prints what does not hold; `FAILED` if there is any."""
    if args.fresh:
        record_all_again()
    mending = Mending(wanted=args.update)
    files = list(_files(args.files))
    held = wrong = 0
    for path in files:
        for each in _listings(path):
            complaint = _complaint(path, each, mending)
            held, wrong = held + (not complaint), wrong + bool(complaint)
            if complaint:
                print(complaint)
    mended = mending.write()
    for where in mended:
        print(f"mended: {where}")
    print(_summary(held - len(mended), wrong, len(files)), file=sys.stderr)
    return FAILED if wrong else 0


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (each for each in path.rglob("*") if each.suffix in FINDERS)
            yield from sorted(inside)
        elif path.exists():
            yield path
        else:
            raise UsageError(f"there is no file {path}")


def _listings(path: Path) -> list[Fence | Problem]:
    try:
        # As `Mending` reads it, so that the offsets are the same.
        return find(path, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UsageError(f"{path}: this is no text in UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _complaint(path: Path, found: Fence | Problem, mending: Mending) -> str:
    """What is wrong with a listing that is not going to be mended; else nothing."""
    if isinstance(found, Problem):
        return f"{place(str(path), found.line)}: {found.message}"
    line, details = found.line, ""
    try:
        hold(found.body, words(found))
        return ""
    except Mismatch as error:
        if mending.wanted and not mending.plan(path, found, words(found)):
            return ""
        line, details = line + error.line, f"\n{error.details}"
        fault: WalkthroughError = error
    except ListingError as error:
        line, fault = line + error.line, error
    except WalkthroughError as error:
        fault = error
    return f"{place(str(path), line)}: {fault}{details}"


def _summary(held: int, wrong: int, files: int) -> str:
    found = held + wrong
    if not found:
        return f"no listings in {plural(files, 'file')}"
    words = f"{plural(held, 'listing')} of {found} in {plural(files, 'file')} "
    return words + ("holds" if held == 1 else "hold")
