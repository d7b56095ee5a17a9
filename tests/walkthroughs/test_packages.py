"""Whose a module is."""

from importlib.metadata import PathDistribution, packages_distributions
from pathlib import Path

import pytest

from walkthroughs import packages
from walkthroughs.packages import owners

RECORD = """\
one/__init__.py,sha256=a,1
one/deep/two.py,sha256=b,1
"one/a, b.txt",sha256=c,1
six.py,sha256=d,1
one/late.py,sha256=e,1
onemore/__init__.py,sha256=f,1
fast.abi3.so,sha256=g,1
../../../bin/one,sha256=h,1
__pycache__/six.cpython-311.pyc,,
made-1.dist-info/METADATA,sha256=i,1
made-1.dist-info/RECORD,,
"""


def test_the_standard_library_says_the_same_of_what_it_knows() -> None:
    known = packages_distributions()
    assert "daphne" in known
    for top, names in known.items():
        if top.isidentifier() and top != "__pycache__":
            assert {*owners()[top]} == {*names}, top


def test_top_level_names_are_found_anywhere_in_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "made-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: made\nVersion: 1\n")
    (folder / "RECORD").write_text(RECORD)
    monkeypatch.setattr(packages, "distributions", lambda: [PathDistribution(folder)])
    owners.cache_clear()
    packages._installed.cache_clear()
    try:
        assert {*owners()} == {"one", "onemore", "six", "fast"}
    finally:
        owners.cache_clear()
        packages._installed.cache_clear()
