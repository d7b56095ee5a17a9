"""What is recorded of small programs.

The same story is expected on every Python, so from both sources of events.
"""

from __future__ import annotations

import asyncio
import cProfile
import sys
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import anyio
import anyio.to_thread
import pytest
import uvloop

from tests.walkthroughs.recorder import programs
from walkthroughs.errors import RecordingError
from walkthroughs.focus import Focus
from walkthroughs.recorder import Recorder
from walkthroughs.trace import Call, Exit, Hop, Message, Trace

HERE = programs.__name__


def record(program: Callable[[], Any], **options: Any) -> Trace:
    recorder = Recorder(Focus.of([HERE]), **options)
    recorder.start()
    try:
        if asyncio.iscoroutinefunction(program):
            asyncio.run(program())
        else:
            program()
    finally:
        recorder.stop()
    return recorder.trace("test", "none")


def told(trace: Trace) -> list[str]:
    """The trace in short: indented calls, how they stopped, and hops with their cause."""
    return [_told(trace, event) for event in trace.events]


def _told(trace: Trace, event: Any) -> str:
    if isinstance(event, Call):
        return "    " * event.depth + _name(trace, event.seq)
    if isinstance(event, Exit):
        return f"{event.how} {_name(trace, event.call)}"
    assert isinstance(event, Hop)
    lane = trace.lanes[event.lane].label
    cause = "" if event.origin is None else f" by {_name(trace, event.origin)}"
    return f"-> {lane} ({event.how}{cause})"


def _name(trace: Trace, seq: int) -> str:
    call = trace.events[seq]
    assert isinstance(call, Call)
    return trace.name(call).removeprefix(f"{HERE}.")


def starts(trace: Trace) -> list[str]:
    """Only what began, and the hops."""
    return [each for each in told(trace) if each.split()[0] not in EXITS]


EXITS = ("return", "raise", "suspend", "resume")


def test_calls_nest_and_methods_go_by_the_class_they_were_called_on() -> None:
    trace = record(programs.calls)
    assert starts(trace) == [
        "calls",
        "    Derived.made",
        "        Derived",
        "    Derived.inherited",
        "        Derived.overridden",
        "            Base.overridden",
        "    leaf",
        "    leaf",
        "    leaf",
    ]


def test_every_call_that_began_ends() -> None:
    trace = record(programs.calls)
    assert set(trace.end) == {step.seq for step in trace.steps}


def test_a_call_knows_the_line_that_makes_it() -> None:
    trace = record(programs.calls)
    caller = trace.functions[0]
    call = trace.steps[1]
    assert isinstance(call, Call)
    assert call.line == caller.line + 1
    assert caller.file == "tests/walkthroughs/recorder/programs.py"


def test_an_exception_ends_the_call_it_leaves() -> None:
    assert told(record(programs.catches)) == [
        "catches",
        "    raises",
        "raise raises",
        "    leaf",
        "return leaf",
        "return catches",
    ]


def test_the_exception_is_named_where_the_interpreter_says_it() -> None:
    trace = record(programs.catches)
    names = [e.value for e in trace.events if isinstance(e, Exit) and e.how == "raise"]
    # sys.setprofile does not say it.
    assert names == (["ValueError"] if sys.version_info >= (3, 12) else [None])


def test_a_generator_is_one_call_that_steps_aside() -> None:
    assert told(record(programs.iterates)) == [
        "iterates",
        "    numbers",
        "suspend numbers",
        "    leaf",
        "return leaf",
        "resume numbers",
        "        leaf",
        "return leaf",
        "suspend numbers",
        "    leaf",
        "return leaf",
        "resume numbers",
        "return numbers",
        "return iterates",
    ]


def test_a_coroutine_is_one_call_across_its_suspensions() -> None:
    assert told(record(programs.awaits)) == [
        "-> task: awaits (create_task)",
        "awaits",
        "    pause",
        "suspend pause",
        "suspend awaits",
        "-> task: awaits (wake)",
        "resume awaits",
        "resume pause",
        "return pause",
        "    leaf",
        "return leaf",
        "return awaits",
    ]


@pytest.mark.parametrize("program", [programs.both, programs.grouped])
def test_tasks_are_lanes_and_their_creation_a_hop(program: Callable[[], Any]) -> None:
    name = program.__name__
    found = starts(record(program))
    assert found[1:9] == [
        name,
        f"-> task: first (create_task by {name})",
        "first",
        "    pause",
        f"-> task: second (create_task by {name})",
        "second",
        "    leaf",
        "-> task: first (wake)",
    ]
    assert found[9:] == ["    leaf", f"-> task: {name} (wake)"]


