"""The environment for a listing that speaks of another version."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import walkthroughs
from tests.walkthroughs.compatibility.conftest import IGNORED, Commands
from walkthroughs.compatibility import environments, interpreters, variants
from walkthroughs.compatibility.environments import make_with, others, versions
from walkthroughs.compatibility.installing import Uninstallable
from walkthroughs.compatibility.variants import Version
from walkthroughs.environment import installed


def test_it_is_made_once_with_the_first_python_that_can_have_it(
    system: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "/a/old:/a/new:/a/newer")
    made = make_with("django", "6.1")
    assert versions(made)["django"] == "6.1.3"
    venvs = [line.split()[0] for line in system.ran if " -m venv " in line]
    assert venvs == ["/a/old", "/a/new"]
    [install] = [line for line in system.ran if " install " in line]
    assert "django==6.1.* daphne" in install
    assert " django " not in f"{install} "
    count = len(system.ran)
    assert make_with("django", "6.1") == made
    # However old: what builds the book needs no package index.
    monkeypatch.setattr(environments, "KEPT_FOR", 0)
    assert make_with("django", "6.1") == made
    assert len(system.ran) == count


def test_an_environment_that_somebody_else_made_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def python(name: str, answer: str) -> Path:
        made = tmp_path / name / "bin" / "python"
        made.parent.mkdir(parents=True)
        made.write_text(f"#!/bin/sh\necho '{answer}'\n")
        made.chmod(0o755)
        return made

    own = walkthroughs.__file__
    text = repr(("3.13.0 (main)", ["Django==9.8.7"]))
    python("broken", "nothing")
    python("foreign", json.dumps([__file__, text, []]))
    good = python("good", json.dumps([own, text.replace("'", '"'), ["/a/folder"]]))
    names = ("no-such", "broken", "foreign", "good")
    folders = os.pathsep.join(str(tmp_path / each) for each in names)
    monkeypatch.setenv("WALKTHROUGHS_ENVIRONMENTS", folders)
    [found] = others()
    assert (found.python, found.folders) == (good, ("/a/folder",))
    assert versions(found) == {"python": "3.13.0", "django": "9.8.7"}
    monkeypatch.setattr(variants, "_environments", {})
    assert variants.environment(Version("django", "9.8")) == found
    monkeypatch.delenv("WALKTHROUGHS_ENVIRONMENTS")
    assert [*others()] == []


def test_this_environment_records_what_another_takes_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As this process sees itself, others see it: so recordings are shared."""
    monkeypatch.setenv("WALKTHROUGHS_ENVIRONMENTS", sys.prefix)
    [found] = others()
    assert (found.python, found.installed) == (Path(sys.executable), installed())
    assert not found.variables


def test_a_half_made_one_is_made_again(
    system: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "/a/new")
    made = make_with("django", "6.1")
    result = made.python.parents[1] / environments.RESULT
    whole = result.read_text()
    for broken in ("", json.dumps({"made": 0})):
        result.write_text(broken)
        assert make_with("django", "6.1") == made
        assert json.loads(result.read_text())["path"] == json.loads(whole)["path"]


def test_it_says_why_no_python_can_have_it(
    system: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    for named, words in (("", "there is no Python"), ("/an/old", "too old")):
        monkeypatch.setenv("WALKTHROUGHS_PYTHONS", named)
        with pytest.raises(Uninstallable, match=words):
            make_with("django", "6.1")


def test_that_no_python_here_is_supported_is_known_for_a_day(
    system: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "/an/old:/a/very-old")
    system.error = IGNORED
    told: list[str] = []
    for _ in range(2):
        with pytest.raises(Uninstallable, match=r"^No matching distribution found for"):
            make_with("django", "6.1", told.append)
        assert len(system.ran) == 2
    assert told == ["Making an environment with django==6.1.*"]
    monkeypatch.setattr(environments, "KEPT_FOR", 0)
    with pytest.raises(Uninstallable):
        make_with("django", "6.1")
    assert len(system.ran) == 4
    # Another Python, which is new enough.
    monkeypatch.setattr(environments, "KEPT_FOR", 60)
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "/a/new:/an/old")
    assert versions(make_with("django", "6.1"))["django"] == "6.1.3"


def test_another_failure_is_told_first_and_not_kept(
    system: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the index that does not answer, which may do so in a minute."""
    errors = iter([IGNORED, "ERROR: no answer\n", IGNORED] * 2)

    def run(words: list[str], **options: Any) -> Any:
        system.error = next(errors)
        return system(words, **options)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "/an/old:/b/old:/c/old")
    for count in (3, 6):
        with pytest.raises(Uninstallable, match=r"^no answer$"):
            make_with("django", "6.1")
        assert len(system.ran) == count


def test_interpreters_are_found_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"3.12.1": "3.12", "3.13.0": "3.13", "3.13.9": "3.13", "3.9.1": "3.9"}
    for folder, answer in answers.items():
        python = tmp_path / "versions" / folder / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\necho {answer}\n")
        python.chmod(0o755)
    broken = tmp_path / "versions" / "3.14.0" / "bin" / "python3"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.delenv("WALKTHROUGHS_PYTHONS", raising=False)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(interpreters, "which", lambda name: None)
    interpreters._found.cache_clear()
    found = [each.parents[1].name for each in interpreters.interpreters()]
    interpreters._found.cache_clear()
    assert found[:2] in (["3.13.0", "3.12.1"], ["3.14", "3.13.0"])
    assert "3.9.1" not in found
    assert "3.14.0" not in found
