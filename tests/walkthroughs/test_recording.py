"""Recordings of real servers: the same each time, and different when Daphne is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import django
import pytest

from tests.walkthroughs.page_builder import failures
from walkthroughs import fence_recordings, observation, recording, servers
from walkthroughs.clients import raw as clients
from walkthroughs.errors import Mismatch, RecordingError
from walkthroughs.listing import check, parse
from walkthroughs.pages.markdown import fences
from walkthroughs.recording import record
from walkthroughs.scenarios import Scenario, load, names
from walkthroughs.servers import NAMES
from walkthroughs.trace import Hop, Message, Trace

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing made here stays."""
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("server", ["daphne", "minidaphne"])
@pytest.mark.parametrize("scenario", ["http-get", "websocket-push", "server-stops"])
def test_two_recordings_have_the_same_steps_in_the_same_lanes(
    scenario: str, server: str
) -> None:
    one, two = (_steps(record(scenario, server, fresh=True)) for _ in range(2))
    if scenario == "websocket-push":
        # Channels and Django are in a thread each: which is quicker, nobody can say.
        one, two = (sorted(steps, key=lambda step: step[1]) for steps in (one, two))
    assert one == two


def _steps(trace: Trace) -> list[tuple[str, str]]:
    return [(trace.name(s), trace.lanes[s.lane].label) for s in trace.steps]


def test_a_recording_is_made_once_and_read_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = record("main-loop", "daphne")
    monkeypatch.setattr(recording, "_record", _never)
    assert record("main-loop", "daphne") == first
    with pytest.raises(AssertionError):
        record("main-loop", "daphne", fresh=True)


def test_a_damaged_recording_is_made_again() -> None:
    first = record("main-loop", "daphne")
    [path] = recording.cache_folder().iterdir()
    path.write_text("{}")
    assert [first.name(s) for s in record("main-loop", "daphne").steps] == [
        first.name(s) for s in first.steps
    ]


def _never(*args: object) -> str:
    raise AssertionError


def test_a_trace_says_what_it_was_made_with_and_holds_no_path_of_the_machine() -> None:
    trace = record("http-get", "daphne")
    versions = {each.name: each.version for each in trace.header.packages}
    assert {"daphne", "Twisted", "Django"} <= set(versions)
    assert {f.file for f in trace.functions} >= {"daphne/server.py"}
    assert os.getcwd() not in trace.to_json()


def test_events_at_the_door_have_the_queues_depth_and_hops_have_causes() -> None:
    trace = record("http-get", "daphne")
    messages = [e for e in trace.events if isinstance(e, Message)]
    assert [m.type for m in messages][:3] == [
        "http.request",
        "http.response.start",
        "http.response.body",
    ]
    assert {m.depth for m in messages} == {0}
    application = next(
        e
        for e in trace.events
        if isinstance(e, Hop) and trace.lanes[e.lane].label == "task: application"
    )
    assert application.how == "create_task"
    origin = trace.events[application.origin or 0]
    assert trace.name(origin) == "daphne.server.Server.create_application"  # type: ignore[arg-type]  # a call


BROKEN: dict[str, tuple[Callable[[Scenario], Scenario], str]] = {
    "the application cannot be imported": (
        lambda it: replace(it, application="no.such.module:application"),
        "cannot import no.such.module: ModuleNotFoundError: No module named 'no'",
    ),
    "the client does not get what it expects": (
        lambda it: replace(it, client=lambda port: 1 / 0),
        "the client failed: ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_goes_wrong_is_one_clear_line(fault: str) -> None:
    breaks, message = BROKEN[fault]
    with pytest.raises(RecordingError) as caught:
        record(breaks(load("http-get")), "daphne")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_start_in_time_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observation, "START_LIMIT", 0.001)
    with pytest.raises(RecordingError, match=r"did not listen within 0\.001 sec"):
        record("main-loop", "daphne")


def test_every_scenario_of_the_book_loads_and_runs_on_the_books_servers() -> None:
    for name in names():
        scenario = load(name)
        assert scenario.name == name
        assert scenario.story.endswith(".")
        assert set(scenario.focus) <= set(NAMES)


ROOT_PATH = {"granian": "url_path_prefix"}


@pytest.mark.parametrize("server", NAMES)
def test_a_scenario_sets_options_of_the_server_in_the_servers_own_words(
    server: str,
) -> None:
    scenario = Scenario(
        name="options",
        story="The server is told under which path the application stands.",
        application="tests.walkthroughs.root_path_app:application",
        client=_hears("/under"),
        focus={server: servers.load(server).FOCUS},
        options={ROOT_PATH.get(server, "root_path"): "/under"},
    )
    assert record(scenario, server).header.server == server
    with pytest.raises(RecordingError, match="the client failed: AssertionError"):
        record(replace(scenario, options={}), server)


def _hears(words: str) -> Callable[[int], None]:
    def client(port: int) -> None:
        reply = clients.http(port, clients.request("GET", "/under/"))
        assert f"below {words}.".encode() in reply, reply

    return client


PATCHES = {
    "renamed": (
        "daphne-to-django.md",
        (
            "daphne.server.Server.create_application never happened; "
            "the nearest that did is daphne.server.Server.make_application"
        ),
    ),
    "reordered": (
        "django-to-daphne.md",
        (
            "between daphne.server.Server.handle_reply and "
            "daphne.server.Server.check_headers_type came "
            "daphne.http_protocol.WebRequest.handle_reply"
        ),
    ),
}


@pytest.mark.parametrize("patch", PATCHES)
def test_a_page_fails_when_daphne_does_something_else(
    patch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, message = PATCHES[patch]
    text = (DOCS / page).read_text()
    scenario = replace(
        load("http-get"), application=f"tests.walkthroughs.patched_daphne:{patch}"
    )
    trace = record(scenario, "daphne")
    [fence] = [
        each
        for each in fences(text)
        if each.language == "callpath"
        and each.options["server"] == "daphne"
        and django.__version__.startswith(each.options.get("django", ""))
    ]
    with pytest.raises(Mismatch, match=re.escape(message)) as caught:
        check(parse(fence.body), trace)
    monkeypatch.setattr(fence_recordings, "record", lambda *args: trace)
    block = text[fence.start : fence.end].replace(f"\n{fence.indent}", "\n")
    [failure] = failures(tmp_path, block.lstrip() + "\n")
    assert f"page.md:{1 + caught.value.line}: {message}" in failure
    assert "daphne 4" in failure
