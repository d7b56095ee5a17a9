"""The fence `round-trip`: one drawing of a request's way to the application and back.

    ```round-trip scenario=http-get server=daphne
    socket: twisted.internet.tcp.Server.doRead  # its bytes have arrived
    reactor: daphne.http_protocol.WebRequest.process  # the request is complete
    ```

Each line names a place, a stage that runs there, and what to say of it.  The drawing is
held against every walkthrough of that recording on its page: each of them has all the
stages, in this order, and in such lanes.  Socket and reactor share a lane, and a view may
share that of the task: which of the two it is, is the author's word.  In the drawing, each
stage leads to its step in the first of these walkthroughs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import FenceError, ListingError
from ..pages.markdown import Fence, options_of
from ..render.round_trip import Stop, round_trip
from ..render.view import Step, View
from ..trace import LaneKind, Message
from ..verification import ident, verify
from .place import Place

LINE = re.compile(r"(?P<place>\w+): (?P<stage>.+?)(?:  # (?P<gloss>.+))?")

LANES: dict[str, tuple[LaneKind, ...]] = {
    "socket": ("reactor", "loop"),
    "reactor": ("reactor", "loop"),
    "queue": ("task",),
    "task": ("task",),
    "view": ("task", "thread"),
}
"""Each place with the kinds of lane in which its stages run."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of the fence; `line` counts from 1."""

    place: str
    name: str
    gloss: str
    line: int


def check(fence: Fence, place: Place) -> None:
    """Hold the drawing against every walkthrough of its recording on the page.

    Raises:
        FenceError: its options are not scenario and server.
        ListingError: a line cannot be read; the page has no such walkthrough; one of
            them lacks a stage, or has it earlier, or in another lane.
        WalkthroughError: a walkthrough itself does not hold.
    """
    render(fence, place)


def render(fence: Fence, place: Place) -> str:
    """Make the drawing; raise as `check` does."""
    names, stages = options_of(fence), [*read(fence.body)]
    if names.keys() != {"scenario", "server"}:
        raise FenceError(
            "a round-trip fence takes scenario and server, and nothing else"
        )
    views = [
        verify(each.body, options_of(each)).view
        for each in place.pages.fences.get(place.page, ())
        if each.language == "callpath" and names.items() <= each.options.items()
    ]
    if not views:
        words = f"the page has no callpath of {names['scenario']} on {names['server']}"
        raise ListingError(words, 0)
    found = [find_steps(stages, view) for view in views]
    walk = ident(names["scenario"], names["server"], 1)
    stops = [
        Stop(each.place, views[0].name(step), each.gloss, step.number)
        for each, step in zip(stages, found[0], strict=True)
    ]
    return round_trip(stops, walk)


def read(body: str) -> Iterator[Stage]:
    """Read the lines of a fence.

    Raises:
        ListingError: one of them is no `place: stage  # gloss`, or there is none.
    """
    lines = [(n, line) for n, line in enumerate(body.splitlines(), 1) if line.strip()]
    if not lines:
        raise ListingError("this drawing names no stage", 0)
    for number, line in lines:
        match = LINE.fullmatch(line.strip())
        if match is None:
            raise ListingError(
                f"this is not `place: stage  # gloss`: {line.strip()}", number
            )
        if match["place"] not in LANES:
            known = ", ".join(LANES)
            words = f"{match['place']!r} is not a place: expected one of {known}"
            raise ListingError(words, number)
        yield Stage(match["place"], match["stage"], match["gloss"] or "", number)


def find_steps(stages: Sequence[Stage], view: View) -> list[Step]:
    """Find the step of each stage, in order.

    Raises:
        ListingError: the walkthrough has no such step after that of the stage before, or
            it runs in a lane that is not the stage's place.
    """
    found: list[Step] = []
    for stage in stages:
        later = view.steps[found[-1].number if found else 0 :]
        step = next((each for each in later if view.name(each) == stage.name), None)
        if step is None:
            before = f" after {view.name(found[-1])}" if found else ""
            words = f"the recording has no {stage.name}{before} in its listing"
            raise ListingError(words, stage.line)
        if not _runs_at(view, step, stage.place):
            lane = view.lane(step).label
            words = f"{stage.name} runs in {lane}: that is not the {stage.place}"
            raise ListingError(words, stage.line)
        found.append(step)
    return found


def _runs_at(view: View, step: Step, place: str) -> bool:
    event = step.event
    received = isinstance(event, Message) and event.direction == "receive"
    return view.lane(step).kind in LANES[place] and received == (place == "queue")
