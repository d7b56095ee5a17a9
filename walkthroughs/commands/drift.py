"""`walkthroughs drift`: does the book still hold, and since which version?

For each version of Daphne, with the oldest and the newest of everything else that it
takes, the book's scenarios are recorded in an environment of their own, and each listing
that speaks of Daphne is held against what was seen.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from shutil import which
from threading import Lock

from ..compatibility.environments import Uninstallable, Wanted, make, versions
from ..compatibility.matrix import Cell, Row, page, text
from ..compatibility.variants import Claim, begins, groups, supported
from ..errors import ListingError, Mismatch, UsageError, WalkthroughError
from ..fences.callpath import claim
from ..listing import check, parse
from ..pages.markdown import Fence, fences
from ..pages.pages import first_heading, folder_of, heading_above
from ..recording import Environment, record
from ..scenarios import load
from . import FAILED, writable, write

HELP = "hold the book's listings against given versions of Daphne"

SERVER = "daphne"

DAPHNES = ("3.0.2", "4.0.0", "4.1.2", "4.2.3")

AGES = ("oldest", "newest")


@dataclass(frozen=True)
class Listing:
    """A listing of a page, with all its variants.

    Args:
        place: path of the page.
        link: the same below the folder of all pages.
        title: the page's title, and the heading above the listing.
        variants: its fences; one alone if it speaks for every version.
    """

    place: str
    link: str
    title: str
    variants: tuple[tuple[Fence, Claim], ...]

    def speaking_for(self, installed: Mapping[str, str]) -> Fence:
        """Choose the variant for an environment; the first one where none speaks for it.

        Args:
            installed: distribution in lower case -> version.
        """
        for fence, each in self.variants:
            version = each.version
            if version is None or begins(
                installed.get(version.name, ""), version.prefix
            ):
                return fence
        return self.variants[0][0]


_alone = Lock()
"""Held by who runs a scenario with something in the background, such as a Redis: that
speaks to the recorded process through the variables of this one."""


def add(parser: ArgumentParser) -> None:
    """Add the options of `drift`."""
    parser.add_argument(
        "pages",
        metavar="PAGE",
        nargs="*",
        type=Path,
        default=[Path("docs")],
        help="Markdown pages, and folders of them (default: docs)",
    )
    parser.add_argument(
        "--daphne",
        metavar="VERSION",
        nargs="+",
        default=DAPHNES,
        help=f"versions of Daphne (default: {' '.join(DAPHNES)})",
    )
    parser.add_argument(
        "--python",
        metavar="PYTHON",
        nargs="+",
        default=[sys.executable],
        help="interpreters, by name or path (default: this one)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="how many environments at once (default: one for each processor)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="write the result as a page, such as docs/reference/versions.md",
    )


def run(args: Namespace) -> int:
    """Print the matrix; return `FAILED` if a cell is red."""
    writable(args.output)
    listings = _listings(args.pages)
    if not listings:
        raise UsageError(f"no listing there speaks of {SERVER}")
    pythons = [_python(each) for each in args.python]
    combinations = list(product(pythons, args.daphne, AGES))
    wanted = [Wanted(python, daphne, age) for python, daphne, age in combinations]
    with ThreadPoolExecutor(max(args.jobs, 1)) as pool:
        futures = {pool.submit(_row, each, listings): each for each in wanted}
        for number, future in enumerate(as_completed(futures), start=1):
            line = f"{number} of {len(wanted)}: {future.result().summary}"
            print(line, file=sys.stderr, flush=True)
        rows = [future.result() for future in futures]
    print(text(rows), end="")
    if args.output is not None:
        made = datetime.now(UTC).date()
        write(args.output, page(rows, made))
    return 0 if all(row.holds for row in rows) else FAILED


def _python(name: str) -> Path:
    found = which(name)
    if found is None:
        raise UsageError(f"there is no interpreter {name!r}")
    # Not resolved: an environment's python is a link, and knows by its place what it is.
    return Path(found).absolute()


def _listings(pages: Sequence[Path]) -> list[Listing]:
    """Return the listings that speak of Daphne, in the order of the pages."""
    return [each for path in _files(pages) for each in _on_page(path)]


def _on_page(path: Path) -> Iterator[Listing]:
    text = path.read_text(encoding="utf-8")
    folder = folder_of(path.absolute())
    link = path.absolute().relative_to(folder).as_posix()
    speaking = {
        fence.line: fence
        for fence in fences(text)
        if fence.language == "callpath" and fence.options.get("server") == SERVER
    }
    claims = [claim(fence) for fence in speaking.values()]
    for recording in dict.fromkeys(each.recording for each in claims):
        same = [each for each in claims if each.recording == recording]
        for group in groups(same, supported(folder.parent)):
            above = heading_above(text, speaking[group[0].line].start)
            title = first_heading(text, path.stem)
            title = title if above in ("", title) else f"{title}: {above}"
            found = tuple((speaking[each.line], each) for each in group)
            yield Listing(path.as_posix(), link, title, found)


def _files(pages: Sequence[Path]) -> Iterator[Path]:
    for each in pages:
        if not each.exists():
            raise UsageError(f"there is no file {each}")
        yield from sorted(each.rglob("*.md")) if each.is_dir() else [each]


def _row(wanted: Wanted, listings: Sequence[Listing]) -> Row:
    """Make one environment, and hold all listings against it."""
    try:
        environment = make(wanted)
    except Uninstallable as error:
        return Row(wanted.daphne, wanted.age, {}, (), str(error))
    found = versions(environment)
    cells = tuple(_cell(each, found, environment) for each in listings)
    return Row(wanted.daphne, wanted.age, found, cells)


def _cell(
    listing: Listing, installed: Mapping[str, str], environment: Environment
) -> Cell:
    fence = listing.speaking_for(installed)
    scenario = fence.options["scenario"]
    line, words = fence.line, ""
    try:
        with nullcontext() if load(scenario).background is nullcontext else _alone:
            trace = record(scenario, SERVER, environment=environment)
        check(parse(fence.body), trace)
    except (Mismatch, ListingError) as error:
        line, words = line + error.line, str(error)
    except WalkthroughError as error:
        words = str(error)
    return Cell(listing.place, line, scenario, words, listing.title, listing.link)
