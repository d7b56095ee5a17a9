"""A first listing, written by the tool: what an author pastes, and then cuts down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ..clients.exchanges import Exchange, Request
from ..errors import FenceError
from ..focus import CALLED, Focus
from ..listing import counted, holds, parse, sure_part, write
from ..listing.parser import is_name
from ..recorder.build import numbered
from ..render.view import View
from ..servers import load
from ..trace import Lane, LaneKind, Message, Trace

MODULE = "paths"
"""The module that a recorded request is proposed to become a scenario of."""


RUNS = 5
"""How many recordings a first listing has to hold in where its order may be chance.

One recording tells that threads run at the same time, but not how often they change
places, nor all that depends on it."""

Again = Callable[[], Trace]
"""Records the same once more."""


def first_listing(trace: Trace, again: Again | None = None) -> str:
    """Write a listing of what the application itself did.

    Args:
        trace: the recording of a scenario.
        again: makes another one; None if there is only this one.

    Raises:
        FenceError: the recording has nothing to name.
    """
    theirs = {*_of_server(trace.header.server), CALLED}
    own = [name for name in trace.header.focus if name not in theirs]
    names = own or trace.header.focus
    named = Focus.of((*own, CALLED) if own else trace.header.focus)
    return _steady(trace, names, named, None, again)


def _steady(
    trace: Trace,
    names: Sequence[str],
    named: Focus,
    counting: Focus | None,
    again: Again | None,
) -> str:
    """Write a listing that holds in other runs as well.

    Args:
        trace: the recording.
        names: what to say that no call of was recorded.
        named: the calls to name.
        counting: those to leave out by an ellipsis; None for all.
        again: as `first_listing` has it.
    """
    plain, careful = (write(trace, named, counting, each) for each in (False, True))
    if not plain:
        raise FenceError(
            f"no call of {', '.join(names)} was recorded: there is nothing to list"
        )
    runs = [(trace, counted(trace, counting))]
    if again is None or plain == careful:
        return sure_part(plain, runs)
    while len(runs) < RUNS:
        another = again() if counting is None else _renumbered(again(), counting)
        runs.append((another, counted(another, counting)))
    if holds(plain, runs):
        return plain
    drafts = (write(each, named, counting, careful=True) for each, _ in runs)
    return max((sure_part(each, runs) for each in drafts if each), key=_worth)


def _worth(text: str) -> tuple[int, int]:
    """How much a listing tells: how many calls, then how many lines."""
    names = [claim.line.text for claim in parse(text).claims]
    return sum(map(is_name, names)), len(names)


def fence(scenario: str, server: str, listing: str) -> str:
    """Return the listing as it stands on a Markdown page."""
    return f"```callpath scenario={scenario} server={server}\n{listing}```\n"


def first_scenario(
    application: str,
    exchanges: Sequence[Exchange],
    own: Iterable[str],
    more: Mapping[str, str],
    view: View,
    again: Again | None = None,
) -> str:
    """Write a listing of a request that is not a scenario yet, and that scenario.

    Args:
        application: its name, "notes:app".
        exchanges: what was asked of it.
        own: the dotted names that the listing speaks of.
        more: further arguments of `scenario`: name -> code.
        view: the recording, with all calls in it.
        again: makes another recording; None if there is only this one.

    Raises:
        FenceError: there is nothing to name.
    """
    server, own = view.trace.header.server, _seen(view.trace, own)
    listing = _listing(view.trace, own, again)
    name = re.sub(r"\W", "_", application.partition(":")[0].partition(".")[0])
    asked = "".join(f"    {_code(each)},\n" for each in exchanges)
    names = ", ".join(f'"{each}"' for each in own)
    arguments = "".join(f"    {key}={code},\n" for key, code in more.items())
    return (
        f"<!-- The listing below needs this in {MODULE}.py:\n\n"
        f"{_imports(exchanges, more)}from walkthroughs import scenario\n\n"
        f'{name} = scenario(\n    "{name}",\n    "{application}",\n{asked}'
        f'    focus=[{names}],\n    servers=["{server}"],\n{arguments})\n-->\n\n'
        + fence(f"{MODULE}:{name}", server, listing)
    )


def saved_listing(trace: Trace, focus: Sequence[str], scenario: str = "") -> str:
    """Write a listing of a recording in a file.

    Args:
        trace: the recording.
        focus: the dotted names that the listing speaks of; none for the application's.
        scenario: what a page calls it; without it, a comment says what is to be named.

    Raises:
        FenceError: there is nothing to name, or the recording lacks what counts.
    """
    server, names = trace.header.server, trace.header.focus
    if not {*_of_server(server)} <= {*names}:
        raise FenceError(
            "the recording was made with --focus, so it lacks calls that a listing has to "
            "mention: record it again with --format callpath"
        )
    whole = {*trace.header.own, *trace.header.framework} <= {*names}
    if whole or focus:
        listing = _listing(trace, _seen(trace, focus or trace.header.own))
    else:
        listing = first_listing(trace)  # that of a scenario
    if scenario:
        return fence(scenario, server, listing)
    return (
        f"<!-- Name the scenario that sends {trace.header.scenario}, or let --scenario "
        f"name it. -->\n\n{fence(f'{MODULE}:NAME', server, listing)}"
    )


def _listing(trace: Trace, own: Sequence[str], again: Again | None = None) -> str:
    """Write a listing of the calls below some names, among those of the server."""
    counting = Focus.of((*_of_server(trace.header.server), *own, CALLED))
    renumbered = _renumbered(trace, counting)
    return _steady(renumbered, own, Focus.of((*own, CALLED)), counting, again)


def _renumbered(trace: Trace, counting: Focus) -> Trace:
    """Give lanes the numbers that they have in a recording of only what counts."""
    counts = (
        step.lane
        for step in trace.steps
        if isinstance(step, Message) or counting.takes(trace.name(step), step.own)
    )
    order = [*dict.fromkeys((*counts, *range(len(trace.lanes))))]
    names = [_without_number(trace.lanes[number], trace.lanes) for number in order]
    lanes = dict(zip(order, numbered(names), strict=True))
    return replace(trace, lanes=tuple(lanes[number] for number in sorted(lanes)))


def _without_number(lane: Lane, lanes: Sequence[Lane]) -> tuple[LaneKind, str]:
    """Give the kind of a lane, and its name as it was before it got a number."""
    stem, _, number = lane.name.rpartition(" ")
    is_numbered = number.isdecimal() and Lane(lane.kind, stem) in lanes
    return lane.kind, stem if is_numbered else lane.name


def _seen(trace: Trace, names: Iterable[str]) -> list[str]:
    """Those of the names that some call goes by; all of them if none has a call."""
    calls = {(trace.name(step), step.own) for step in trace.steps}
    names = list(names)
    seen = [n for n in names if any(Focus((n,)).takes(*call) for call in calls)]
    return seen or names


def _of_server(name: str) -> tuple[str, ...]:
    server = load(name)
    return (*server.FOCUS, *server.TRANSPORT)


def _code(exchange: Exchange) -> str:
    """Return the exchange as `scenario` takes it: a plain request is a string."""
    plain = isinstance(exchange, Request) and exchange == Request.of(str(exchange))
    return f'"{exchange}"' if plain else repr(exchange)


def _imports(exchanges: Sequence[Exchange], more: Mapping[str, str]) -> str:
    made = [each for each in exchanges if _code(each)[0] != '"']
    steps = [step for each in made for step in getattr(each, "steps", ())]
    kinds = sorted({type(e).__name__ for e in (*made, *steps)} - {"str", "bytes"})
    lines = [
        ("dotenv", ["dotenv_values"] if "environment" in more else []),
        ("walkthroughs.clients.exchanges", kinds),
    ]
    return "".join(
        f"from {module} import {', '.join(names)}\n" for module, names in lines if names
    )
