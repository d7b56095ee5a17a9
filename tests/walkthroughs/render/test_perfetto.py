"""Perfetto: slices, events and arrows with real times."""

import json
from typing import Any

from walkthroughs.render.perfetto import perfetto
from walkthroughs.render.view import View

from ..trace_builder import trace
from .scenes import REACTOR, TASK, THREAD, request, view


def entries(view: View, phase: str) -> list[dict[str, Any]]:
    found = json.loads(perfetto(view))["traceEvents"]
    return [entry for entry in found if entry["ph"] == phase]


def test_lanes_are_named_threads() -> None:
    names = {entry["tid"]: entry["args"]["name"] for entry in entries(view(), "M")}
    assert names == {1: "reactor", 2: "task: application", 3: "thread: executor"}


def test_every_call_is_a_slice_with_its_time_in_microseconds() -> None:
    slices = entries(view(), "X")
    assert (slices[0]["name"], slices[0]["ts"], slices[0]["dur"]) == (
        "made.tcp.Port.read",
        1,
        13,
    )
    assert "made.http.Request.headers" in {each["name"] for each in slices}


def test_a_suspended_call_is_several_slices() -> None:
    calls = [
        (each["ts"], each["dur"])
        for each in entries(view(), "X")
        if each["name"] == "made.app.App.__call__"
    ]
    # The second lasts to the end of the recording: the call has not ended.
    assert calls == [(10, 2), (19, 8)]


def test_slices_of_a_lane_nest() -> None:
    for lane in (REACTOR, TASK, THREAD):
        ends: list[float] = []
        for each in entries(view(), "X"):
            if each["tid"] == lane + 1:
                while ends and ends[-1] <= each["ts"]:
                    ends.pop()
                end = each["ts"] + each["dur"]
                assert not ends or end <= ends[-1]
                ends.append(end)


def test_received_events_are_instants_and_sent_ones_last() -> None:
    assert [each["name"] for each in entries(view(), "i")] == [
        "receive -> http.request"
    ]
    assert "send <- http.response.start" in {
        each["name"] for each in entries(view(), "X")
    }


def test_hops_are_arrows_from_call_to_lane() -> None:
    starts, ends = entries(view(), "s"), entries(view(), "f")
    assert [each["id"] for each in starts] == [each["id"] for each in ends]
    assert [
        (s["name"], s["tid"], f["tid"]) for s, f in zip(starts, ends, strict=True)
    ] == [
        ("create_task", 1, 2),
        ("executor", 2, 3),
        ("wake", 3, 2),
    ]


def test_a_hop_from_no_known_call_is_no_arrow() -> None:
    hop = View(trace("--- loop\napp.a\n--- task: x\napp.b"), [1, 3])
    assert entries(hop, "s") == []


def test_watched_arguments_go_along() -> None:
    args = [each["args"] for each in entries(view(), "X") if each["args"]]
    assert {"scope": "{'a': <b>}"} in args


def test_an_empty_view_has_lanes_only() -> None:
    empty = json.loads(perfetto(View(request(), ())))["traceEvents"]
    assert {entry["ph"] for entry in empty} == {"M"}
