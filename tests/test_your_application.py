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
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gaps import GAP, numbers_are_whole, pattern
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

# What no gap may hide, whether it stands for lines or for a part of one.
DEFECTS = ("Traceback (most recent call last):\n", "ERROR   -  a page failed\n", "oops")


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
    environment = {
        **os.environ,
        **ENVIRONMENT,
        "PYTHONPATH": str(site(folder)),
        "WALKTHROUGHS_CACHE": str(folder / "cache"),
    }
    # A page that has set Django up in this process before has named its own.
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        start, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    lines = done.stderr.splitlines(keepends=True)
    kept = (line for line in lines if not line.startswith("application | "))
    return done.stdout + "".join(kept), done.returncode


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


def test_the_chapter_works_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "another_page.settings")
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
        command = command.removeprefix("$ ")
        printed, status = run(command, folder)
        place = f"docs/{PAGE.name}:{fence.line}"
        assert fits(said, command, printed), f"{place} printed:\n{printed}"
        for broken in with_defects(said, command, printed):
            assert not fits(said, command, broken), f"{place} hides:\n{broken}"
        wanted = 1 if FAILS.search(said) else 0
        assert status == wanted, f"{place} ended with status {status}"
    assert (tmp_path / "note.html").read_text().startswith("<!doctype html>")
    built = (tmp_path / "guide" / "built" / "index.html").read_text()
    assert "find_note" in built and "<svg" in built
    assert "polls.views.index" in (tmp_path / "django" / "README.md").read_text()


def fits(said: str, command: str, printed: str) -> bool:
    """Whether a command has printed what the page says, and nothing wrong in a gap."""
    if re.fullmatch(pattern(said, command), printed) is None:
        return False
    is_shown = command.startswith("walkthroughs record ") and GAP in said
    return not is_shown or numbers_are_whole(printed)


def with_defects(said: str, command: str, printed: str) -> Iterator[str]:
    """What it prints with a defect in each of the gaps; with each step lost in one."""
    match = re.fullmatch(pattern(said, command), printed)
    assert match is not None
    for gap in range(1, 1 + len(match.groups())):
        start, end = match.span(gap)
        for defect in DEFECTS:
            yield printed[:start] + defect + printed[end:]
        for step in re.findall(r"^\d+  .*\n", printed[start:end], re.MULTILINE):
            yield printed[:start] + printed[start:end].replace(step, "") + printed[end:]


FAILS = re.compile(r"^ERROR|^0 listings|^walkthroughs \w+: the app", re.MULTILINE)
"""What a command prints that ends with status 1."""


RECORD = "walkthroughs record notes --server uvicorn"


@pytest.mark.parametrize(
    ("said", "printed", "fitting"),
    [
        ("a\n[...]\nb\n", "a\n--- loop\n7  x.y  x.py:1\n    … 2 calls\nb\n", True),
        ("a\n[...]\nb\n", "a\nb\n", True),
        ("a\n[...]\nb\n", "a\nc\nb\n", False),
        ("--- task: a[...]\n", "--- task: a  # woken by b\n", True),
        ("--- task: a[...]\n", "--- task: a\n--- loop\n", False),
        ("[...] steps\n", "7 steps\n", True),
        ("[...] steps\n", "no steps\n", False),
        ("a\n", "a\nb\n", False),
        # The ellipsis of a listing stands for itself.
        ("+ ...\n", "+     ...\n", False),
        ("a\n...\nb\n", "a\nb\n", False),
    ],
)
def test_a_gap_stands_for_what_its_rule_says(
    said: str, printed: str, fitting: bool
) -> None:
    assert bool(re.fullmatch(pattern(said, RECORD), printed)) is fitting


def test_a_gap_without_a_rule_is_an_error() -> None:
    with pytest.raises(LookupError, match="stand for"):
        pattern("a[...]b\n", RECORD)


SHOWN = (
    "GET / on uvicorn: 3 steps in 1 lanes\n1  a  a.py:1\n2  b  b.py:1\n3  c  c.py:1\n"
)
OVERVIEW = (
    "GET / on uvicorn: 12 steps in 1 lanes\nYour own code:\n12  a  a.py:1\n"
    "The whole path:\n    … 9 steps while the server started (--start-up shows them)\n"
    "10  a  a.py:1\n11  a  a.py:1\n12  a  a.py:1\n"
)


def test_a_recording_shows_each_step_or_how_many_it_leaves_out() -> None:
    assert numbers_are_whole(SHOWN) and numbers_are_whole(OVERVIEW)
    for whole in (SHOWN, OVERVIEW):
        for lost in whole.splitlines(keepends=True)[-3:]:
            assert not numbers_are_whole("".join(whole.rsplit(lost, 1)))
    assert not numbers_are_whole(SHOWN.replace("3 steps", "4 steps"))
    assert not numbers_are_whole(OVERVIEW.replace("9 steps", "8 steps"))
