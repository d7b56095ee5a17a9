"""`walkthroughs assets`: the style and the script that the pages need.

MkDocs and Sphinx get them from the adapter; for other site generators they have to be
in the folder of the pages.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..errors import UsageError
from ..render.style_and_script import write_assets

HELP = "write the style sheet and the script of walkthroughs into a folder"


def add(parser: ArgumentParser) -> None:
    """Tell the parser what `assets` takes."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        help="where to write them, such as docs/assets",
    )


def run(args: Namespace) -> int:
    """Write the files, and say which.

    Raises:
        UsageError: there is a file in the folder's place, or it cannot be written.
    """
    if args.folder.exists() and not args.folder.is_dir():
        raise UsageError(f"{args.folder} is a file: name a folder")
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        for written in write_assets(args.folder):
            print(written)
    except OSError as error:
        words = f"cannot write into {args.folder}: {error.strerror}"
        raise UsageError(words) from None
    return 0
