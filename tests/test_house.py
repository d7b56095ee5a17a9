"""The rules of the house: who may import whom, what lies where, and what is not said.

They are read from the sources, so that breaking one needs no run to show.
"""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from tests.conftest import SLOW

HOUSE = Path(__file__).parent.parent

TOP_LEVEL = {
    ".ci",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "docs",
    "minidaphne",
    "mkdocs.yml",
    "pyproject.toml",
    "recordings",
    "tests",
    "walkthroughs",
}

# walkthroughs, from the ground up: each floor may import those below it, and itself.
FLOORS = [
    {"errors", "bindings", "build_memo", "file_lock"},
    {"code_digest"},
    {"text_cache", "events"},
    {"trace_json"},
    {"trace", "focus"},
    {"packages", "warm_up"},
    {"source_locator", "own_sources", "environment", "value_digest"},
    {"recorder", "listing", "render"},
    {"servers", "clients"},
    {"scenarios", "observation"},
    {"recording", "user_scenarios"},
    {"pages", "compatibility"},
    {"fence_recordings"},
    {"verification"},
    {"laboratory"},
    {"book"},
    {"fences"},
    {"adapters"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
# Only these know a particular server.
KNOW_SERVERS = {"servers", "scenarios", "laboratory"}


def sources(package: str) -> list[Path]:
    return sorted((HOUSE / package).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """The absolute names of all modules that a file imports, however deep inside."""
    package = file.relative_to(HOUSE).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            # `from . import a` and `from .b import c`: a and c may be modules, too.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def part(name: str) -> str:
    """The part of a package that a dotted name lies in: "targets"."""
    return name.split(".")[1]


def kept() -> list[Path]:
    """The files that git tracks, or would: what an editor leaves behind is not ours.

    Without git, or in an unpacked archive: the files that .gitignore does not name.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(
            command, cwd=HOUSE, capture_output=True, text=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return not_ignored(HOUSE)
    paths = map(Path, listed.stdout.splitlines())
    return sorted(each for each in paths if (HOUSE / each).exists())


def not_ignored(home: Path) -> list[Path]:
    """The files below a folder that its .gitignore does not name, relative to it."""
    lines = (home / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = GitIgnoreSpec.from_lines([*lines, ".git"])
    found = []
    for above, folders, files in os.walk(home):
        here = Path(above).relative_to(home)
        # So that no time is lost in environments and packages.
        folders[:] = [
            each for each in folders if not ignored.match_file(f"{here / each}/")
        ]
        found += [here / each for each in files if not ignored.match_file(here / each)]
    return sorted(found)


def test_without_git_the_ignored_files_are_left_out_too(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.pyc\n.venv*/\n/site/\n")
    there = (".git/a", ".venv-3.13/b", "c/d.pyc", "c/e", "c/site/f", "g", "site/h")
    for each in there:
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()
    expected = [Path(each) for each in (".gitignore", "c/e", "c/site/f", "g")]
    assert not_ignored(tmp_path) == expected


def test_minidaphne_stands_without_walkthroughs() -> None:
    wrong = [
        f"{file.relative_to(HOUSE)} imports {name}"
        for file in sources("minidaphne")
        for name in imports(file)
        if name.split(".")[0] == "walkthroughs"
    ]
    assert not wrong


def stand_ins(files: list[Path]) -> set[str]:
    """The names that files import from what is made for tests."""
    names = {name for file in files for name in imports(file)}
    return {name for name in names if name.partition(".")[0] == "unittest"}


def test_libraries_use_nothing_that_is_made_for_tests() -> None:
    assert stand_ins(sources("minidaphne") + sources("walkthroughs")) == set()
    assert "unittest.mock.Mock" in stand_ins(sources("tests/minidaphne"))


def test_no_style_sheet_changes_the_letters_of_a_comment() -> None:
    """Such as those of a URL, in whatever panel it is shown."""
    paths = [*(HOUSE / "walkthroughs").rglob("*.css"), *(HOUSE / "docs").rglob("*.css")]
    assert len(paths) > 1
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not re.search("first-letter|capitalize", text), path


def test_only_servers_and_scenarios_know_a_server() -> None:
    wrong = [
        f"{file.relative_to(HOUSE)} imports {name}"
        for file in sources("walkthroughs")
        for name in imports(file)
        if name.split(".")[0]
        in {"minidaphne", "daphne", "uvicorn", "hypercorn", "granian"}
        and file.relative_to(HOUSE / "walkthroughs").parts[0] not in KNOW_SERVERS
    ]
    assert not wrong


def test_walkthroughs_imports_run_one_way() -> None:
    level = {name: n for n, floor in enumerate(FLOORS) for name in floor}
    wrong = []
    for file in sources("walkthroughs"):
        own = file.relative_to(HOUSE / "walkthroughs").parts[0].removesuffix(".py")
        for name in imports(file):
            other = part(name) if name.startswith("walkthroughs.") else own
            if own not in level or other not in level:
                if own != "__init__":
                    wrong.append(f"{own} or {other} has no floor: enter it in FLOORS")
            elif level[other] > level[own]:
                wrong.append(f"{file.relative_to(HOUSE)} imports {name}, from above")
            elif level[other] == level[own] and other != own:
                wrong.append(f"{file.relative_to(HOUSE)} imports {name}, beside it")
    assert not wrong


def test_the_slow_files_are_there() -> None:
    """One with another name would come last, and everybody would wait for it."""
    assert [path for path in SLOW if not (HOUSE / path).exists()] == []


def test_nothing_else_lies_at_the_top() -> None:
    assert {path.parts[0] for path in kept()} == TOP_LEVEL


# Written in pieces, so that this file does not say them either.
MACHINE = re.compile(
    "|".join(
        [
            r"/(?:work|root|tmp|home)/[\w.]",
            r"files\.python" + r"hosted\.org",
            r"pypi" + r"\.org",
            r"registry\.npm" + r"js",
            r"deb\.deb" + r"ian\.org",
        ]
    )
)


def test_no_file_speaks_of_a_machine_or_a_registry() -> None:
    found = []
    for path in kept():
        try:
            text = (HOUSE / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if MACHINE.search(line):
                found.append(f"{path}:{number}: {line.strip()}")
    assert not found
