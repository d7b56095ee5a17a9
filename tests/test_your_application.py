"""The chapter on your own application, done as a reader would who starts from nothing.

Files and commands are taken from the page, in the order in which they stand; what a
command prints is held against what the page says it does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from walkthroughs.integrations.fences import Fence, fences

PAGE = Path(__file__).parent.parent / "docs" / "your-application.md"

# What other plugins of the tests' own environment have to say is not the reader's.
ENVIRONMENT = {"PYTEST_ADDOPTS": "-p no:asyncio -p no:cacheprovider"}

# The tests' own environment has all packages. A reader has those that the page had
# installed by then, so the others cannot be imported.
PACKAGES = ("daphne", "django", "hypercorn", "pytest", "starlette", "sybil", "uvicorn")
MISSING = "import sys\n\nsys.modules.update(dict.fromkeys({names}))\n"

PYTHON = [sys.executable, "-m"]


def install(command: str, folder: Path) -> None:
    """As pip would, for what is run in the folder from now on."""
    have = folder / "packages.txt"
    before = have.read_text().split() if have.exists() else []
    have.write_text(" ".join([*before, *command.split()]))
    names = {*PACKAGES} - {*have.read_text().split()}
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(MISSING.format(names=names))


def run(command: str, folder: Path) -> str:
    """What a command of the page prints; errors stand last, as they come last."""
    if "pip install" in command:
        install(command, folder)
        return ""
    words = command.removeprefix("python -m ").split()
    done = subprocess.run(
        [*PYTHON, *words],
        cwd=folder,
        env={
            **os.environ,
            **ENVIRONMENT,
            "PYTHONPATH": str(folder / "site"),
            "WALKTHROUGHS_CACHE": str(folder / "cache"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines(keepends=True)
    kept = (line for line in lines if not line.startswith("application | "))
    return done.stdout + "".join(kept)


def pattern(said: str) -> str:
    """Three dots stand for anything: alone in a line for lines, else within a line."""
    lines = []
    for line in said.splitlines():
        if line == "...":
            lines.append(r"(?:.*\n)*?")
        else:
            words = (re.escape(part) for part in re.split(r"\.{3}", line))
            lines.append(".*?".join(words) + r"\n")
    return "".join(lines)


def steps() -> list[Fence]:
    return [
        fence
        for fence in fences(PAGE.read_text(encoding="utf-8"))
        if fence.language == "console" or "title" in fence.options
    ]


def test_the_chapter_works_from_an_empty_folder(tmp_path: Path) -> None:
    for fence in steps():
        if "title" in fence.options:
            (tmp_path / fence.options["title"]).write_text(fence.body)
            continue
        command, _, said = fence.body.partition("\n")
        assert command.startswith("$ ")
        printed = run(command.removeprefix("$ "), tmp_path)
        place = f"docs/{PAGE.name}:{fence.line}"
        assert re.fullmatch(pattern(said), printed), f"{place} printed:\n{printed}"
    assert (tmp_path / "note.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("said", "printed", "fits"),
    [
        ("a\n...\nb\n", "a\nx\ny\nb\n", True),
        ("a\n...\nb\n", "a\nb\n", True),
        ("a...c\n", "abc\n", True),
        ("a...c\n", "a\nc\n", False),
        ("a\n", "a\nb\n", False),
    ],
)
def test_three_dots_stand_for_anything(said: str, printed: str, fits: bool) -> None:
    assert bool(re.fullmatch(pattern(said), printed)) is fits
