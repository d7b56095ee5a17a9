"""A listing to be pasted, and the scenario beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.walkthroughs.trace_builder import trace
from walkthroughs.clients.exchanges import Receive, WebSocket
from walkthroughs.pages.first_listing import first_scenario, saved_listing
from walkthroughs.render.view import View
from walkthroughs.scenarios import load
from walkthroughs.servers import daphne
from walkthroughs.trace import Trace

STORY = """
daphne.server.Server.run
--- task: receive
layer.wait
--- task: receive 2
receive -> websocket.connect
--- task: receive 3
app.view own
--- task: chapter 7
app.told own
"""


def recorded(story: str) -> Trace:
    """A recording of all code, on Daphne."""
    made = trace(story)
    names = (*daphne.FOCUS, *daphne.TRANSPORT, "app", "layer")
    header = replace(made.header, server="daphne", focus=names, own=("app",))
    return replace(made, header=header)


def test_lanes_have_the_numbers_of_a_recording_of_what_counts() -> None:
    """Where `layer` is not in focus, its task is no lane and takes no number."""
    written = saved_listing(recorded(STORY), ())
    assert written.partition("daphne\n")[2] == (
        "--- task: receive\nreceive -> websocket.connect\n"
        "--- task: receive 2\napp.view\n--- task: chapter 7\napp.told\n```\n"
    )


def test_the_scenario_imports_what_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recorded(STORY)
    asked = [WebSocket("/chat", (Receive(1), "hello", b"bytes"))]
    view = View(made, [step.seq for step in made.steps])
    written = first_scenario("app", asked, ["app"], {"warm_up": "True"}, view)
    source = written.partition("\n\n")[2].partition("-->")[0]
    (tmp_path / "wt_written.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    scenario = load("wt_written:app")
    assert scenario.process["warm_up"] is True
