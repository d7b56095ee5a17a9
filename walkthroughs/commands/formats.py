"""Choose the output format that the options ask for, and write a view in it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from io import StringIO

from ..errors import UsageError
from ..render.mermaid import mermaid
from ..render.perfetto import perfetto
from ..render.standalone import page
from ..render.svg import svg
from ..render.text import show
from ..render.view import View
from ..servers.shortcomings import UNSEEN
from ..trace import Trace
from . import write

FORMATS: Mapping[str, Callable[[View], str]] = {
    "text": lambda view: _text(view),
    "html": lambda view: page(view, _title(view.trace), _about(view.trace)),
    "json": lambda view: view.trace.to_json(),
    "svg": lambda view: svg(view, "recording") + "\n",
    "mermaid": mermaid,
    "perfetto": perfetto,
    # `record` and `show` know the scenario that it speaks of.
    "callpath": lambda view: "",
}
"""Name of a format -> what writes a view in it."""

SUFFIXES = {
    ".txt": "text",
    ".html": "html",
    ".json": "json",
    ".svg": "svg",
    ".mmd": "mermaid",
    ".perfetto": "perfetto",
}
"""What a file's name says of its format."""


def chosen_format(args: Namespace) -> Callable[[View], str]:
    """Return what writes a view in the format that the options ask for.

    Raises:
        UsageError: the name of the file does not tell the format.
    """
    name = args.format or "text"
    if args.format is None and args.output is not None:
        if args.output.suffix not in SUFFIXES:
            raise UsageError(
                f"cannot tell the format from the name {args.output}: add --format"
            )
        name = SUFFIXES[args.output.suffix]
    return FORMATS[name]


def write_view(written: Callable[[View], str], view: View, args: Namespace) -> None:
    """Write a view into the file that the options name, or to standard output.

    Args:
        written: as `chosen_format` returns it.
        view: what is shown.
        args: the options of the command.

    Raises:
        UsageError: the file cannot be written.
    """
    # A reader who names a focus has said what to see.
    overview = not args.focus and not args.start_up
    if written is FORMATS["text"]:
        if args.output is None:
            # It knows whether there is a terminal, and how wide.
            show(view, sys.stdout, overview, args.times)
            return
        written = partial(_text, overview=overview, times=args.times)
    if args.output is not None:
        write(args.output, written(view))
    else:
        sys.stdout.write(written(view))


def _text(view: View, overview: bool = True, times: bool = False) -> str:
    stream = StringIO()
    show(view, stream, overview, times)
    return stream.getvalue()


def _title(trace: Trace) -> str:
    return f"{trace.header.scenario} on {trace.header.server}"


def _about(trace: Trace) -> list[str]:
    header = trace.header
    packages = ", ".join(f"{each.name} {each.version}" for each in header.packages)
    about = [f"Recorded on Python {header.python}.", f"Packages: {packages}."]
    if header.server in UNSEEN:
        about.append(f"Not recorded: {UNSEEN[header.server]}.")
    return [*about, *header.warnings]
