"""`walkthroughs drift`, without installing anything."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.walkthroughs.commands.test_check import RIGHT, SWAPPED, markdown
from walkthroughs.cli import main
from walkthroughs.commands import FAILED, USAGE, drift
from walkthroughs.compatibility import environments
from walkthroughs.compatibility.environments import (
    Uninstallable,
    Wanted,
    make,
    versions,
)
from walkthroughs.compatibility.matrix import Cell, Row, page, text
from walkthroughs.recording import Environment, record

PYTHON = Path(sys.executable)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Two pages with a listing each, and one that speaks of another server."""
    (tmp_path / "a.md").write_text(markdown(RIGHT))
    (tmp_path / "b.md").write_text(markdown(SWAPPED))
    other = markdown(RIGHT).replace("server=daphne", "server=minidaphne")
    (tmp_path / "c.md").write_text(other)
    return tmp_path


def test_listings_are_held_against_each_version(
    pages: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trace = record("main-loop", "daphne")
    asked: list[Environment | None] = []

    def make(wanted: Wanted) -> Environment:
        if wanted.age == "oldest":
            raise Uninstallable("no such version")
        return Environment(PYTHON, json.dumps(["3.11.7", ["Django==5.2", "x==1"]]))

    def recorded(name: str, server: str, environment: Environment) -> Any:
        asked.append(environment)
        return trace

    monkeypatch.setattr(drift, "make", make)
    monkeypatch.setattr(drift, "record", recorded)
    out = pages / "versions.md"
    words = ["drift", str(pages), "--daphne", "4.2.3", "-o", str(out)]
    assert main(words) == FAILED
    said = capsys.readouterr()
    assert len(asked) == 2
    assert "Daphne 4.2.3, oldest: cannot be installed" in said.out
    assert "Daphne 4.2.3, newest, Python 3.11.7: 1 of 2 hold" in said.out
    assert f"{pages.as_posix()}/b.md:5 (main-loop): daphne.http_protocol" in said.out
    assert sorted(line[:6] for line in said.err.splitlines()) == ["1 of 2", "2 of 2"]
    written = out.read_text()
    assert "1. Daphne 4.2.3: cannot be installed together." in written
    assert "2. Python 3.11.7, Daphne 4.2.3, Django 5.2: 1 of 2 hold." in written
    assert "It cannot be installed: `no such version`" in written
    first, second = "[A page](../a.md)", "[A page](../b.md)"
    assert f"    | {first} | - | holds |\n    | {second} | - | differs |" in written
    assert "line 5" not in written
    assert "In 1: Daphne 4.2.3, oldest:\n" in written


VARIANTS = """\
# A page

## A chapter

```callpath scenario=main-loop server=daphne django=5.2
daphne.one
```

```callpath scenario=main-loop server=daphne django=6.1
daphne.two
```

```callpath scenario=main-loop server=daphne
daphne.three
```
"""


def test_the_variant_for_the_version_at_hand_counts(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").touch()
    table = '[tool.walkthroughs.versions]\ndjango = ["5.2", "6.1"]\n'
    (tmp_path / "pyproject.toml").write_text(table)
    page = tmp_path / "docs" / "answers" / "a.md"
    page.parent.mkdir(parents=True)
    page.write_text(VARIANTS)
    two, one = drift._listings([tmp_path / "docs"])
    assert (two.title, two.link) == ("A page: A chapter", "answers/a.md")
    spoken = {
        django: two.speaking_for({"django": django}).body.strip()
        for django in ("4.2.1", "5.2.19", "6.1.3")
    }
    assert list(spoken.values()) == ["daphne.one", "daphne.one", "daphne.two"]
    assert one.speaking_for({"django": "4.2.1"}).body == "daphne.three\n"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["no-such"], "there is no file no-such"),
        (["--python", "no-such"], "there is no interpreter 'no-such'"),
        (["README.md"], "no listing there speaks of daphne"),
    ],
)
def test_what_makes_no_sense_is_bad_usage(
    words: list[str],
    fault: str,
    house: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(house)
    assert main(["drift", *words]) == USAGE
    assert fault in capsys.readouterr().err


class Commands:
    """Stands for the operating system: remembers commands, and fails some."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.ran: list[str] = []

    def __call__(self, words: list[str], **options: Any) -> Any:
        line = " ".join(words)
        self.ran.append(line)
        if "slow" in self.failing:
            raise subprocess.TimeoutExpired(words, 1)
        failed = any(each in line for each in self.failing)
        out = "3.11.7\n" if "print" in line else "Twisted==20.3\ndaphne==3.0.2\n"
        error = "WARNING: a\nERROR: no /some/where/it.whl at all\nnotice: b\n"
        return subprocess.CompletedProcess(words, int(failed), out, error)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def use(*failing: str) -> Commands:
        commands = Commands(*failing)
        monkeypatch.setattr(subprocess, "run", commands)
        return commands

    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    return use


def test_an_environment_is_made_once(system: Any) -> None:
    commands = system()
    wanted = Wanted(PYTHON, "4.2.3", "newest")
    made = make(wanted)
    count = len(commands.ran)
    assert make(wanted) == made
    assert len(commands.ran) == count
    assert any(
        "install" in line and "daphne==4.2.3 dj" in line for line in commands.ran
    )
    found = versions(made)
    assert found == {"python": "3.11.7", "twisted": "20.3", "daphne": "3.0.2"}
    source = Path(made.variables["PYTHONPATH"])
    assert [each.name for each in source.iterdir()] == ["walkthroughs"]
    assert (source / "walkthroughs" / "servers" / "child.py").exists()


def test_the_oldest_is_of_the_first_year_that_can_be_had(system: Any) -> None:
    commands = system("==18.*", "==19.*")
    make(Wanted(PYTHON, "3.0.2", "oldest"))
    tried = [line for line in commands.ran if "install" in line]
    assert [line.partition("autobahn==")[2][:2] for line in tried] == ["18", "19", "20"]


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        ("install", "no it.whl at all"),
        ("import twisted", "no it.whl at all"),
        ("slow", f"not done within {environments.INSTALL_LIMIT} seconds"),
    ],
)
def test_why_it_cannot_be_had_is_said_in_a_line_and_tried_again(
    failing: str, words: str, system: Any
) -> None:
    wanted = Wanted(PYTHON, "4.2.3", "newest")
    commands = system(failing)
    for _ in range(2):
        with pytest.raises(Uninstallable) as caught:
            make(wanted)
        assert str(caught.value) == words
    assert len([line for line in commands.ran if " venv " in line]) == 2
    commands.failing = ()
    assert versions(make(wanted))["twisted"] == "20.3"


def test_an_environment_is_made_again_on_the_next_day(
    system: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = system()
    wanted = Wanted(PYTHON, "4.2.3", "newest")
    make(wanted)
    count = len(commands.ran)
    monkeypatch.setattr(environments, "KEPT_FOR", 0)
    make(wanted)
    assert len(commands.ran) == 2 * count


def test_the_oldest_is_not_told_from_an_installation_that_took_too_long(
    system: Any,
) -> None:
    commands = system("slow")
    with pytest.raises(Uninstallable, match="not done within"):
        make(Wanted(PYTHON, "3.0.2", "oldest"))
    assert len(commands.ran) == 1


GREEN = Row(
    "4.2.3", "newest", {"python": "3.12.1"}, (Cell("a.md", 3, "x", "", "A", "a.md"),)
)


def test_the_page_says_when_and_where_nothing_differs() -> None:
    made = page([GREEN], date(2026, 5, 4))
    assert f"Last run on 4 May 2026, on {sys.platform}, with 1 listing." in made
    assert made.endswith("## Where they differ\n\nNowhere.\n")
    assert text([GREEN]) == "Daphne 4.2.3, newest, Python 3.12.1: all 1 hold  .\n"
    assert GREEN.holds
