"""What the browser loads: Python, its library and the modules."""

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.node import HOME
from walkthroughs.laboratory.packing import pack
from walkthroughs.laboratory.runtime import UNPACKER, Runtime, loaded, runtime
from walkthroughs.laboratory.site import CODE

from .pyodide import in_pyodide, what_is_loaded

IMPORTED = """
import sys

print("compiled", [
    each.__file__
    for each in list(sys.modules.values())
    if (getattr(each, "__file__", None) or "").endswith(".py")
    and each.__spec__.origin != "frozen"  # it is compiled in the runtime
    and not (each.__cached__ or "").endswith(".pyc")
])

from importlib.machinery import SourceFileLoader

def source_to_code(loader, data, path, *more, **options):
    print("compiles", path)
    return compile(data, path, "exec", dont_inherit=True)
SourceFileLoader.source_to_code = source_to_code
"""
"""Says which modules Python has compiled to start, and which it compiles from now on."""

LINE = """
from walkthroughs.servers import daphne
print("line", daphne.run.__code__.co_filename)
answer
"""


@pytest.fixture(scope="module")
def files(house: Path) -> Mapping[str, Path]:
    """What is made of what is installed here."""
    return what_is_loaded(house)


@pytest.fixture(scope="module")
def library(files: Mapping[str, Path]) -> set[str]:
    """The names in the standard library."""
    with tarfile.open(files["library"]) as tar:
        [member] = tar.getmembers()
        packed = tar.extractfile(member)
        assert packed
        with zipfile.ZipFile(io.BytesIO(packed.read())) as archive:
            return {*archive.namelist()}


@pytest.fixture(scope="module")
def modules(files: Mapping[str, Path]) -> set[str]:
    """The names in the archive of modules."""
    with tarfile.open(files["modules"]) as tar:
        return {*tar.getnames()}


def test_python_in_the_browser_compiles_nothing(house: Path, tmp_path: Path) -> None:
    code = f"{IMPORTED}\n{CODE}\n{LINE}"
    _, said = in_pyodide(house, tmp_path, code, [])
    assert "compiled []" in said
    assert not [each for each in said if each.startswith("compiles ")]
    # A recording names the file of a function: it is where the source lies.
    [line] = [each for each in said if each.startswith("line ")]
    assert line.endswith("/site-packages/walkthroughs/servers/daphne.py")


def test_a_step_into_asyncio_shows_its_source(house: Path, tmp_path: Path) -> None:
    asked: dict[str, object] = {
        "do": "run",
        "experiment": {
            "client": "GET / HTTP/1.1\nHost: example.com\nConnection: close\n\n",
            "application": "from django.http import HttpResponse\n"
            "from django.urls import path\n\n"
            "async def view(request):\n"
            "    return HttpResponse()\n\n"
            'urlpatterns = [path("", view)]\n',
            "server": "minidaphne",
            "focus": "everything",
        },
    }
    [answer], _ = in_pyodide(house, tmp_path, CODE, [asked])
    assert isinstance(answer, dict)
    assert "asyncio/selector_events.py" in answer["html"]
    assert "is not installed here" not in answer["html"]


def test_what_a_walkthrough_may_show_has_source_and_bytecode(
    library: set[str], modules: set[str]
) -> None:
    for name in ("daphne/server", "twisted/web/http", "django/http/request"):
        folder, _, last = name.rpartition("/")
        assert f"{name}.py" in modules
        assert f"{folder}/__pycache__/{last}.cpython-314.pyc" in modules
    assert {"asyncio/events.py", "asyncio/events.pyc"} <= library


def test_what_none_shows_has_one_of_the_two(
    library: set[str], modules: set[str]
) -> None:
    assert {"attr/_make.pyc", "zope/interface/interface.pyc"} <= modules
    assert "typing.pyc" in library
    assert not {"attr/_make.py", "zope/interface/interface.py"} & modules
    assert "typing.py" not in library
    # What no start point imports can be imported all the same.
    assert {"wave.py", "smtplib.py"} <= library
    assert "django/views/generic/list.py" in modules


def test_nothing_of_the_library_is_lost(library: set[str]) -> None:
    whole = HOME / "node_modules" / "pyodide" / "python_stdlib.zip"
    with zipfile.ZipFile(whole) as archive:
        wanted = {*archive.namelist()}
    assert {each.replace(".pyc", ".py") for each in library} == wanted


def test_it_is_small_enough(files: Mapping[str, Path]) -> None:
    """About 8 MB, as the page says."""
    assert sum(path.stat().st_size for path in files.values()) < 8_100_000


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of packages that look like those of npm."""
    python = tmp_path / "pyodide"
    python.mkdir()
    for name in ("pyodide.asm.wasm", "pyodide.asm.mjs", "pyodide.mjs"):
        (python / name).write_text(name, encoding="utf-8")
    with zipfile.ZipFile(python / "python_stdlib.zip", "w") as pack:
        pack.writestr("typing.py", "")
    about = {"version": "1.2.3", "license": "MPL-2.0"}
    (python / "package.json").write_text(json.dumps(about), encoding="utf-8")
    lock = {"info": {"python": "3.14.2"}}
    (python / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    unpacker = tmp_path / UNPACKER
    unpacker.parent.mkdir(parents=True)
    unpacker.write_text("", encoding="utf-8")
    about = {"version": "0.1", "license": "MIT"}
    (tmp_path / "xz-decompress" / "package.json").write_text(
        json.dumps(about), encoding="utf-8"
    )
    return tmp_path


def made(packages: Path) -> Runtime:
    found = runtime(packages)
    assert found
    return found


def one_module(folder: Path) -> Path:
    """An archive of modules that has one."""
    path = folder / "modules.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("daphne/server.py", "")
    return path


def test_without_node_each_module_has_its_source_alone(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", Mock(return_value=None))
    modules = one_module(tmp_path)
    files = loaded(made(packages), modules, tmp_path / "cache")
    assert [*files] == ["unpacker", "python", "library", "modules"]
    with tarfile.open(files["modules"][1]) as tar:
        assert tar.getnames() == ["daphne/server.py"]


def test_the_same_files_give_the_same_archive(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pack(tmp_path / name, [("a.py", b"a"), ("b.pyc", bytes(9))])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_archive_is_made_once(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", Mock(return_value=None))
    modules = one_module(tmp_path)
    told: list[str] = []
    first = loaded(made(packages), modules, tmp_path, told.append)
    made_of = ("python", "library", "modules")
    assert told == [f"Compressing for the laboratory: {name}" for name in made_of]
    assert loaded(made(packages), modules, tmp_path, told.append) == first
    assert len(told) == len(made_of)


def test_it_names_what_it_is_made_of(packages: Path) -> None:
    names = [each.name for each in made(packages).packages]
    assert names == ["pyodide", "Python", "xz-decompress"]


@pytest.mark.parametrize("lacks", [Path("pyodide", "pyodide.asm.wasm"), UNPACKER])
def test_a_runtime_that_is_not_all_there_is_none(packages: Path, lacks: Path) -> None:
    (packages / lacks).unlink()
    assert runtime(packages) is None
