"""Granian, embedded: when it says that it listens, and when it never does."""

from __future__ import annotations

import pytest

from walkthroughs.clients import http, request
from walkthroughs.errors import RecordingError
from walkthroughs.observation import Observation, observe
from walkthroughs.trace import Message, Trace

APPLICATIONS = "tests.walkthroughs.servers.starting"


def seen(name: str) -> Observation:
    """A recording of an application that starts up in its own way."""
    orders = {
        "scenario": name,
        "server": "granian",
        "application": f"{APPLICATIONS}:{name}",
    }
    return observe(orders, lambda port: http(port, request("GET", "/")))


@pytest.mark.parametrize("name", ["slow", "raises", "returns"])
def test_it_listens_once_the_application_has_started_up(name: str) -> None:
    observation = seen(name)
    assert observation.error is None
    trace = Trace.from_json(observation.json)
    types = [event.type for event in trace.events if isinstance(event, Message)]
    assert types[-2:] == ["http.response.start", "http.response.body"]


def test_an_application_that_does_not_start_up_is_told() -> None:
    with pytest.raises(RecordingError, match=r"start-up failed: no database$"):
        seen("fails")
