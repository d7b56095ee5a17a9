"""`walkthroughs drift`, without installing anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.walkthroughs.commands.test_check import RIGHT, SWAPPED, markdown
from walkthroughs.cli import main
from walkthroughs.commands import FAILED, USAGE, drift
from walkthroughs.compatibility import environments, installing
from walkthroughs.compatibility.environments import Wanted, make, versions
from walkthroughs.compatibility.installing import Uninstallable
from walkthroughs.environment import Environment
from walkthroughs.recording import record

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
        if wanted.prefix == "4.0":
            raise Uninstallable("no such version")
        return Environment(PYTHON, json.dumps(["3.11.7", ["Django==5.2", "x==1"]]))

    def recorded(name: str, server: str, environment: Environment) -> Any:
        asked.append(environment)
        return trace

    monkeypatch.setattr(drift, "make", make)
    monkeypatch.setattr(drift, "record", recorded)
    monkeypatch.setattr(drift, "_newer", lambda pages: [])
    out = pages / "versions.md"
    words = ["drift", str(pages), "--versions", "daphne=4.0", "-o", str(out)]
    assert main(words) == FAILED
    said = capsys.readouterr()
    assert len(asked) == 2
    assert "Daphne 4.0: cannot be installed" in said.out
    assert "    no such version" in said.out
    assert "newest (Python 3.11.7): 1 of 2 listings hold" in said.out
    assert f"{pages.as_posix()}/b.md:5 (main-loop): daphne.http_protocol" in said.out
    assert sorted(line[:6] for line in said.err.splitlines()) == ["1 of 2", "2 of 2"]
    written = out.read_text()
    first, second = "[A page](../a.md)", "[A page](../b.md)"
    answer = "- **The newest of everything** (Python 3.11.7, Django 5.2): 1 of 2"
    assert f"{answer} listings hold. Different: {second}." in written
    answer = "- **Daphne 4.0**: cannot be installed"
    assert f"{answer} with anything newer (`no such version`)." in written
    assert "    | Listing | newest (Django 5.2) | Daphne 4.0 |\n" in written
    assert f"    | {first} | holds | - |\n    | {second} | differs | - |" in written
    assert "line 5" not in written


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
    assert (two.title, two.link) == ("A page: A chapter", "answers/a.md#a-chapter")
    assert [fence.body for fence, _ in two.variants] == ["daphne.one\n", "daphne.two\n"]
    numbers = ("4.2.1", "5.2.19", "6.1.3")
    assert [two.speaking_for({"django": each}) for each in numbers] == [0, 0, 1]
    assert one.variants[0][0].body == "daphne.three\n"
    assert one.speaking_for({"django": "4.2.1"}) == 0


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["no-such"], "there is no file or folder no-such"),
        (["--python", "no-such"], "there is no interpreter 'no-such'"),
        (["README.md"], "no listing there is about daphne"),
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


@pytest.mark.parametrize("word", ["django", "django=", "django=4.x", "django=4,,5"])
def test_words_that_are_no_versions_are_bad_usage(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["drift", "--versions", word])
    assert caught.value.code == USAGE
    assert f"{word!r} is not of the form django=4.2,5.0" in capsys.readouterr().err


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
        packages = ["Twisted==20.3", "daphne==3.0.2"]
        out = json.dumps({"python": "3.11.7", "packages": packages, "path": []})
        error = "WARNING: a\nERROR: no /some/where/it.whl at all\nnotice: b\n"
        return subprocess.CompletedProcess(words, int(failed), out, error)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def use(*failing: str) -> Commands:
        commands = Commands(*failing)
        monkeypatch.setattr(subprocess, "run", commands)
        return commands

    monkeypatch.setattr(installing, "find_uv", lambda: None)
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    return use


WANTED = Wanted("daphne", "4.2.3", (PYTHON,))


def test_an_environment_is_made_once(system: Any) -> None:
    commands = system()
    made = make(WANTED)
    count = len(commands.ran)
    assert make(WANTED) == made
    assert len(commands.ran) == count
    [install] = [line for line in commands.ran if " install " in line]
    assert install.endswith(
        "daphne==4.2.3.* django channels channels-redis twisted[http2]"
    )
    found = versions(made)
    assert found == {"python": "3.11.7", "twisted": "20.3", "daphne": "3.0.2"}


def test_the_newest_of_everything_names_no_version(system: Any) -> None:
    commands = system()
    make(Wanted("", "", (PYTHON,)))
    [install] = [line for line in commands.ran if " install " in line]
    assert install.endswith("daphne django channels channels-redis twisted[http2]")


def test_the_first_python_that_can_have_it_is_taken(system: Any) -> None:
    commands = system("/a/new")
    make(Wanted("django", "4.2", (Path("/a/new"), Path("/an/old"))))
    made = [line.split()[0] for line in commands.ran if " venv " in line]
    assert made == ["/a/new", "/an/old"]


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        ("install", "no it.whl at all"),
        ("import twisted", "no it.whl at all"),
        ("slow", f"not done within {installing.INSTALL_LIMIT} seconds"),
    ],
)
def test_why_it_cannot_be_had_is_said_in_a_line_and_tried_again(
    failing: str, words: str, system: Any
) -> None:
    commands = system(failing)
    for _ in range(2):
        with pytest.raises(Uninstallable) as caught:
            make(WANTED)
        assert str(caught.value) == words
    assert len([line for line in commands.ran if " venv " in line]) == 2
    commands.failing = ()
    assert versions(make(WANTED))["twisted"] == "20.3"


def test_an_environment_is_made_again_on_the_next_day(
    system: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = system()
    make(WANTED)
    count = len(commands.ran)
    monkeypatch.setattr(environments, "KEPT_FOR", 0)
    make(WANTED)
    assert len(commands.ran) == 2 * count


def test_an_installation_that_took_too_long_is_not_tried_on_another_python(
    system: Any,
) -> None:
    commands = system("slow")
    with pytest.raises(Uninstallable, match="not done within"):
        make(Wanted("daphne", "3.0.2", (PYTHON, PYTHON)))
    assert len(commands.ran) == 1


def warned(
    released: dict[str, str], monkeypatch: pytest.MonkeyPatch, house: Path
) -> None:
    """Ask for newer releases, as if the package index had these."""
    there = Environment(PYTHON, json.dumps(["3.13.0", ["Django==6.1.3"]]))
    monkeypatch.setattr(drift, "environment", lambda version: there)
    monkeypatch.setattr(drift, "newest_releases", lambda python: released)
    monkeypatch.chdir(house)
    assert main(["drift", "--releases"]) == 0


def test_newer_releases_are_a_warning(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    warned({"Django": "6.1.3"}, monkeypatch, house)
    said = capsys.readouterr().out
    assert said == "No release is newer than what the book is held on.\n"
    warned({"Django": "6.2", "no-such": "1"}, monkeypatch, house)
    line = "newer release: Django 6.2 (the book is held on 6.1.3)\n"
    assert capsys.readouterr().out == f"warning: {line}"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    warned({"Django": "6.2"}, monkeypatch, house)
    assert capsys.readouterr().out == f"::warning::{line}"


def test_an_index_that_does_not_answer_is_a_warning(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(pages: object) -> None:
        raise Uninstallable("no answer")

    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setattr(drift, "_newer", fail)
    monkeypatch.chdir(house)
    assert main(["drift", "--releases"]) == 0
    words = "warning: the package index cannot be asked: no answer\n"
    assert capsys.readouterr().out == words
