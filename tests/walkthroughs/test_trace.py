"""A trace goes to JSON and back, and says what is wrong with a file that is none."""

import cProfile
import gc
import json

import pytest

from tests.walkthroughs.trace_builder import trace
from walkthroughs import trace_json as module
from walkthroughs.errors import TraceError
from walkthroughs.trace import Call, Message, Trace

STORY = """
app.One.run
    app.Base.help @ app.One
--- task: application
receive -> http.request
send <- http.response.start
    app.Server.handle_reply
"""


def test_json_and_back_is_the_same_trace() -> None:
    made = trace(STORY)
    assert Trace.from_json(made.to_json()) == made


@pytest.mark.parametrize("characters", [1, 200, 1_000_000])
def test_json_is_read_in_parts_of_whole_lines(
    characters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHARACTERS", characters)
    made = trace(STORY)
    assert Trace.from_json(made.to_json()) == made


def test_a_large_trace_is_read_with_few_calls_for_each_event() -> None:
    """Calls are counted, not seconds: a busy machine makes no difference to them."""
    text = trace("app.One.run\n" * 2_000).to_json()
    profile = cProfile.Profile()
    read = profile.runcall(Trace.from_json, text)
    calls = sum(each.callcount for each in profile.getstats())
    assert calls / len(read.events) < 5


def test_what_an_older_version_did_not_write_has_its_default() -> None:
    made = trace(STORY)
    data = json.loads(made.to_json())
    for event in data["events"]:
        if event["kind"] == "call":
            del event["own"], event["direct"]
    assert Trace.from_json(json.dumps(data)) == made


def test_garbage_is_collected_again_once_a_trace_is_read() -> None:
    text = trace(STORY).to_json()
    Trace.from_json(text)
    assert gc.isenabled()
    gc.disable()
    try:
        Trace.from_json(text)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_json_has_one_event_a_line_so_that_two_traces_can_be_diffed() -> None:
    made = trace(STORY)
    assert len(made.to_json().splitlines()) == len(made.events) + 2


def test_the_numbers_of_events_are_their_places() -> None:
    made = trace(STORY)
    assert [event.seq for event in made.events] == list(range(len(made.events)))


def test_a_method_is_called_by_the_class_of_its_object_first() -> None:
    made = trace(STORY)
    inherited = made.steps[1]
    assert made.names(inherited) == ("app.One.help", "app.Base.help")


def test_a_construction_goes_by_the_name_of_the_class() -> None:
    made = trace("app.One.__init__\n    app.Base.__init__ @ app.Two")
    assert made.names(made.steps[0]) == ("app.One",)
    assert made.names(made.steps[1]) == ("app.Two", "app.Base")


def test_what_a_send_does_runs_inside_of_it() -> None:
    made = trace(STORY)
    reply, sent = made.steps[-1], made.steps[-2]
    assert isinstance(reply, Call) and isinstance(sent, Message)
    assert list(made.ancestors(reply)) == [sent.seq]
    assert made.end[sent.seq] > made.end[reply.seq]


def test_another_schema_is_refused_with_what_to_do() -> None:
    data = json.loads(trace(STORY).to_json())
    data["header"]["schema"] = 0
    with pytest.raises(TraceError, match="record it again"):
        Trace.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"header": {"schema": 1}}'])
def test_what_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(TraceError, match="this is not a recording"):
        Trace.from_json(text)