def test_work_for_a_thread_is_a_hop_there_and_back() -> None:
    assert starts(record(programs.to_thread))[1:] == [
        "to_thread",
        "-> thread: executor (executor by to_thread)",
        "slow",
        "-> task: to_thread (wake)",
        "    leaf",
    ]


def test_an_executor_is_a_lane() -> None:
    assert "-> thread: executor (executor by in_executor)" in starts(
        record(programs.in_executor)
    )


def test_work_that_is_done_at_once_leads_back_as_well() -> None:
    """The loop itself passes on that it is done, and is not why."""
    trace = record(programs.in_patient_executor)
    back = [each for each in trace.events if isinstance(each, Hop)][-1]
    assert starts(trace)[-2:] == ["-> task: in_patient_executor (wake)", "    leaf"]
    assert back.origin_lane is not None
    assert trace.lanes[back.origin_lane].label == "thread: executor"


def test_a_thread_is_a_lane() -> None:
    assert starts(record(programs.in_thread)) == [
        "in_thread",
        "-> thread: worker (thread by in_thread)",
        "leaf",
    ]


def test_callbacks_run_in_the_loops_lane_and_say_who_scheduled_them() -> None:
    assert starts(record(programs.calls_soon)) == [
        "-> task: calls_soon (create_task)",
        "calls_soon",
        "-> loop (call_soon by calls_soon)",
        "leaf",
        "-> loop (call_later by calls_soon)",
        "finish",
        "-> task: calls_soon (wake by finish)",
    ]


def test_a_cancelled_coroutine_is_resumed_and_left_by_the_exception() -> None:
    found = told(record(programs.cancels))
    at = found.index("suspend waits_for_ever")
    assert "-> task: waits_for_ever (wake by cancels)" in found[at:]
    assert found[found.index("resume waits_for_ever") :][:4] == [
        "resume waits_for_ever",
        "    leaf",
        "return leaf",
        "raise waits_for_ever",
    ]


def test_an_exception_that_passes_through_ends_each_call() -> None:
    recorder = Recorder(Focus.of([HERE]))
    recorder.start()
    with pytest.raises(ValueError, match="on purpose"):
        asyncio.run(programs.fails_late())
    recorder.stop()
    assert told(recorder.trace())[-3:] == [
        "    raises",
        "raise raises",
        "raise fails_late",
    ]


def test_async_generators_and_context_managers_are_one_call_each() -> None:
    found = starts(record(programs.iterates_and_opens))
    assert [each.strip() for each in found if not each.startswith("->")] == [
        "iterates_and_opens",
        "opened",
        "leaf",
        "ticks",
        "pause",
        "pause",
        "leaf",
    ]


def stated() -> Any:
    class Late(programs.Base):
        pass

    return Late


def computed() -> Any:
    def overridden(self: Any) -> str:
        return "late"

    return type("Late", (programs.Base,), {"overridden": overridden})


@pytest.mark.parametrize("make", [stated, computed])
def test_what_a_class_inherits_is_in_focus_however_late_the_class_comes(
    make: Callable[[], Any],
) -> None:
    late = f"{__name__}.{make().__qualname__}"
    recorder = Recorder(Focus.of([late]))
    recorder.start()
    programs.Base().inherited()
    thing = make()()
    thing.overridden()
    thing.inherited()
    recorder.stop()
    trace = recorder.trace()
    assert [trace.name(step) for step in trace.steps][-3:] == [
        f"{late}.overridden",
        f"{late}.inherited",
        f"{late}.overridden",
    ]


def shared_by_classes() -> Any:
    def shared(self: object) -> None:
        pass

    return shared


def test_a_function_that_looked_like_a_method_is_heard_once_a_class_has_it() -> None:
    def having(function: Any) -> Any:
        class Having:
            shared = function

        return Having()

    name = f"{__name__}.{type(having(None)).__qualname__}"
    recorder = Recorder(Focus.of([name]))
    recorder.start()
    shared = shared_by_classes()
    shared(object())
    having(shared).shared()
    recorder.stop()
    trace = recorder.trace()
    assert [trace.name(step) for step in trace.steps] == [f"{name}.shared"]


def test_a_method_goes_by_an_heir_of_its_class_once_there_is_one() -> None:
    recorder = Recorder(Focus.of([HERE]))
    recorder.start()
    programs.Derived().overridden()
    type("Further", (programs.Derived,), {"__module__": HERE})().overridden()
    recorder.stop()
    called = [each.strip() for each in starts(recorder.trace())]
    assert called == [
        "Derived",
        "Derived.overridden",
        "Base.overridden",
        "Further",
        "Further.overridden",
        "Base.overridden",
    ]


