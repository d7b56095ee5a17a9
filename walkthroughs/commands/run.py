"""`walkthroughs run`: records a scenario and shows it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

from ..errors import RecordingError, UsageError
from ..pages.first_listing import fence, first_listing
from ..recording import record
from ..render.text import show
from ..render.view import View
from ..scenarios import Scenario, load
from . import writable, write
from .view_options import add_times

HELP = "record a scenario, and show it in the terminal"


def add(parser: ArgumentParser) -> None:
    """Add the options of `run`."""
    parser.add_argument(
        "scenario",
        metavar="NAME",
        help="a name that `walkthroughs list` shows, or module:variable",
    )
    parser.add_argument(
        "--server",
        help="the server to run it on (default: the first that the scenario supports)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="write the recording to a file, as JSON",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="record it again, even if no code has changed",
    )
    parser.add_argument(
        "--format",
        choices=("text", "callpath"),
        default="text",
        help="what to show: the whole path, or a listing of it to paste into a page "
        "(default: %(default)s)",
    )
    add_times(parser)


def run(args: Namespace) -> int:
    """Show all of the recording."""
    scenario = _load_scenario(args.scenario)
    server = args.server or next(iter(scenario.focus))
    if server not in scenario.focus:
        raise UsageError(
            f"{scenario.name} does not run on {server!r}, only on {', '.join(scenario.focus)}"
        )
    writable(args.output)
    trace = record(args.scenario, server, fresh=args.fresh)
    if args.output:
        write(args.output, trace.to_json())
    if args.format == "callpath":
        again = partial(record, args.scenario, server, fresh=True)
        sys.stdout.write(fence(args.scenario, server, first_listing(trace, again)))
    elif not args.output:
        view = View(trace, [step.seq for step in trace.steps])
        show(view, sys.stdout, times=args.times)
    return 0


def _load_scenario(name: str) -> Scenario:
    try:
        return load(name)
    except RecordingError as error:
        raise UsageError(str(error)) from None
