"""`walkthroughs show`: a recording is made once, and shown many times."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from walkthroughs.cli import main
from walkthroughs.commands import FAILED, USAGE

SITE = "tests.walkthroughs.commands.site"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recording in a file, of which the other formats are made, too."""
    folder = tmp_path_factory.mktemp("saved")
    words = ["record", SITE, "--server", "uvicorn", "-o", str(folder / "it.json")]
    assert main(words) == 0
    return folder / "it.json"


def test_it_shows_the_applications_the_servers_and_the_frameworks_code(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(saved)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("GET / on uvicorn: ")
    assert f"{SITE}.answer" in said.out and "uvicorn.server.Server" in said.out


def test_it_chooses_and_writes_as_record_does(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(saved), "--focus", SITE]) == 0
    out = capsys.readouterr().out
    assert f"{SITE}.answer" in out and "uvicorn.server.Server" not in out
    page = tmp_path / "it.html"
    assert main(["show", str(saved), "-o", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["show", str(saved), "--format", "json"]) == 0
    assert capsys.readouterr().out == saved.read_text(encoding="utf-8")
    assert main(["show", str(saved), "--focus", "no.such"]) == FAILED
    assert "no call of no.such was recorded" in capsys.readouterr().err


def test_it_says_what_waited_if_asked(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(saved)]) == 0
    without = capsys.readouterr().out
    assert "queued for" not in without
    assert main(["show", str(saved), "--times"]) == 0
    said = capsys.readouterr().out
    assert re.search(
        r"^--- task: .*; queued for \d+(\.\d+)? [µm]?s", said, re.MULTILINE
    )
    # Without the waits, both say the same.
    plain = re.sub(r"; (queued|run by a timer).*|\n *[│ ]*# .*", "", said)
    assert plain == without


def test_what_a_server_hides_is_told_again(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(saved.read_text(encoding="utf-8"))
    data["header"]["server"] = "granian"
    (tmp_path / "it.json").write_text(json.dumps(data))
    assert main(["show", str(tmp_path / "it.json")]) == 0
    assert "note: granian reads, parses and writes HTTP" in capsys.readouterr().err
    main(["show", str(tmp_path / "it.json"), "--format", "html"])
    assert "Not recorded: granian reads, parses" in capsys.readouterr().out


def test_a_recording_of_before_shows_what_it_has(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(saved.read_text(encoding="utf-8"))
    for key in ("own", "framework", "listening"):
        del data["header"][key]
    data["header"]["server"] = "another"
    (tmp_path / "it.json").write_text(json.dumps(data))
    assert main(["show", str(tmp_path / "it.json")]) == 0
    assert "send <- http.response.start" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        {"lane": 99},
        {"lane": "x"},
        {"seq": 0},
        {"function": 10**9},
        {"parent": 10**9},
        {"call": -1},
        {"origin": 10**9},
        {"origin_lane": 99},
        {"scheduled": "soon"},
        {"began": "soon"},
    ],
)
def test_inconsistent_events_are_told(
    change: dict[str, object],
    saved: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = json.loads(saved.read_text(encoding="utf-8"))
    [key] = change
    next(e for e in data["events"][1:] if e.get(key) is not None).update(change)
    (tmp_path / "it.json").write_text(json.dumps(data))
    assert main(["show", str(tmp_path / "it.json")]) == USAGE
    assert "its events are inconsistent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "cannot read {}: No such file or directory"),
        (b"\xff", "{} is not UTF-8 text: give it a recording"),
        (
            b"{}",
            "{}: this is not a recording (KeyError('header')); `walkthroughs record",
        ),
        (b"[]", "{}: this is not a recording ("),
        (b'{"header": ' + b"[" * 100_000, "{}: this is not a recording ("),
        (
            b'{"header": {"schema": 0}}',
            "{}: the recording has schema 0, but this version",
        ),
    ],
)
def test_what_is_no_recording_is_told_in_one_line(
    text: bytes | None,
    fault: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "it.json"
    if text is not None:
        file.write_bytes(text)
    assert main(["show", str(file)]) == USAGE
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert fault.format(file) in said.err


def test_a_listing_of_it_leaves_the_name_of_its_scenario_to_the_author(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(saved), "--format", "callpath"]) == 0
    said = capsys.readouterr().out
    words = "<!-- Name the scenario that sends GET /, or let --scenario name it. -->"
    assert said.startswith(f"{words}\n\n```call")
    assert "```callpath scenario=paths:NAME server=uvicorn\n--- task: lifespan" in said
    assert f"\n{SITE}.application\n    {SITE}.answer\n" in said


def test_a_listing_of_it_has_the_name_that_is_given(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["show", str(saved), "--scenario", "paths:notes"]
    assert main([*words, "--format", "callpath"]) == 0
    first = "```callpath scenario=paths:notes server=uvicorn\n"
    assert capsys.readouterr().out.startswith(first)
    assert main(words) == USAGE
    said = "--scenario names the scenario of --format callpath"
    assert said in capsys.readouterr().err
    words[-1] = "paths notes"
    assert main([*words, "--format", "callpath"]) == USAGE
    said = "'paths notes' is not a scenario: expected MODULE:VARIABLE"
    assert said in capsys.readouterr().err


def test_a_listing_of_a_scenario_of_the_book_has_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "it.json")
    assert main(["run", "http-get", "-o", file]) == 0
    assert main(["show", file, "--format", "callpath"]) == 0
    first = "```callpath scenario=http-get server=daphne\n"
    assert capsys.readouterr().out.startswith(first)


def test_a_focused_recording_lacks_what_a_listing_has_to_mention(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "it.json")
    assert (
        main(["record", SITE, "--server", "uvicorn", "--focus", SITE, "-o", file]) == 0
    )
    assert main(["show", file, "--format", "callpath"]) == FAILED
    assert "made with --focus, so it lacks calls" in capsys.readouterr().err
