"""Why something waited, in words: one sentence a wait, true of this one run."""

from __future__ import annotations

from functools import cached_property

from ..trace import Call, Hop, Lane, Message
from .durations import spoken
from .sentences import HOPS, Sentence, by, plural
from .view import Arrival, Step, View
from .waits import Queued, Suspension, Waits

SHORTEST = 1_000
"""Waits of fewer nanoseconds are not spoken of."""


class Waiting:
    """What the steps of a view waited for.

    Args:
        view: what is shown.
    """

    def __init__(self, view: View) -> None:
        self.view = view

    @cached_property
    def waits(self) -> Waits:
        """What the recording tells of waiting."""
        return Waits(self.view.trace)

    def arrival(self, row: Arrival) -> Sentence:
        """Say how long a hop waited, and what for; nothing if that is not known."""
        return self.hop(row.hop) if row.hop else ()

    def hop(self, hop: Hop) -> Sentence:
        """Say how long a hop waited, and what for; nothing if that is not known."""
        timer = self.waits.timer(hop)
        if timer is not None:
            return (f"Run by a timer, {spoken(timer)} after that was set.",)
        queued = self.waits.queued(hop)
        if queued is None or queued.waited < SHORTEST:
            return ()
        return (f"Queued for {spoken(queued.waited)}{self._behind(hop, queued)}.",)

    def step(self, row: Step) -> Sentence:
        """Say how long a step was suspended, and until when; nothing if it was not."""
        event = row.event
        if isinstance(event, Call):
            return self._suspended(event)
        waited = self.waits.received(event)
        return self._received(event) if waited >= SHORTEST else ()

    def _behind(self, hop: Hop, queued: Queued) -> str:
        if queued.many:
            return f" while its thread ran other callbacks {queued.many:,} times"
        if queued.behind is None:
            if self.view.trace.lanes[hop.lane].kind == "thread":
                return " until a thread began it"
            if queued.unsure:
                return ""
            return ", behind no recorded call"
        part = ""
        if queued.for_long < queued.waited * ALMOST:
            part = f", {spoken(queued.for_long)} of it"
        lane = the(self.view.trace.lanes[queued.behind])
        if queued.behind == hop.lane:
            return f"{part} behind other work in {lane}"
        after = ", which had scheduled it" if queued.behind == hop.origin_lane else ""
        return f"{part} behind {lane}{after}"

    def _suspended(self, call: Call) -> Sentence:
        found = self.waits.suspensions(call.seq)
        total = sum(each.waited for each in found)
        if total < SHORTEST:
            return ()
        longest = max(found, key=lambda each: each.waited)
        words = f"Suspended for {spoken(total)}"
        if len(found) > 1:
            pauses = plural(len(found), "pause")
            words += f" in {pauses}; the longest lasted {spoken(longest.waited)}"
        return (words, *self._until(longest), ".")

    def _until(self, pause: Suspension) -> Sentence:
        if pause.received is not None:
            return (": it awaited receive()", *self._client(pause.received))
        return self._woken(pause.hop) if pause.hop else ()

    def _woken(self, hop: Hop) -> Sentence:
        cause = by(self.view, hop.origin, hop.origin_lane)
        return (f", until it was {HOPS.get(hop.how, hop.how)}", *cause)

    def _received(self, message: Message) -> Sentence:
        words = f"The application waited {spoken(message.waited)} for it"
        return (words, *self._client(message), ".")

    def _client(self, message: Message) -> Sentence:
        client = self.waits.client(message)
        if client >= SHORTEST:
            found = f"the loop found a socket ready after {spoken(client)}"
            return (f"; {found}, and that woke it",)
        hop = self.waits.woken(message)
        return self._woken(hop) if hop else ()


ALMOST = 0.9
"""What ran for that part of a wait is said to have run for all of it."""


def the(lane: Lane) -> str:
    """Return a lane's name within a sentence: "the task listen_for_disconnect"."""
    return f"the {lane.kind} {lane.name}".rstrip()
