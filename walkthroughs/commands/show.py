"""`walkthroughs show`: a recording that was saved, in any format."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..errors import TraceError, UsageError
from ..pages.first_listing import saved_listing
from ..render.view import View
from ..scenarios import names
from ..servers import NAMES, load
from ..servers.shortcomings import UNSEEN
from ..trace import Call, Event, Exit, Header, Hop, Message, Trace
from . import FAILED, writable
from .formats import chosen_format, write_view
from .view_options import add_view, check_options, nothing_shown, select_view

HELP = "show a recording that was saved as JSON"

SCENARIO = re.compile(r"[\w-]+(\.\w+)*(:\w+)?")
"""What a fence can say: "http-get" for one of the book's, "paths:polls" for any other."""


def add(parser: ArgumentParser) -> None:
    """Add the options of `show`."""
    parser.add_argument(
        "recording",
        metavar="FILE",
        type=Path,
        help="what `record --format json` or `run -o FILE` wrote",
    )
    add_view(parser)
    parser.add_argument(
        "--scenario",
        metavar="NAME",
        help="with --format callpath: the scenario that the listing is of, as "
        "MODULE:VARIABLE (default: the one that `run` recorded, if it is the book's)",
    )


def run(args: Namespace) -> int:
    """Show it; `FAILED` if nothing in it is in focus."""
    written = chosen_format(args)
    writable(args.output)
    check_options(args)
    if args.scenario and args.format != "callpath":
        raise UsageError("--scenario names the scenario of --format callpath")
    if args.scenario and not SCENARIO.fullmatch(args.scenario):
        words = f"{args.scenario!r} is not a scenario: expected MODULE:VARIABLE"
        raise UsageError(words)
    trace = saved(args.recording)
    server = trace.header.server
    view = select_view(trace, _roles(trace.header), args)
    if server in UNSEEN:
        print(f"{args.prog}: note: {UNSEEN[server]}", file=sys.stderr)
    if args.format == "callpath":
        written = partial(_listing, args.focus or (), args.scenario)
    write_view(written, view, args)
    problems = list(nothing_shown(view, args))
    for problem in problems:
        print(f"{args.prog}: {problem}", file=sys.stderr)
    return FAILED if problems else 0


def _listing(focus: Sequence[str], scenario: str | None, view: View) -> str:
    known = view.trace.header.scenario
    name = scenario or (known if known in names() else "")
    return saved_listing(view.trace, focus, name)


def saved(file: Path) -> Trace:
    """Read the recording in a file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        text = file.read_text(encoding="utf-8")
        trace = Trace.from_json(text)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text: give it a recording") from None
    except TraceError as error:
        raise UsageError(
            f"{file}: {error}; `walkthroughs record --format json` writes a recording"
        ) from None
    if not all(
        _fits(number, event, trace) for number, event in enumerate(trace.events)
    ):
        raise UsageError(f"{file}: its events are inconsistent: record it again")
    return trace


def _fits(number: int, event: Event, trace: Trace) -> bool:
    """Whether an event has its number, and refers to what is there."""
    before, lanes = range(number), range(len(trace.lanes))
    if event.seq != number or event.lane not in lanes:
        return False
    if isinstance(event, Hop):
        known = event.origin is None or event.origin in before
        times = (event.scheduled, event.began, event.thread)
        if not all(each is None or isinstance(each, int) for each in times):
            return False
        return known and (event.origin_lane is None or event.origin_lane in lanes)
    if isinstance(event, Exit):
        return event.call in before and _is_step(trace.events[event.call])
    if isinstance(event, Call) and event.function not in range(len(trace.functions)):
        return False
    assert isinstance(event, Call | Message)
    parent = event.parent
    return parent is None or (parent in before and _is_step(trace.events[parent]))


def _is_step(event: Event) -> bool:
    return isinstance(event, Call | Message)


def _roles(header: Header) -> dict[str, tuple[str, ...]]:
    known = load(header.server) if header.server in NAMES else None
    server = (*known.FOCUS, *known.TRANSPORT) if known else ()
    return {"own": header.own, "server": server, "framework": header.framework}
