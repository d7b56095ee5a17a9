"""`walkthroughs record`: the path of your request through your application."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby

from ..clients.session import SessionClient, Unanswered
from ..observation import Observation, observe
from ..pages.first_listing import first_scenario
from ..render.sentences import often, plural
from ..servers import NAMES
from ..servers.shortcomings import UNSEEN
from ..trace import Trace
from . import FAILED, option_values, request_options, writable
from .formats import chosen_format, write_view
from .view_options import add_view, check_options, nothing_shown, select_view

Tell = Callable[[str], object]
"""What is given a line on each thing that takes its time."""


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _silently(line: str) -> None:
    pass


HELP = "record the path of a request through an application"


def add(parser: ArgumentParser) -> None:
    """Add the options of `record`."""
    request_options.add(parser)
    parser.add_argument(
        "--server",
        metavar="NAME",
        help=f"the server to run: {', '.join(NAMES)} (default: the first installed)",
    )
    add_view(parser)


def run(args: Namespace) -> int:
    """Record and show; return `FAILED` if anything went wrong."""
    written = chosen_format(args)
    writable(args.output)
    check_options(args)
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
    write_view(written, view, args)
    tell(f"{plural(len(view.trace.steps), 'step')}, {len(view.shown)} of them shown")
    problems = [*problems_of(seen, client, args), *nothing_shown(view, args)]
    for problem in problems:
        print(f"{args.prog}: {problem}", file=sys.stderr)
    return FAILED if problems else 0


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