def test_names_out_of_focus_leave_no_mark() -> None:
    recorder = Recorder(Focus.of([HERE, f"-{HERE}.leaf"]))
    recorder.start()
    programs.catches()
    recorder.stop()
    assert starts(recorder.trace()) == ["catches", "    raises"]


def test_watched_arguments_are_kept_in_short() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError

    body = {"__module__": "builtins", "__len__": lambda self: 1}
    Liar = type("dict", (), body)

    recorder = Recorder(Focus.of([HERE]), {f"{HERE}.leaf": ("value", "no")})
    recorder.start()
    programs.leaf("x" * 1000)
    programs.leaf(Rude())
    programs.leaf(Liar())
    recorder.stop()
    long, rude, liar = (e.args for e in recorder.trace().events if isinstance(e, Call))
    assert long[0][0] == "value" and len(long[0][1]) <= 60
    assert rude[0][1] == "<Rude instance>"
    assert liar[0][1] == "<dict: repr raised TypeError>"


def test_the_entries_of_a_watched_dict_are_kept_each() -> None:
    recorder = Recorder(Focus.of([HERE]), {f"{HERE}.leaf": ("value[]",)})
    recorder.start()
    programs.leaf({"type": "http", "password": "x", b"a": [1]})
    programs.leaf("no dict")
    recorder.stop()
    entries, whole = (e.args for e in recorder.trace().events if isinstance(e, Call))
    assert entries == (
        ("value['type']", "'http'"),
        ("value['password']", "•••"),
        ("value[b'a']", "[1]"),
    )
    assert whole == (("value", "'no dict'"),)


def test_an_argument_may_be_watched_in_every_function_that_has_it() -> None:
    watch = {"*": ("value", "no"), f"{HERE}.Base": ()}
    recorder = Recorder(Focus.of([HERE]), watch)
    recorder.start()
    programs.leaf("good morning")
    programs.calls()
    recorder.stop()
    seen = recorder.trace()
    values = {seen.name(e): e.args for e in seen.events if isinstance(e, Call)}
    assert values.pop(f"{HERE}.leaf")[0][0] == "value"
    assert set(values.values()) == {()}


def test_a_full_recording_counts_what_it_drops() -> None:
    trace = record(programs.calls, max_events=3)
    assert len(trace.events) == 3
    assert trace.header.dropped == 15


@pytest.mark.parametrize("start_up", [1, 5, 1_000])
def test_start_up_takes_no_room_from_what_comes(start_up: int) -> None:
    recorder = Recorder(Focus.of([HERE]), max_events=3, start_up=start_up)
    recorder.start()
    programs.leaf()
    recorder.begin()
    before = recorder.event_count
    assert before == min(start_up + 3, 2)
    programs.calls()
    recorder.stop()
    trace = recorder.trace()
    assert [each.seq for each in trace.events] == list(range(len(trace.events)))
    assert len(trace.events) == before + (3 if start_up > 2 else 1)
    assert trace.header.dropped > 0


def test_a_full_recording_says_so_and_takes_no_more_lanes() -> None:
    recorder = Recorder(Focus.of([HERE]), max_events=3)
    recorder.start()
    for number in range(100):
        thread = threading.Thread(target=programs.leaf, name=f"thread {number}")
        thread.start()
        thread.join()
    recorder.stop()
    trace = recorder.trace()
    assert trace.header.warnings == (
        "The recording was full after 3 events: the 297 that followed are missing.",
    )
    assert len(trace.lanes) <= 3
    assert recorder._log.open == {}


@pytest.mark.parametrize("program", [programs.calls, programs.both, programs.in_thread])
def test_what_is_written_is_the_trace(program: Callable[[], Any]) -> None:
    recorder = Recorder(Focus.of([HERE]))
    recorder.start()
    program() if program is not programs.both else asyncio.run(program())
    recorder.stop()
    stream = StringIO()
    recorder.write(stream, "test", "none")
    trace = recorder.trace("test", "none")
    assert stream.getvalue() == trace.to_json()
    assert Trace.from_json(stream.getvalue()) == trace


def test_a_recording_is_written_piece_by_piece() -> None:
    recorder = Recorder(Focus.of([HERE]))
    recorder.start()
    for _ in range(20_000):
        programs.leaf()
    recorder.stop()

    class Counting(StringIO):
        longest = 0

        def write(self, text: str) -> int:
            self.longest = max(self.longest, len(text))
            return len(text)

    tracemalloc.start()
    counting = Counting()
    recorder.write(counting)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0 < counting.longest < 200_000
    # Of 40,000 events, a list and a number each, and no event as an object.
    assert peak < 3_000_000


