"""The options that say what is shown of a recording."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import UsageError
from ..focus import CALLED, Focus
from ..render.selection import STEPS, select
from ..render.sentences import status
from ..render.view import View
from ..trace import Call, Trace
from .formats import FORMATS

_DOTTED = re.compile(r"-?(\*\.)?[\w<>]+(\.[\w<>]+)*")


def add_view(parser: ArgumentParser) -> None:
    """Add what is to be seen of a recording, and where."""
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="the output format (default: by the name of FILE, or else text)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="the file to write (default: standard output)",
    )
    parser.add_argument(
        "--focus",
        metavar="NAME",
        action="append",
        help="keep only calls below this dotted name; may be given several times, and "
        "as --focus=-NAME to leave something out (default: keep all calls, show those "
        "of the server, the framework and your own code, and count the rest)",
    )
    parser.add_argument(
        "--steps",
        metavar="N",
        type=int,
        help="show at most N steps, your own code first, with an equal share for each "
        f"request (default: {STEPS} for each request, or all with --focus)",
    )
    parser.add_argument(
        "--start-up",
        action="store_true",
        help="in text, also show the steps before the server listens; with --focus "
        "they are always shown (default: one line says how many there were)",
    )
    add_times(parser)


def add_times(parser: ArgumentParser) -> None:
    """Add the option that shows waits."""
    parser.add_argument(
        "--times",
        action="store_true",
        help="in text, also show how long each lane and call waited in this run, and why",
    )


def check_options(args: Namespace) -> None:
    """Refuse options that would show nothing.

    Raises:
        UsageError: no step, or no call, could be shown with them.
    """
    if args.steps is not None and args.steps <= 0:
        raise UsageError("--steps must be at least 1")
    names = args.focus or ()
    for name in names:
        if not _DOTTED.fullmatch(name):
            raise UsageError(f"--focus takes a dotted name, as in a.b, not {name!r}")
    if names and all(name.startswith("-") for name in names):
        raise UsageError(
            "--focus only leaves names out: also add --focus NAME to include some"
        )


def nothing_shown(view: View, args: Namespace) -> Iterator[str]:
    """Yield a line if the focus has left nothing to show."""
    if args.focus and not any(isinstance(each.event, Call) for each in view.steps):
        names = ", ".join(args.focus)
        yield (
            f"no call of {names} was recorded: either nothing there ran"
            f"{_answers(view.trace)}, or the name is wrong"
        )


def _answers(trace: Trace) -> str:
    """Return the statuses of the application's answers that are not a success."""
    statuses = (status(step) for step in trace.steps)
    found = sorted({each for each in statuses if each >= "300"})
    return f" (the application answered {', '.join(found)})" if found else ""


def select_view(
    trace: Trace, roles: Mapping[str, Sequence[str]], args: Namespace
) -> View:
    """Return the part of the recording to show; `roles` as in `Observation`."""
    if args.focus:
        focus = Focus.of((*args.focus, CALLED))
        steps = args.steps or len(trace.steps)
        selection = select(trace, [focus], steps)
    else:
        selection = select(trace, ranked(roles), args.steps)
    return View(trace, selection.shown, selection.times)


def ranked(roles: Mapping[str, Sequence[str]]) -> list[Focus]:
    """Return what is shown without a focus, the most important first."""
    names = ((*roles[role], CALLED) for role in ("own", "server", "framework"))
    own, server, framework = map(Focus.of, names)
    return [replace(own, whole=True), server, framework]
