"""Check that `make test-lowest` installed exactly the lowest versions that
pyproject.toml allows.

If another requirement forces a higher one, the bound is untested and has to be raised.
"""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = tomllib.loads(
    (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
)["project"]
EXTRAS = ("docs", "test", "channels")
LISTED = [
    *PROJECT["dependencies"],
    *(each for extra in EXTRAS for each in PROJECT["optional-dependencies"][extra]),
]


@pytest.mark.parametrize("listed", LISTED)
def test_what_is_installed_is_the_lowest_that_is_allowed(listed: str) -> None:
    requirement = Requirement(listed)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return
    [lowest] = [
        Version(bound.version)
        for bound in requirement.specifier
        if bound.operator in (">=", "==")
    ]
    assert Version(version(requirement.name)) == lowest
