"""Installing with uv, and with pip where uv will not do."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.walkthroughs.compatibility.conftest import IGNORED, Commands
from walkthroughs.compatibility import installing
from walkthroughs.compatibility.environments import make_with, versions
from walkthroughs.compatibility.installing import TooSlow, Uninstallable


@pytest.fixture
def with_uv(system: Commands, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setattr(installing, "find_uv", lambda: Path("/a/uv"))
    return system


def test_uv_makes_it_where_it_is_there(with_uv: Commands) -> None:
    assert versions(make_with("django", "6.1"))["django"] == "6.1.3"
    [_, venv, install, *_] = with_uv.ran
    assert venv.startswith("/a/uv venv --clear --python /a/new ")
    assert install.startswith("/a/uv pip install --python ")
    assert "django==6.1.* daphne" in install
    assert not [line for line in with_uv.ran if " -m venv " in line]


def test_uv_gets_the_index_and_the_constraints_of_pip(with_uv: Commands) -> None:
    with_uv.configured = (
        "global.index-url='https://example.com/a'\n"
        ":env:.constraint='one.txt\\ntwo.txt'\n"
        "global.timeout='60'\n"
        "download.index-url='https://example.com/b'\n"
    )
    make_with("django", "6.1")
    [install] = [line for line in with_uv.ran if " install " in line]
    assert install.startswith("/a/uv pip install ")
    assert with_uv.variables["UV_DEFAULT_INDEX"] == "https://example.com/a"
    assert with_uv.variables["UV_CONSTRAINT"] == "one.txt two.txt"
    assert with_uv.variables["UV_NO_CONFIG"] == "1"


@pytest.mark.parametrize(
    "configuration",
    [
        "global.extra-index-url='https://example.com'\n",
        "global.find-links='wheels'\n",
        "global.no-index='true'\n",
        "install.pre='true'\n",
        ":env:.pypi-url='https://example.com'\n",
        "global.only-binary=':all:'\n",
        "global.constraint='one.txt'\ninstall.constraint='two.txt'\n",
    ],
)
def test_pip_makes_it_where_uv_cannot_be_told_what_to_take(
    with_uv: Commands, configuration: str
) -> None:
    with_uv.configured = configuration
    make_with("django", "6.1")
    assert with_uv.ran[1].startswith("/a/new -m venv --clear ")
    assert not [line for line in with_uv.ran if line.startswith("/a/uv")]


def test_pip_says_why_where_uv_fails(
    with_uv: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "/an/old")
    with_uv.error = IGNORED
    with pytest.raises(Uninstallable, match=r"^No matching distribution found for"):
        make_with("django", "6.1")
    assert [line.split()[1] for line in with_uv.ran] == ["-m", "venv", "-m"]


def test_uv_that_takes_too_long_ends_it(
    with_uv: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(words: list[str], **options: Any) -> Any:
        if "venv" in words:
            raise subprocess.TimeoutExpired(words, 600)
        return with_uv(words, **options)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(TooSlow, match="within 600 seconds"):
        make_with("django", "6.1")
