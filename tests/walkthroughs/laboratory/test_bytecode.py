"""The bytecode that the browser loads."""

import subprocess
import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.node import HOME
from walkthroughs.errors import RecordingError
from walkthroughs.laboratory.archive import archive
from walkthroughs.laboratory.bytecode import bytecode

PYTHON = HOME / "node_modules" / "pyodide"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """An archive of modules, without the laboratory."""
    path = tmp_path / "modules.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.py", "")
    return path


def test_without_node_there_is_none(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", Mock(return_value=None))
    assert bytecode(modules, PYTHON, tmp_path) == {}


@pytest.mark.parametrize(
    "error", [subprocess.TimeoutExpired(["node"], 300), OSError("no memory")]
)
def test_node_that_does_not_run_is_told(
    modules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    monkeypatch.setattr("subprocess.run", Mock(side_effect=error))
    with pytest.raises(RecordingError, match="modules cannot be compiled: "):
        bytecode(modules, PYTHON, tmp_path)


def test_the_same_modules_give_the_same_bytecode(house: Path, tmp_path: Path) -> None:
    cache = house / ".cache" / "laboratory"
    pack = archive(cache).path
    told: list[str] = []
    for _ in range(2):
        again = bytecode(pack, PYTHON, tmp_path, told.append)
        assert again == bytecode(pack, PYTHON, cache)
        assert told == ["Compiling the modules of the laboratory"]


def test_a_failure_is_told_in_one_line(modules: Path, tmp_path: Path) -> None:
    with pytest.raises(
        RecordingError, match=r"compiled: \w+Error: .*walkthroughs"
    ) as said:
        bytecode(modules, PYTHON, tmp_path)
    assert "\n" not in str(said.value)
