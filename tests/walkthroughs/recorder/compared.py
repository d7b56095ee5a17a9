"""Compares the hops of a recording with what a witness saw."""

from __future__ import annotations

from collections import defaultdict

from tests.walkthroughs.recorder.witness import Place, Witness
from walkthroughs.trace import Call, Hop, Trace


def compare(witness: Witness, trace: Trace) -> Lanes:
    """Asserts that both agree on each hop, and on which step ran where.

    Args:
        witness: what saw the program run.
        trace: its recording; the first watched argument of each call is its number.

    Returns:
        which lane of the recording is which place of the witness.
    """
    calls = [each for each in trace.events if isinstance(each, Call)]
    number = {each.seq: int(each.args[0][1]) for each in calls}
    assert sorted(number.values()) == sorted(witness.places)
    lanes = Lanes()
    for call in calls:
        lanes.same(call.lane, witness.places[number[call.seq]])
    hops: dict[Place, list[Hop]] = defaultdict(list)
    for event in trace.events:
        if isinstance(event, Hop):
            hops[lanes.place[event.lane]].append(event)
    seen = {place: causes for place, causes in witness.hops.items() if causes}
    assert hops.keys() == seen.keys()
    for place, causes in seen.items():
        found = [
            (hop.how, None if hop.origin is None else number[hop.origin])
            for hop in hops[place]
        ]
        assert found == [(cause.how, cause.step) for cause in causes], place
        for hop, cause in zip(hops[place], causes, strict=True):
            lanes.same(hop.origin_lane, cause.place)
    return lanes


class Lanes:
    """Which lane is which place: each lane is one, and each place is one lane."""

    def __init__(self) -> None:
        self.place: dict[int | None, Place] = {None: None}
        self.lane: dict[Place, int | None] = {None: None}

    def same(self, lane: int | None, place: Place) -> None:
        """That lane was said to be that place."""
        assert self.place.setdefault(lane, place) is place, f"lane {lane}"
        assert self.lane.setdefault(place, lane) == lane, place


def _calls(trace: Trace) -> list[Call]:
    return [each for each in trace.events if isinstance(each, Call)]
