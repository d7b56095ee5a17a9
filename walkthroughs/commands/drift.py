"""`walkthroughs drift`: does the book still hold, and since which version?

The book's scenarios are recorded in environments of their own: one with the newest of
everything, and one for each version that is asked about, with the newest of everything
else.  Each listing that speaks of Daphne is held against what was seen there.
"""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from shutil import which
from threading import Lock

from ..compatibility.environments import Wanted, make, versions
from ..compatibility.installing import Uninstallable
from ..compatibility.interpreters import interpreters
from ..compatibility.matrix import Cell, Outcome, Row, page, text
from ..compatibility.releases import Newer, newer_than, newest_releases
from ..compatibility.variants import Claim, begins, environment, groups, supported
from ..environment import Environment
from ..errors import ListingError, Mismatch, UsageError, WalkthroughError
from ..fences.callpath import claim
from ..listing import check, parse
from ..pages.markdown import Fence, fences
from ..pages.pages import first_heading, folder_of, heading_above
from ..recording import record
from ..scenarios import load
from ..trace import Trace
from . import FAILED, writable, write

HELP = "check the book's listings with older versions of the packages that they cover"

SERVER = "daphne"

VERSIONS = (
    "django=6.0,5.2,5.1,5.0,4.2",
    "daphne=4.1,4.0,3.0.2",
    "channels=4.2,4.1,4.0",
    "twisted=25,24,22",
    "autobahn=24,22",
)

FORM = re.compile(r"([\w.-]+)=(\d+(?:\.\d+)*(?:,\d+(?:\.\d+)*)*)")


@dataclass(frozen=True)
class Listing:
    """A listing of a page, with all its variants.

    Args:
        place: path of the page.
        link: the same below the folder of all pages, and the heading's anchor.
        title: the page's title, and the heading above the listing.
        variants: its fences; one alone if it speaks for every version.
    """

    place: str
    link: str
    title: str
    variants: tuple[tuple[Fence, Claim], ...]

    def speaking_for(self, installed: Mapping[str, str]) -> int:
        """Choose the variant for an environment: which one it is, from 0.

        It is the first one where none speaks for what is installed.

        Args:
            installed: distribution in lower case -> version.
        """
        for number, (_, each) in enumerate(self.variants):
            version = each.version
            if version is None or begins(
                installed.get(version.name, ""), version.prefix
            ):
                return number
        return 0


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
        help="Markdown pages or folders of them (default: docs)",
    )
    parser.add_argument(
        "--versions",
        metavar="DISTRIBUTION=VERSION,...",
        nargs="+",
        type=_versions,
        default=[_versions(each) for each in VERSIONS],
        help=f"older versions to check, one at a time (default: {' '.join(VERSIONS)})",
    )
    parser.add_argument(
        "--python",
        metavar="PYTHON",
        nargs="+",
        default=[],
        help="interpreters to try, by name or path (default: all, the newest first)",
    )
    parser.add_argument(
        "--releases",
        action="store_true",
        help="only warn of releases newer than the versions that the book is checked with",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="how many environments to use at once (default: one for each processor)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="write the result as a page, such as docs/reference/versions.md",
    )


def run(args: Namespace) -> int:
    """Print the matrix; return `FAILED` if a listing does not hold somewhere."""
    if args.releases:
        _warn(args.pages)
        return 0
    writable(args.output)
    listings = _listings(args.pages)
    if not listings:
        raise UsageError(f"no listing there is about {SERVER}")
    pythons = tuple(_python(each) for each in args.python) or interpreters()
    pairs = [("", ""), *(pair for each in args.versions for pair in each)]
    wanted = [Wanted(name, prefix, pythons) for name, prefix in pairs]
    with ThreadPoolExecutor(max(args.jobs, 1)) as pool:
        futures = {pool.submit(_row, each, listings): each for each in wanted}
        for number, future in enumerate(as_completed(futures), start=1):
            line = f"{number} of {len(wanted)}: {future.result().summary}"
            print(line, file=sys.stderr, flush=True)
        rows = [future.result() for future in futures]
    print(text(rows), end="")
    if args.output is not None:
        made = datetime.now(UTC).date()
        write(args.output, page(rows, made, _newer(args.pages)))
    return 0 if all(row.holds for row in rows) else FAILED


def _versions(text: str) -> list[tuple[str, str]]:
    """Read `django=4.2,5.0` as pairs of a distribution and a version.

    Raises:
        ArgumentTypeError: it is something else.
    """
    found = FORM.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not of the form django=4.2,5.0")
    return [(found[1].lower(), each) for each in found[2].split(",")]


def _warn(pages: Sequence[Path]) -> None:
    """Print a warning for each newer release; CI shows it beside its result."""
    mark = "::warning::" if os.environ.get("GITHUB_ACTIONS") else "warning: "
    try:
        newer = _newer(pages)
    except Uninstallable as error:
        print(f"{mark}the package index cannot be asked: {error}")
        return
    for each in newer:
        print(f"{mark}newer release: {each}")
    if not newer:
        print("No release is newer than what the book is held on.")


def _newer(pages: Sequence[Path]) -> list[Newer]:
    """Find the releases that are newer than what the tests of the pages run on.

    Raises:
        Uninstallable: the package index cannot be asked.
    """
    folder = folder_of(next(iter(_files(pages))).absolute()).parent
    here = {each.name.lower(): each.version for each in distributions()}
    held, pythons = [here], [Path(sys.executable)]
    for version in supported(folder):
        where = environment(version)
        if where is not None:
            held.append(versions(where))
            pythons.append(where.python)
    return newer_than(held, map(newest_releases, pythons))


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
            words, anchor = heading_above(text, speaking[group[0].line].start)
            title = first_heading(text, path.stem)
            title = f"{title}: {words}" if words else title
            found = tuple((speaking[each.line], each) for each in group)
            yield Listing(path.as_posix(), f"{link}{anchor}", title, found)


def _files(pages: Sequence[Path]) -> Iterator[Path]:
    for each in pages:
        if not each.exists():
            raise UsageError(f"there is no file or folder {each}")
        yield from sorted(each.rglob("*.md")) if each.is_dir() else [each]


def _row(wanted: Wanted, listings: Sequence[Listing]) -> Row:
    """Make one environment, and hold all listings against it."""
    try:
        environment = make(wanted)
    except Uninstallable as error:
        return Row(wanted.distribution, wanted.prefix, {}, (), str(error))
    found = versions(environment)
    cells = tuple(_cell(each, found, environment) for each in listings)
    return Row(wanted.distribution, wanted.prefix, found, cells)


def _cell(
    listing: Listing, installed: Mapping[str, str], environment: Environment
) -> Cell:
    scenario = listing.variants[0][0].options["scenario"]
    found = [fence for fence, _ in listing.variants]
    try:
        with nullcontext() if load(scenario).background is nullcontext else _alone:
            trace = record(scenario, SERVER, environment=environment)
        outcomes = tuple(_outcome(fence, trace) for fence in found)
    except WalkthroughError as error:
        outcomes = tuple(Outcome(fence.line, str(error)) for fence in found)
    names = (listing.place, scenario, listing.title, listing.link)
    return Cell(*names, outcomes, listing.speaking_for(installed))


def _outcome(fence: Fence, trace: Trace) -> Outcome:
    try:
        check(parse(fence.body), trace)
    except (Mismatch, ListingError) as error:
        return Outcome(fence.line + error.line, str(error))
    return Outcome(fence.line)
