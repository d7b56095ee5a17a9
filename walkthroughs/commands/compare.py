"""`walkthroughs compare`: the paths of two servers for one request, side by side."""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser, Namespace

from ..focus import Focus
from ..record import Observation
from ..render.stages import Stage, compare, stages
from ..render.text import WIDTH
from ..render.words import plural
from ..servers import NAMES
from ..trace import Call, Hop, Message, Trace
from . import FAILED, UsageError, asking
from .record import look, told

HELP = "show the paths of two servers for one request side by side"


def add(parser: ArgumentParser) -> None:
    """What `compare` takes."""
    asking.add(parser)
    parser.add_argument(
        "--server",
        metavar="NAME",
        action="append",
        default=[],
        help=f"twice: two of {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--counts", action="store_true", help="only count; name no calls"
    )


def run(args: Namespace) -> int:
    """Compares; `FAILED` if on either server anything was not as it should be."""
    if len(args.server) != 2:
        raise UsageError("compare takes two servers: --server one --server other")
    servers = [asking.server(name) for name in args.server]
    status, paths, totals = 0, [], []
    for server in servers:
        browser = asking.browser(args, lambda line: None)
        seen = look(args, server, browser)
        trace = Trace.from_json(seen.json)
        paths.append(_stages(trace, seen, args.counts))
        totals.append(f"{server}: {_counted(trace)}")
        for problem in told(seen, browser, args):
            print(f"{args.prog}: {server}: {problem}", file=sys.stderr)
            status = FAILED
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    half = (width - 3) // 2
    print(f"{totals[0]:{half}} | {totals[1]}")
    print(compare(paths[0], paths[1], width), end="")
    return status


def _stages(trace: Trace, seen: Observation, counts: bool) -> list[Stage]:
    """The stages, with the server's and the application's own calls."""
    focus = Focus.of((*seen.roles["own"], *seen.roles["server"]))
    shown = {
        step.seq
        for step in trace.steps
        if isinstance(step, Call) and not counts and trace.name(step) in focus
    }
    return stages(trace, shown, seen.listening)


def _counted(trace: Trace) -> str:
    kinds = ((Call, "call"), (Hop, "hop"), (Message, "event"))
    return ", ".join(
        plural(sum(isinstance(event, kind) for event in trace.events), noun)
        for kind, noun in kinds
    )
