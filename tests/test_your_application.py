"""The chapter on your own application, done as a reader would who starts from nothing.

Files and commands are taken from the page, in the order in which they stand; what a
command prints, and its exit status, are held against what the page says.  A `console`
fence says with its title in which folder its command runs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from walkthroughs.pages.markdown import Fence, fences

PAGE = Path(__file__).parent.parent / "docs" / "your-application.md"

# What other plugins of the tests' own environment have to say is not the reader's.
ENVIRONMENT = {"PYTEST_ADDOPTS": "-p no:asyncio -p no:cacheprovider"}

# The tests' own environment has all packages. A reader has those that the page had
# installed by then, so the others cannot be imported.
PACKAGES = (
    *("daphne", "django", "fastapi", "hypercorn", "mkdocs", "pytest", "starlette"),
    *("sphinx", "sybil", "uvicorn"),
    # of those above, and of no command
    *("jinja2", "markdown", "pygments", "yaml"),
)
BROUGHT = {
    "fastapi": ("starlette",),
    "mkdocs": ("jinja2", "markdown", "yaml"),
    "pytest": ("pygments",),
    "sphinx": ("jinja2", "pygments"),
}
MISSING = "import sys\n\nsys.modules.update(dict.fromkeys({names}))\n"

PYTHON = [sys.executable, "-m"]

# In what a command prints, this stands for anything.
GAP = "[...]"


def install(command: str, folder: Path) -> None:
    """As pip would, for what is run in the folder from now on."""
    have = folder / "packages.txt"
    before = have.read_text().split() if have.exists() else []
    have.write_text(" ".join([*before, *command.split()]))
    have_now = {*have.read_text().split()}
    brought = {each for name in have_now for each in BROUGHT.get(name, ())}
    names = {*PACKAGES} - have_now - brought
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(MISSING.format(names=names))


def site(folder: Path) -> Path:
    """Where it says what is not installed: a folder in another shares its packages."""
    folders = (folder, folder.parent)
    return next(each / "site" for each in folders if (each / "site").is_dir())


def run(command: str, folder: Path) -> tuple[str, int]:
    """What a command of the page prints, errors last as they come last; its status."""
    folder.mkdir(exist_ok=True)
    if "pip install" in command:
        install(command, folder)
        return "", 0
    words = shlex.split(command.removeprefix("python -m "))
    if words[0] == "cp":
        start = words
    elif words[0] == "python":
        start = [sys.executable, *words[1:]]
    else:
        start = [*PYTHON, *("django" if w == "django-admin" else w for w in words)]
    done = subprocess.run(
        start,
        cwd=folder,
        env={
            **os.environ,
            **ENVIRONMENT,
            "PYTHONPATH": str(site(folder)),
            "WALKTHROUGHS_CACHE": str(folder / "cache"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines(keepends=True)
    kept = (line for line in lines if not line.startswith("application | "))
    return done.stdout + "".join(kept), done.returncode


def pattern(said: str) -> str:
    """`GAP` stands for anything: alone in a line for lines, else within a line."""
    lines = []
    for line in said.splitlines():
        if line == GAP:
            lines.append(r"(?:.*\n)*?")
        else:
            words = (re.escape(part) for part in line.split(GAP))
            lines.append(".*?".join(words) + r"\n")
    return "".join(lines)


def steps() -> list[Fence]:
    return [
        fence
        for fence in fences(PAGE.read_text(encoding="utf-8"))
        if fence.language == "console" or "title" in fence.options
    ]


def edited(file: Path, fence: Fence) -> str:
    """A file with the change that a `diff` fence shows."""
    lines = fence.body.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] != "+")
    new = "".join(line[1:] for line in lines if line[0] != "-")
    text = file.read_text()
    assert text.count(old) == 1, f"docs/{PAGE.name}:{fence.line} does not fit {file}"
    return text.replace(old, new)


def test_the_chapter_works_from_an_empty_folder(tmp_path: Path) -> None:
    for fence in steps():
        if fence.language != "console":
            file = tmp_path / fence.options["title"]
            file.parent.mkdir(exist_ok=True)
            text = edited(file, fence) if fence.language == "diff" else fence.body
            file.write_text(text)
            continue
        command, _, said = fence.body.partition("\n")
        assert command.startswith("$ ")
        folder = tmp_path / fence.options.get("title", "")
        printed, status = run(command.removeprefix("$ "), folder)
        place = f"docs/{PAGE.name}:{fence.line}"
        assert re.fullmatch(pattern(said), printed), f"{place} printed:\n{printed}"
        wanted = 1 if FAILS.search(said) else 0
        assert status == wanted, f"{place} ended with status {status}"
    assert (tmp_path / "note.html").read_text().startswith("<!doctype html>")
    built = (tmp_path / "guide" / "built" / "index.html").read_text()
    assert "find_note" in built and "<svg" in built
    assert "polls.views.index" in (tmp_path / "django" / "README.md").read_text()


FAILS = re.compile(r"^ERROR|^0 listings|^walkthroughs \w+: the app", re.MULTILINE)
"""What a command prints that ends with status 1."""


@pytest.mark.parametrize(
    ("said", "printed", "fits"),
    [
        ("a\n[...]\nb\n", "a\nx\ny\nb\n", True),
        ("a\n[...]\nb\n", "a\nb\n", True),
        ("a[...]c\n", "abc\n", True),
        ("a[...]c\n", "a\nc\n", False),
        ("a\n", "a\nb\n", False),
        # The ellipsis of a listing stands for itself.
        ("+ ...\n", "+     ...\n", False),
        ("a\n...\nb\n", "a\nb\n", False),
    ],
)
def test_a_gap_stands_for_anything(said: str, printed: str, fits: bool) -> None:
    assert bool(re.fullmatch(pattern(said), printed)) is fits
