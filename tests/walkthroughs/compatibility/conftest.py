"""A fake `subprocess.run` for the tests of installing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from walkthroughs.compatibility import installing

IGNORED = """\
ERROR: Ignored the following versions that require a different python version: 6.1
ERROR: No matching distribution found for django==6.1.*
"""
"""What pip says if it finds versions for other Pythons only."""

CONTENTS = {
    "python": "3.13.0",
    "packages": ["Django==6.1.3", "daphne==4.2.3"],
    "path": ["/a/folder"],
}


class Commands:
    """Records each command instead of running it, and lets some fail."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.variables: Mapping[str, str] = {}
        self.too_old = "old"
        self.error = "ERROR: too old\n"
        self.configured = ""

    def __call__(self, words: list[str], **options: Any) -> Any:
        line = " ".join(words)
        self.ran.append(line)
        if " install " in line:
            self.variables = options["env"]
        failed = self.too_old in line and "venv" in line
        out = self.configured if " config " in line else json.dumps(CONTENTS)
        return subprocess.CompletedProcess(words, int(failed), out, self.error)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commands:
    commands = Commands()
    monkeypatch.setattr(subprocess, "run", commands)
    monkeypatch.setattr(installing, "find_uv", lambda: None)
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "/a/new")
    return commands
