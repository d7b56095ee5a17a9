"""Releases that are newer than what the book is held on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from walkthroughs.compatibility.installing import Uninstallable
from walkthroughs.compatibility.releases import Newer, newer_than, newest_releases

PYTHON = Path(sys.executable)


def test_a_release_is_newer_than_all_versions_that_are_held() -> None:
    held = [{"django": "5.2.19", "daphne": "4.2.3"}, {"django": "6.1.3"}]
    released = [{"Django": "5.2.20"}, {"Django": "6.1.3", "daphne": "4.2.3"}]
    assert newer_than(held, released) == []
    released += [{"Django": "6.1.10"}, {"Django": "6.1.4", "twisted": "99"}]
    [newer] = newer_than(held, released)
    assert newer == Newer("Django", "6.1.10", "6.1.3")
    assert str(newer) == "Django 6.1.10 (the book is held on 6.1.3)"


def test_pip_says_what_it_would_install(monkeypatch: pytest.MonkeyPatch) -> None:
    report = {"install": [{"metadata": {"name": "Django", "version": "6.2"}}]}
    asked: list[list[str]] = []

    def answer(words: list[str], **_: Any) -> Any:
        asked.append(words)
        return subprocess.CompletedProcess(words, 0, json.dumps(report), "")

    monkeypatch.setattr(subprocess, "run", answer)
    assert newest_releases(PYTHON) == {"Django": "6.2"}
    [words] = asked
    assert {"--dry-run", "--no-deps", "--ignore-installed", "django"} <= {*words}


@pytest.mark.parametrize("output", ["", "{}", "[]", '{"install": [1]}'])
def test_an_answer_that_cannot_be_read_is_said(
    output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(words: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(words, 0, output, "")

    monkeypatch.setattr(subprocess, "run", answer)
    with pytest.raises(Uninstallable, match="pip does not say"):
        newest_releases(PYTHON)
