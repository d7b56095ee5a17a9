"""The command line as a whole: help, errors, exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from walkthroughs.cli import COMMANDS, main
from walkthroughs.commands import FAILED, USAGE
from walkthroughs.scenarios import names


def status(*words: str) -> int:
    """The exit status of a command, also of one that argparse ends."""
    try:
        return main(words)
    except SystemExit as end:
        return int(end.code or 0)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("--help") == 0
    out = capsys.readouterr().out
    assert all(f"    {name} " in out for name in COMMANDS)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("dance",), "invalid choice: 'dance'"),
        (("run",), "the following arguments are required: NAME"),
        (
            ("run", "dance"),
            "there is no scenario 'dance': name one of your own as module:variable",
        ),
        (("run", "no.such:thing"), "No module named 'no', neither in this folder"),
        (
            ("run", "walkthroughs.trace:SCHEMA"),
            "is not a scenario: make one with walkthroughs.scenario()",
        ),
        (
            ("run", "tests.walkthroughs.raises_on_import:it"),
            "raises_on_import:it: ValueError: on purpose",
        ),
        (("run", "http-get", "--server", "x"), "http-get does not run on 'x', only on"),
        (("check", "no-such.md"), "there is no file or folder no-such.md"),
    ],
)
def test_bad_usage_is_told_in_one_line(
    words: tuple[str, ...], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*words) == USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert fault in said.err
    assert said.err.startswith("walkthroughs") and said.err.count("\n") == 1


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("--version") == 0
    assert capsys.readouterr().out == f"walkthroughs {version('inside-daphne')}\n"


def test_list_tells_each_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(names())


def test_run_shows_a_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "main-loop", "--server", "daphne"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("main-loop on daphne: ")
    assert "daphne.server.Server.run" in out


def test_a_reader_who_leaves_early_hears_no_complaint() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "walkthroughs", "run", "main-loop"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == FAILED


WAITS = """
import tempfile, time
from walkthroughs.scenarios import Scenario

def client(port):
    print("waiting", flush=True)
    time.sleep(600)

def background():
    return tempfile.TemporaryDirectory()

it = Scenario(
    name="waits",
    story="Nothing happens.",
    application="tests.walkthroughs.root_path_app:application",
    client=client,
    background=background,
    focus={"uvicorn": ("uvicorn",)},
)
"""


def test_nothing_stays_behind_when_a_command_is_told_to_end(
    tmp_path: Path, house: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "waits.py").write_text(WAITS)
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(house)}
    with subprocess.Popen(
        [sys.executable, "-m", "walkthroughs", "run", "waits:it"],
        cwd=tmp_path,
        env={**environment, "WALKTHROUGHS_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == b"waiting\n"
        assert len(list(temporary.iterdir())) == 1
        process.terminate()
        assert process.wait(10) == 128 + signal.SIGTERM
        assert process.stderr.read() == b""
    assert list(temporary.iterdir()) == []


ONLY_DEPENDENCIES = """\
import sys
from importlib.metadata import packages_distributions, requires
from re import match

needed = {"inside-daphne"} | {
    match(r"[\\w.-]+", each)[0]
    for each in requires("inside-daphne")
    if "extra" not in each
}
tops = packages_distributions()


class OnlyDependencies:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in tops and not needed & {*tops[top]}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, OnlyDependencies())
from walkthroughs.cli import main

sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("form", ["text", "html", "json", "svg", "callpath"])
def test_the_commands_need_no_more_than_is_installed_with_them(form: str) -> None:
    words = ("record", "tests.walkthroughs.commands.site", "--server", "minidaphne")
    done = subprocess.run(
        [sys.executable, "-c", ONLY_DEPENDENCIES, *words, "--format", form],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "answer" in done.stdout
