"""What is installed from a wheel, and the bounds in `pyproject.toml`."""

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, house: Path) -> ZipFile:
    """The wheel, made by the build backend that `pyproject.toml` names."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling import build; build.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, folder], cwd=house, check=True)
    [file] = folder.glob("*.whl")
    return ZipFile(file)


@pytest.mark.parametrize("package", ["minidaphne", "walkthroughs"])
def test_a_wheel_says_that_its_packages_have_types(
    wheel: ZipFile, package: str
) -> None:
    assert f"{package}/py.typed" in wheel.namelist()


def test_a_wheel_has_what_is_no_python(wheel: ZipFile, house: Path) -> None:
    assets = (house / "walkthroughs" / "render" / "assets").rglob("*.*")
    names = {each.relative_to(house).as_posix() for each in assets}
    assert names and names <= set(wheel.namelist())


def test_a_wheel_has_the_two_packages_alone(wheel: ZipFile) -> None:
    folders = {name.partition("/")[0] for name in wheel.namelist()}
    assert {each for each in folders if "dist-info" not in each} == {
        "minidaphne",
        "walkthroughs",
    }


def test_every_requirement_has_a_lowest_version(house: Path) -> None:
    """Else there is nothing that `make test-lowest` could install."""
    project = tomllib.loads((house / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    listed = [*project["dependencies"], *(each for extra in extras for each in extra)]
    unbounded = [
        each
        for each in listed
        if not any(
            bound.operator in (">=", "==") for bound in Requirement(each).specifier
        )
    ]
    assert not unbounded
