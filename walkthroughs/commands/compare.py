"""`walkthroughs compare`: the paths of two servers for one request, side by side."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace

from ..errors import UsageError
from ..focus import Focus
from ..observation import Observation
from ..render.compare_text import compare, leading_to, stages
from ..render.sentences import plural
from ..render.text import columns
from ..servers import NAMES
from ..trace import Call, Hop, Message, Trace
from . import FAILED, option_values, request_options
from .record import observe_server, problems_of

HELP = "show the paths of two servers for one request side by side"


def add(parser: ArgumentParser) -> None:
    """Add the options of `compare`."""
    request_options.add(parser)
    parser.add_argument(
        "--server",
        metavar="NAME",
        action="append",
        default=[],
        help=f"a server to compare, to be given twice: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--counts",
        action="store_true",
        help="only count the calls, and do not name them",
    )


def run(args: Namespace) -> int:
    """Compare; return `FAILED` if on either server anything went wrong."""
    if len(args.server) != 2:
        raise UsageError("compare takes two servers: --server NAME --server NAME")
    servers = [option_values.server(name) for name in args.server]
    status, paths, totals = 0, [], []
    for server in servers:
        client = request_options.client(args, _rest)
        seen = observe_server(args, server, client)
        trace = seen.trace
        steps = _compared_steps(trace, seen)
        compared = leading_to(trace, steps)
        shown = set() if args.counts else steps
        paths.append(stages(trace, shown, seen.listening, compared))
        totals.append(f"{server}: {_counted(trace, compared)}")
        for problem in problems_of(seen, client, args):
            print(f"{args.prog}: {server}: {problem}", file=sys.stderr)
            status = FAILED
    # What is not a terminal is never cut.
    width = columns(sys.stdout) if sys.stdout.isatty() else None
    heads = (totals[0], totals[1])
    print(compare(paths[0], paths[1], width, heads), end="")
    return status


REST = 0.2
"""Seconds that a server has after each exchange, to put its connection away."""


def _rest(line: str) -> None:
    # Else the next request comes sometimes before the end of this one, sometimes after.
    time.sleep(REST)


def _compared_steps(trace: Trace, seen: Observation) -> set[int]:
    """Return the steps that two servers are compared by: all but the framework's.

    A framework does the same on both, and how often its threads and tasks wake each
    other differs from run to run.
    """
    focus = Focus.of(seen.roles["server"])
    return {
        step.seq
        for step in trace.steps
        if isinstance(step, Message) or step.own or trace.name(step) in focus
    }


def _counted(trace: Trace, compared: set[int]) -> str:
    kinds = ((Call, "call"), (Hop, "hop"), (Message, "event"))
    return ", ".join(
        plural(sum(isinstance(trace.events[n], kind) for n in compared), noun)
        for kind, noun in kinds
    )
