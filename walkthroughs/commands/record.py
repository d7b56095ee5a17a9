"""`walkthroughs record`: the path of your request through your application."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import StringIO
from itertools import groupby
from pathlib import Path

from ..clients.session import SessionClient, Unanswered
from ..errors import UsageError
from ..focus import CALLED, Focus
from ..observation import Observation, observe
from ..pages.first_listing import first_scenario
from ..render.mermaid import mermaid
from ..render.perfetto import perfetto
from ..render.selection import STEPS, select
from ..render.sentences import often, plural, status
from ..render.standalone import page
from ..render.svg import svg
from ..render.text import show
from ..render.view import View
from ..servers import NAMES
from ..servers.limits import UNSEEN
from ..trace import Call, Trace
from . import FAILED, option_values, request_options, writable, write

Tell = Callable[[str], object]
"""What is given a line on each thing that takes its time."""


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _silently(line: str) -> None:
    pass


HELP = "record the path of a request through an application"

FORMATS: Mapping[str, Callable[[View], str]] = {
    "text": lambda view: _text(view),
    "html": lambda view: page(view, _title(view.trace), _about(view.trace)),
    "json": lambda view: view.trace.to_json(),
    "svg": lambda view: svg(view, "recording") + "\n",
    "mermaid": mermaid,
    "perfetto": perfetto,
    "callpath": lambda view: "",  # `run` knows the scenario that it speaks of
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


def add(parser: ArgumentParser) -> None:
    """Add the options of `record`."""
    request_options.add(parser)
    parser.add_argument(
        "--server",
        metavar="NAME",
        help=f"the server to run: {', '.join(NAMES)} (default: the first installed)",
    )
    add_view(parser)


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


def run(args: Namespace) -> int:
    """Record and show; return `FAILED` if anything went wrong."""
    written = _format(args)
    writable(args.output)
    _check_options(args)
    tell = _progress if sys.stderr.isatty() else _silently
    client = request_options.client(args, tell)
    server = option_values.server(args.server)
    tell(f"recording {args.application} on {server}")
    seen = observe_server(args, server, client, tell)
    for line in seen.printed.splitlines():
        print(f"application | {line}", file=sys.stderr)
    if server in UNSEEN:
        print(f"{args.prog}: note: {UNSEEN[server]}", file=sys.stderr)
    view = select_view(seen.trace, seen.roles, args)
    if args.format == "callpath":
        own = args.focus or seen.roles["own"]
        more = request_options.as_arguments(args)
        written = partial(
            first_scenario,
            args.application,
            client.exchanges,
            own,
            more,
            again=partial(_observe_again, args, server, tell),
        )
    _write(written, view, args)
    tell(f"{plural(len(view.trace.steps), 'step')}, {len(view.shown)} of them shown")
    problems = [*problems_of(seen, client, args), *_nothing_shown(view, args)]
    for problem in problems:
        print(f"{args.prog}: {problem}", file=sys.stderr)
    return FAILED if problems else 0


def _check_options(args: Namespace) -> None:
    """Refuses options that would show nothing."""
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


_DOTTED = re.compile(r"-?(\*\.)?[\w<>]+(\.[\w<>]+)*")


def _nothing_shown(view: View, args: Namespace) -> Iterator[str]:
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


def observe_server(
    args: Namespace, server: str, client: SessionClient, tell: Tell = _silently
) -> Observation:
    """Run the application on a server, and the client against it."""
    as_listing = getattr(args, "format", None) == "callpath"
    orders = {
        **request_options.process(args),
        "scenario": _describe_exchanges(client),
        "server": server,
        "warm_up": args.warm_up,
        # A listing says of every call that counts whether it is left out.
        "focus": None if as_listing else getattr(args, "focus", None),
        "own": True,
        "max_events": args.max_events,
        "options": {"loop": args.loop},
        "patience": args.time_limit,
    }
    return observe(orders, client, tell=tell)


def _observe_again(args: Namespace, server: str, tell: Tell) -> Trace:
    """Record the same once more, with another client."""
    client = request_options.client(args, tell)
    return observe_server(args, server, client, tell).trace


def _describe_exchanges(client: SessionClient) -> str:
    """Describe what is requested, in a line that fits a heading.

    A few requests are named in their order, and repeated ones once.  Of many, each
    different one is named once, with how often it was sent.
    """
    names = [str(each) for each in client.exchanges]
    groups = [(name, len(list(group))) for name, group in groupby(names)]
    if len(groups) > MOST_NAMED:
        groups = list(Counter(names).items())
    words = [f"{name} {often(count)}".rstrip() for name, count in groups[:MOST_NAMED]]
    if left := sum(count for _, count in groups[MOST_NAMED:]):
        words.append(f"and {left:,} more")
    return ", ".join(words)


MOST_NAMED = 6
"""How many requests are named in what a recording is called."""


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


def problems_of(
    seen: Observation, client: SessionClient, args: Namespace
) -> Iterator[str]:
    """Yield what went wrong, a line each."""
    yield from (f"the application raised at {each}" for each in seen.failures)
    if isinstance(seen.error, Unanswered):
        yield str(seen.error)
    elif seen.error is not None:
        raise seen.error
    elif not seen.failures:
        yield from client.refused
    if seen.failures or seen.error or client.refused:
        yield from seen.reasons
    if seen.running and seen.error is None:
        yield (
            f"the application was not done after {args.time_limit:g} seconds: "
            "--time-limit gives it more"
        )
    if seen.trace.header.dropped:
        # How many events are missing is said by the recording itself.
        yield (
            "the recording is incomplete: --focus makes it smaller, and --max-events "
            f"gives it room for more than {args.max_events:,} events after the start-up"
        )


def _format(args: Namespace) -> Callable[[View], str]:
    name = args.format or "text"
    if args.format is None and args.output is not None:
        if args.output.suffix not in SUFFIXES:
            raise UsageError(
                f"cannot tell the format from the name {args.output}: add --format"
            )
        name = SUFFIXES[args.output.suffix]
    return FORMATS[name]


def _write(written: Callable[[View], str], view: View, args: Namespace) -> None:
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
