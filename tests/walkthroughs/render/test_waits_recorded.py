"""When lanes waited, in recordings of real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from walkthroughs.focus import Focus
from walkthroughs.recorder import Recorder
from walkthroughs.recording import record
from walkthroughs.render.waits import Waits
from walkthroughs.trace import Call, Hop, Message, Trace
from walkthroughs.user_scenarios import scenario

SERVERS = ["daphne", "minidaphne"]


def received(trace: Trace, type: str) -> Message:
    return next(
        each for each in trace.events if isinstance(each, Message) and each.type == type
    )


@pytest.mark.parametrize("server", SERVERS)
def test_receive_waits_for_what_the_client_sends(server: str) -> None:
    trace = record("websocket-echo", server)
    message = received(trace, "websocket.receive")
    waits = Waits(trace)
    assert 0 < waits.client(message) < waits.received(message)
    # Had anything else than the loop's I/O led there, nothing would be said of it.
    events = tuple(
        replace(each, how="call_soon")
        if isinstance(each, Hop) and each.how == "io"
        else each
        for each in trace.events
    )
    assert Waits(replace(trace, events=events)).client(message) == 0


def test_a_client_that_leaves_is_what_receive_waited_for() -> None:
    # Unlike minidaphne, which first gives the client time to read, Daphne says so at once.
    trace = record("client-leaves", "daphne")
    left = received(trace, "http.disconnect")
    waits = Waits(trace)
    # The client stays for much longer than the server needs to notice that it is gone.
    assert waits.received(left) / 2 < waits.client(left) < waits.received(left)


def test_what_a_timer_of_the_server_brings_about_is_not_put_down_to_the_client() -> (
    None
):
    trace = record("client-leaves", "minidaphne")
    assert Waits(trace).client(received(trace, "http.disconnect")) == 0


@pytest.mark.parametrize("server", SERVERS)
def test_what_the_application_brings_about_is_not_put_down_to_the_client(
    server: str,
) -> None:
    module = "tests.walkthroughs.listens_app"
    listens = scenario(
        "listens", f"{module}:application", focus=[module], servers=SERVERS
    )
    trace = record(listens, server)
    waits = Waits(trace)
    ended = received(trace, "http.disconnect")
    # The response is complete: the server says so itself.
    assert waits.received(ended) > 0 and waits.client(ended) == 0


@pytest.mark.parametrize("server", SERVERS)
def test_the_states_of_each_lane_are_in_order_and_do_not_overlap(server: str) -> None:
    trace = record("client-leaves", server)
    waits = Waits(trace)
    for lane in range(len(trace.lanes)):
        at = 0
        for each in waits.stretches(lane):
            assert at <= each.start <= each.end
            at = each.end


async def numbers() -> AsyncIterator[int]:
    await asyncio.sleep(0.01)
    yield 1


async def consumes() -> None:
    async for _ in numbers():
        await asyncio.sleep(0.01)


def test_a_generator_is_woken_for_what_it_awaits_and_not_for_its_consumer() -> None:
    recorder = Recorder(Focus.of([__name__]))
    recorder.start()
    try:
        asyncio.run(consumes())
    finally:
        recorder.stop()
    trace = recorder.trace("test", "none")
    waits = Waits(trace)
    (generator,) = (
        each
        for each in trace.events
        if isinstance(each, Call) and trace.name(each).endswith("numbers")
    )
    slept, gave = waits.suspensions(generator.seq)
    assert slept.hop is not None and slept.hop.how == "wake"
    assert gave.hop is None
