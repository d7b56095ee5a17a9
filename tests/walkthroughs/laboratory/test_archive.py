"""The archive of modules that the browser needs."""

import zipfile
from pathlib import Path

import pytest

from walkthroughs.laboratory.archive import LEFT_OUT, Archive, archive


@pytest.fixture(scope="module")
def found(house: Path) -> Archive:
    """The archive of what is installed here."""
    return archive(house / ".cache" / "laboratory")


def test_it_has_the_servers_and_only_python(found: Archive) -> None:
    with zipfile.ZipFile(found.path) as pack:
        names = pack.namelist()
        assert pack.testzip() is None
    for name in ("daphne/server.py", "minidaphne/server.py", "twisted/web/http.py"):
        assert name in names
    assert "walkthroughs/laboratory/worker_messages.py" in names
    assert not [name for name in names if name.endswith((".so", ".pyc"))]
    assert not [name for name in names if name.startswith(LEFT_OUT)]
    # Only blocks of pages import it.
    assert "daphne/endpoints.py" in names


def test_each_package_brings_its_licence(found: Archive) -> None:
    with zipfile.ZipFile(found.path) as pack:
        names = pack.namelist()
    for package in found.packages:
        folder = f"{package.name.replace('-', '_')}-{package.version}.dist-info/"
        assert f"{folder}METADATA" in names
        assert package.licence != "licence not said"
    wanted = {
        "Django",
        "Twisted",
        "autobahn",
        "channels",
        "daphne",
        "h11",
        "websockets",
    }
    assert wanted <= {package.name for package in found.packages}


def test_it_is_small(found: Archive) -> None:
    assert found.path.stat().st_size < 2_500_000


def test_the_same_packages_give_the_same_archive(
    found: Archive, tmp_path: Path
) -> None:
    for memory in found.path.parent.glob("needed-*.json"):
        (tmp_path / memory.name).write_bytes(memory.read_bytes())
    told: list[str] = []
    for _ in range(2):
        again = archive(tmp_path, told.append)
        assert again.path.read_bytes() == found.path.read_bytes()
        assert told == ["Packing the modules of the laboratory"]


def test_a_folder_that_two_packages_fill_has_its_owner(found: Archive) -> None:
    # Daphne puts a plugin into Twisted's folder.
    with zipfile.ZipFile(found.path) as pack:
        records = {
            name: pack.read(name).decode()
            for name in pack.namelist()
            if name.endswith("/RECORD")
        }
    owners = [name for name, text in records.items() if "twisted/web/http.py," in text]
    assert [name.partition("-")[0] for name in owners] == ["Twisted"]
