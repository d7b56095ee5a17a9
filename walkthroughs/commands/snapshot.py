"""`walkthroughs snapshot`: the program that a book prints, as of one of its chapters."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..book.snapshot import write_snapshot
from ..errors import UsageError

HELP = "write the server as it is at the end of a chapter"


def add(parser: ArgumentParser) -> None:
    """Add the options of `snapshot`."""
    parser.add_argument(
        "chapter", metavar="CHAPTER", help="a page, such as server/listening.md"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        required=True,
        help="where to write the files of the server",
    )
    parser.add_argument(
        "--docs",
        metavar="FOLDER",
        type=Path,
        default=Path("docs"),
        help="where the pages of the book are (default: docs)",
    )


def run(args: Namespace) -> int:
    """Write the files, and print their names."""
    if not args.docs.is_dir():
        raise UsageError(
            f"there is no folder {args.docs}: name the book's pages with --docs FOLDER"
        )
    for file in write_snapshot(args.docs, args.chapter, args.output):
        print(file)
    return 0
