"""The archive that the browser loads, and the bytecode in it."""

import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.node import HOME, run_node
from walkthroughs.errors import RecordingError
from walkthroughs.laboratory.archive import Archive, archive
from walkthroughs.laboratory.bytecode import with_bytecode

RUNTIME = HOME / "node_modules" / "pyodide"

COMPILED = """
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const python = await loadPyodide();
const folder = python.runPython("import site; site.getsitepackages()[0]");
python.unpackArchive(new Uint8Array(readFileSync(process.argv[2])), "gztar", { extractDir: folder });
python.runPython(`
from importlib.machinery import SourceFileLoader

compiled = []
def source_to_code(loader, data, path, *more, **options):
    compiled.append(path)
    return compile(data, path, "exec", dont_inherit=True)
SourceFileLoader.source_to_code = source_to_code

from walkthroughs.laboratory.experiment import prepare
prepare()
import walkthroughs.laboratory.messages
from walkthroughs.servers import daphne
print("compiled", compiled)
print("line", daphne.run.__code__.co_filename)
`);
"""
"""Starts the laboratory; prints which modules had to be compiled for it."""


@pytest.fixture(scope="module")
def modules(house: Path) -> Archive:
    """What is installed here."""
    return archive(house / ".cache" / "laboratory")


@pytest.fixture(scope="module")
def packed(modules: Archive, house: Path) -> Path:
    """What the browser loads of it."""
    return with_bytecode(modules, RUNTIME, house / ".cache" / "laboratory")


def test_python_in_the_browser_compiles_nothing(packed: Path) -> None:
    said = run_node(COMPILED, str(packed), limit=300).splitlines()
    assert "compiled []" in said
    # A recording names the file of a function: it is where the source lies.
    [line] = [each for each in said if each.startswith("line ")]
    assert line.endswith("/site-packages/walkthroughs/servers/daphne.py")


def test_it_has_all_modules_and_the_bytecode_of_those_imported(
    modules: Archive, packed: Path
) -> None:
    with tarfile.open(packed) as tar:
        names = {each.name for each in tar}
    bytecode = {each for each in names if each.endswith(".pyc")}
    assert len(bytecode) == len(modules.imported)
    assert "daphne/server.py" in names
    assert any(each.startswith("daphne/__pycache__/server.") for each in bytecode)


def test_it_is_small_enough(packed: Path) -> None:
    assert packed.stat().st_size < 6_500_000


def test_the_same_modules_give_the_same_archive(
    modules: Archive, packed: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    for _ in range(2):
        again = with_bytecode(modules, RUNTIME, tmp_path, told.append)
        assert again.name == packed.name
        assert again.read_bytes() == packed.read_bytes()
        assert told == ["Compiling the modules of the laboratory"]


def test_without_node_it_has_the_modules_alone(
    modules: Archive, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", Mock(return_value=None))
    path = with_bytecode(modules, RUNTIME, tmp_path)
    assert path.name != packed.name
    with tarfile.open(path) as tar:
        names = {each.name for each in tar}
    assert "daphne/server.py" in names
    assert not [each for each in names if each.endswith(".pyc")]


@pytest.mark.parametrize(
    "error", [subprocess.TimeoutExpired(["node"], 300), OSError("no memory")]
)
def test_node_that_does_not_run_is_told(
    modules: Archive,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    monkeypatch.setattr("subprocess.run", Mock(side_effect=error))
    with pytest.raises(RecordingError, match="modules cannot be compiled: "):
        with_bytecode(modules, RUNTIME, tmp_path)


def test_other_modules_to_import_make_another_archive(
    modules: Archive, packed: Path, tmp_path: Path
) -> None:
    fewer = replace(modules, imported=modules.imported[:1])
    assert with_bytecode(fewer, RUNTIME, tmp_path).name != packed.name


def test_a_failure_is_told_in_one_line(
    modules: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = subprocess.CompletedProcess([], 1, "", "trace\nRangeError: too much\nmore")
    monkeypatch.setattr("subprocess.run", Mock(return_value=said))
    with pytest.raises(RecordingError, match=r"compiled: RangeError: too much$"):
        with_bytecode(modules, RUNTIME, tmp_path)
