"""The recorder on Python 3.14, which the npm package `pyodide` brings, without threads."""

import json
import sysconfig
from pathlib import Path

import pytest

from tests.node import run_node

HERE = Path(__file__).parent
FILES = ("test_values.py", "test_code_filter.py", "test_recorder.py")
NO_THREADS = "RuntimeError: can't start new thread"
WITH_UVLOOP = "test_a_loop_that_cannot_be_heard_is_said"


def run(house: Path, *words: str) -> tuple[str, int, dict[str, str]]:
    """Run tests in Pyodide: the version of Python, pytest's code, test -> its error."""
    program = (HERE / "pyodide.mjs").read_text(encoding="utf-8")
    packages = sysconfig.get_path("purelib")
    inside = str(HERE / "inside.py")
    output = run_node(program, str(house), packages, inside, *words, limit=300)
    version, code, errors = json.loads(output.splitlines()[-1])
    return version, code, errors


def test_the_recorder_records_the_same_on_3_14(house: Path) -> None:
    folder = "tests/walkthroughs/recorder"
    files = [f"{folder}/{name}" for name in FILES]
    version, _, errors = run(house, *files, "-k", f"not {WITH_UVLOOP}")
    assert version.startswith("3.14.")
    wrong = {test: error for test, error in errors.items() if error}
    with_threads = {test for test, error in wrong.items() if NO_THREADS in error}
    assert not [wrong[test] for test in wrong if test not in with_threads]
    assert len(errors) - len(with_threads) > 90
    assert len(with_threads) < 15


def test_a_test_that_fails_there_is_seen(tmp_path: Path) -> None:
    (tmp_path / "test_false.py").write_text("def test_false():\n    assert 1 == 2\n")
    _, code, errors = run(tmp_path, "test_false.py")
    assert code == pytest.ExitCode.TESTS_FAILED
    [error] = errors.values()
    assert "assert 1 == 2" in error