def test_what_tasks_and_threads_are_called() -> None:
    async def named() -> None:
        await asyncio.create_task(programs.first(), name="fetch  prices\nat 0x7f")
        await asyncio.create_task(programs.first())
        await asyncio.create_task(programs.first(), name="x" * 1000)
        async with anyio.create_task_group() as group:
            group.start_soon(programs.first)
            group.start_soon(programs.first)
        thread = threading.Thread(target=programs.leaf)
        thread.start()
        thread.join()

    assert [lane.label for lane in record(named).lanes] == [
        "task: named",
        "task: fetch prices",
        "task: first",
        "task: " + "x" * 119 + "…",
        f"task: {HERE}.first",
        f"task: {HERE}.first 2",
        "thread: leaf",
    ]


def test_a_thread_does_not_take_the_lane_of_a_dead_one() -> None:
    numbers = set()

    def work() -> None:
        numbers.add(threading.get_ident())
        programs.leaf()

    def threads() -> None:
        for _ in range(50):
            thread = threading.Thread(target=work, name="writer")
            thread.start()
            thread.join()

    trace = record(threads)
    assert len(numbers) < 50  # the system uses them again, which made it go wrong
    assert len({step.lane for step in trace.steps}) == 50


def test_a_thread_has_its_name_before_threading_lists_it() -> None:
    """As where a library's own kind of thread is recorded from its first call on."""
    nobodys = Focus.of([HERE], own=lambda file, module: False, whole=True)
    recorder = Recorder(nobodys)
    recorder.start()
    try:
        thread = programs.Worker(name="writer")
        thread.start()
        thread.join()
    finally:
        recorder.stop()
    trace = recorder.trace("test", "none")
    # On 3.11 a profiler is told of a thread only once it is listed.
    assert f"{HERE}.Worker.run" in [trace.name(step) for step in trace.steps]
    assert "thread: writer" in [lane.label for lane in trace.lanes]
    assert "thread" not in [lane.label for lane in trace.lanes]


def test_a_thread_that_is_used_again_has_a_cause_each_time() -> None:
    async def twice() -> None:
        for _ in range(2):
            await anyio.to_thread.run_sync(programs.leaf)

    found = starts(record(twice))
    hop = "-> thread: AnyIO worker thread (executor)"
    assert found == [hop, "leaf", hop, "leaf"]


async def calls_eagerly() -> None:
    asyncio.get_running_loop().set_task_factory(vars(asyncio)["eager_task_factory"])
    await programs.both()


EAGER = [calls_eagerly] if sys.version_info >= (3, 12) else []
"""Before 3.12, no task is begun at once."""


def test_an_eager_task_is_a_lane_that_is_left_again() -> None:
    for program in EAGER:
        assert starts(record(program))[1:] == [
            "both",
            "-> task: first (create_task by both)",
            "first",
            "    pause",
            "-> task: calls_eagerly (return)",
            "-> task: second (create_task by both)",
            "second",
            "    leaf",
            "-> task: calls_eagerly (return)",
            "-> task: first (wake)",
            "    leaf",
            "-> task: calls_eagerly (wake)",
        ]


def test_another_profiler_is_said_and_the_recorder_comes_back() -> None:
    async def profiled() -> None:
        profiler = cProfile.Profile()
        profiler.enable()
        programs.leaf(1)
        profiler.disable()

    async def both() -> None:
        await asyncio.create_task(programs.first())
        await asyncio.create_task(profiled())
        await asyncio.create_task(programs.second())

    trace = record(both)
    heard = sys.version_info >= (3, 12)
    names = [each.strip() for each in starts(trace) if not each.startswith("->")]
    assert names == ["first", "pause", "leaf", *["leaf"] * heard, "second", "leaf"]
    assert len(trace.header.warnings) == (0 if heard else 1)
    assert all("Another profiler" in each for each in trace.header.warnings)
    assert all(
        call.depth == 0 for call in _calls(trace) if "second" in trace.name(call)
    )


def _calls(trace: Trace) -> list[Call]:
    return [each for each in trace.events if isinstance(each, Call)]


def test_a_loop_that_cannot_be_heard_is_said() -> None:
    recorder = Recorder(Focus.of([HERE]))
    recorder.start()
    loop = uvloop.new_event_loop()
    loop.run_until_complete(programs.both())
    loop.close()
    recorder.stop()
    trace = recorder.trace()
    [warning] = trace.header.warnings
    assert warning == (
        "The event loop is uvloop.Loop, whose scheduling cannot be recorded: tasks and "
        "callbacks run without a cause."
    )
    assert not [each for each in trace.events if isinstance(each, Hop)]


