"""Scenarios of one's own: what is prepared for them, and in which process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from walkthroughs.errors import RecordingError
from walkthroughs.recording import record
from walkthroughs.scenarios import Scenario
from walkthroughs.user_scenarios import scenario

MEMBERS = "tests.walkthroughs.members"


@pytest.fixture
def development(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the database is that one has while one develops."""
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "development.sqlite3"


def story(development: Path, **more: Any) -> Scenario:
    return scenario(
        "members",
        f"{MEMBERS}:create",
        focus=[MEMBERS],
        factory=True,
        environment={
            "DJANGO_SETTINGS_MODULE": f"{MEMBERS}_settings",
            "MEMBERS_DATABASE": str(development),
        },
        **more,
    )


def test_set_up_fills_a_database_of_the_recordings_own(development: Path) -> None:
    told = story(development, set_up=f"{MEMBERS}:join", database=True)
    trace = record(told, "uvicorn")
    assert f"{MEMBERS}.members" in map(trace.name, trace.steps)
    assert f"{MEMBERS}.join" not in map(trace.name, trace.steps)
    assert not development.exists()


def test_without_one_the_database_is_that_of_the_settings(development: Path) -> None:
    with pytest.raises(RecordingError, match="no such table: auth_user"):
        record(story(development, set_up=f"{MEMBERS}:join"), "uvicorn")
    assert development.exists()


def test_set_up_belongs_to_what_a_recording_is_kept_under(development: Path) -> None:
    record(story(development, set_up=f"{MEMBERS}:join", database=True), "uvicorn")
    with pytest.raises(RecordingError, match="GET /: 500"):
        record(story(development, database=True), "uvicorn")


@pytest.mark.parametrize(
    ("set_up", "fault"),
    [
        (f"{MEMBERS}:refuse", "ValueError: nobody may join (walkthroughs/members.py"),
        ("no.such:thing", "ModuleNotFoundError: No module named 'no'"),
        (f"{MEMBERS}:nothing", "AttributeError: module 'tests.walkthroughs.members'"),
    ],
)
def test_set_up_that_fails_is_one_line(
    set_up: str, fault: str, development: Path
) -> None:
    with pytest.raises(RecordingError) as caught:
        record(story(development, set_up=set_up), "uvicorn")
    assert f"set_up={set_up!r} failed: {fault}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_set_up_is_named_as_applications_are(development: Path) -> None:
    with pytest.raises(ValueError, match="set_up is 'module:function', not 'join'"):
        story(development, set_up="join")


def test_a_warm_up_and_several_clients_are_part_of_a_scenario(
    development: Path,
) -> None:
    told = story(
        development,
        set_up=f"{MEMBERS}:join",
        database=True,
        warm_up=True,
        at_once=2,
    )
    trace = record(told, "uvicorn")
    names = [trace.name(step) for step in trace.steps]
    assert names.count(f"{MEMBERS}.members") == 2


def test_a_recording_from_another_folder_is_kept_until_its_code_changes(
    development: Path, tmp_path: Path
) -> None:
    place = tmp_path / "src" / "far_away.py"
    place.parent.mkdir()
    site = Path(__file__).with_name("root_path_app.py").read_text(encoding="utf-8")
    place.write_text(site)
    told = scenario(
        "far",
        "far_away:application",
        focus=["far_away"],
        app_dir=str(place.parent),
    )
    first = record(told, "uvicorn")
    # Times differ from run to run: if they are the same, nothing was recorded again.
    assert record(told, "uvicorn").events == first.events
    place.write_text(site.replace("application(", "changed(") + "application = changed")
    again = record(told, "uvicorn")
    assert "far_away.changed" in map(again.name, again.steps)
