"""The commands of `walkthroughs`, one file each.

A command is a module here with:

* `add(parser)`: tells its parser what it takes;
* `run(args)`: does it, and gives the exit status;
* `HELP`, one line for the list of commands.

Exit status 0 means that all went well; `FAILED` that something does not hold or could
not be recorded; `USAGE` that the command itself makes no sense.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError

FAILED = 1
USAGE = 2


def writable(output: Path | None) -> None:
    """Make sure that a file can be written, before there is work that would be lost.

    Raises:
        UsageError: it cannot.
    """
    if output is None:
        return
    if output.is_dir():
        raise UsageError(f"cannot write {output}: it is a folder")
    if not output.parent.is_dir():
        raise UsageError(f"cannot write {output}: there is no folder {output.parent}")


def write(output: Path, text: str) -> None:
    """Write a file.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from None
