"""`walkthroughs show`: a recording that was saved, in any format."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..errors import TraceError
from ..record import Observation
from ..servers import NAMES, load
from ..servers.limits import UNSEEN
from ..trace import Header, Trace
from . import FAILED, UsageError, writable
from .record import _format, _nothing_shown, _sensible, _write, add_view, chosen

HELP = "show a recording that was saved as JSON"


def add(parser: ArgumentParser) -> None:
    """What `show` takes."""
    parser.add_argument(
        "recording",
        metavar="FILE",
        type=Path,
        help="what `record --format json` or `run -o FILE` wrote",
    )
    add_view(parser)


def run(args: Namespace) -> int:
    """Show it; `FAILED` if nothing in it is in focus."""
    written = _format(args)
    writable(args.output)
    _sensible(args)
    view = chosen(saved(args.recording), args)
    server = view.trace.header.server
    if server in UNSEEN:
        print(f"{args.prog}: note: {UNSEEN[server]}", file=sys.stderr)
    _write(written, view, args.output)
    problems = list(_nothing_shown(view, args))
    for problem in problems:
        print(f"{args.prog}: {problem}", file=sys.stderr)
    return FAILED if problems else 0


def saved(file: Path) -> Observation:
    """The recording in a file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        text = file.read_text(encoding="utf-8")
        header = Trace.from_json(text).header
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text: give it a recording") from None
    except TraceError as error:
        raise UsageError(
            f"{file}: {error}; a recording is what `walkthroughs record --format json` "
            "writes"
        ) from None
    return Observation(text, _roles(header), header.listening, (), 0, "", None)


def _roles(header: Header) -> dict[str, tuple[str, ...]]:
    known = load(header.server) if header.server in NAMES else None
    server = (*known.FOCUS, *known.TRANSPORT) if known else ()
    return {"own": header.own, "server": server, "framework": header.framework}