def test_tools_that_leave_nothing_to_listen_with_are_named() -> None:
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return  # and anybody may take the one place that there is
    taken = [tool for tool in range(6) if monitoring.get_tool(tool) is None]
    for tool in taken:
        monitoring.use_tool_id(tool, f"tool {tool}")
    recorder = Recorder(Focus.of([HERE]))
    before = asyncio.Handle.__dict__["_run"]
    try:
        with pytest.raises(RecordingError, match=r"stop one of .* tool 3"):
            recorder.start()
    finally:
        for tool in taken:
            monitoring.free_tool_id(tool)
    assert asyncio.Handle.__dict__["_run"] is before
    recorder.start()
    programs.leaf()
    recorder.stop()
    assert len(recorder.trace().steps) == 1


def test_what_was_scheduled_before_the_recording_has_no_cause() -> None:
    recorder = Recorder(Focus.of([HERE]))

    async def late() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(programs.leaf)
        recorder.start()
        await asyncio.sleep(0.01)
        recorder.stop()

    asyncio.run(late())
    assert starts(recorder.trace()) == ["leaf"]


def test_start_and_stop_may_be_said_twice_and_put_everything_back() -> None:
    places: list[tuple[type, str]] = [
        (asyncio.Handle, "__init__"),
        (asyncio.Handle, "_run"),
        (ThreadPoolExecutor, "submit"),
        (threading.Thread, "start"),
    ]
    before = [cls.__dict__[name] for cls, name in places]
    recorder = Recorder(Focus.of([HERE]))
    recorder.start()
    recorder.start()
    for (cls, name), original in zip(places, before, strict=True):
        assert cls.__dict__[name] is not original
    recorder.stop()
    recorder.stop()
    assert [cls.__dict__[name] for cls, name in places] == before
    assert sys.getprofile() is None


async def application(scope: Any, receive: Any, send: Any) -> None:
    event = await receive()
    programs.leaf()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
    )
    await send({"type": "http.response.body", "body": b"x" * 5, "text": "y" * 50})
    await send({**event, "type": "wrong"})


def test_the_door_marks_what_passes_and_keeps_no_secret() -> None:
    recorder = Recorder(Focus.of([HERE]))

    async def serve() -> None:
        queue = programs.Queue()
        queue.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        queue.put_nowait({"type": "http.disconnect"})

        async def send(event: Any) -> None:
            programs.leaf()
            if event["type"] == "wrong":
                raise OSError("closed")

        await recorder.wrap(application)({"type": "http"}, queue.get, send)

    recorder.start()
    with pytest.raises(OSError, match="closed"):
        asyncio.run(serve())
    recorder.stop()
    trace = recorder.trace()
    messages = [e for e in trace.events if isinstance(e, Message)]
    assert [m.name for m in messages] == [
        "receive -> http.request",
        "send <- http.response.start",
        "send <- http.response.body",
        "send <- wrong",
    ]
    assert [m.depth for m in messages] == [1, 1, 1, 1]
    assert dict(messages[0].summary) == {"body": "0 bytes", "more_body": "False"}
    assert dict(messages[1].summary) == {"status": "200", "headers": "1 headers"}
    assert dict(messages[2].summary) == {
        "body": "5 bytes",
        "text": repr("y" * 40) + "…",
    }
    assert {trace.lanes[m.lane].label for m in messages} == {"task: application"}
    inside = [e.parent for e in trace.events if isinstance(e, Call)]
    assert inside == [None, *(m.seq for m in messages[1:])]
    how = {e.call: e.how for e in trace.events if isinstance(e, Exit)}
    assert how[messages[3].seq] == "raise"


class Connection:
    """Has its queue in an attribute, as some servers have it, or has none."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)

    async def receive(self) -> Any:
        return {"type": "http.request"}


@pytest.mark.parametrize(
    ("attributes", "depth"),
    [({"events": asyncio.Queue()}, 0), ({"events": b""}, None), ({}, None)],
)
def test_a_queue_is_found_where_the_server_says_or_not_at_all(
    attributes: dict[str, object], depth: int | None
) -> None:
    recorder = Recorder(Focus.of([HERE]))

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def send(event: Any) -> None: ...

    async def serve() -> None:
        wrapped = recorder.wrap(application, ("events",))
        await wrapped({"type": "http"}, Connection(**attributes).receive, send)

    recorder.start()
    asyncio.run(serve())
    recorder.stop()
    [message] = (e for e in recorder.trace().events if isinstance(e, Message))
    assert message.depth == depth
