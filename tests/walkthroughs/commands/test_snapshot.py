"""The command that writes the server as of a chapter."""

from pathlib import Path

import pytest

from walkthroughs.cli import main


def test_writes_the_files_and_names_them(
    capsys: pytest.CaptureFixture[str], house: Path, tmp_path: Path
) -> None:
    docs = str(house / "docs")
    page = "server/listening.md"
    assert main(["snapshot", page, "-o", str(tmp_path), "--docs", docs]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert sorted(printed) == sorted(str(file) for file in tmp_path.rglob("*.py"))
    assert str(tmp_path / "minidaphne" / "server.py") in printed


def test_a_page_that_is_not_there_is_an_error(
    capsys: pytest.CaptureFixture[str], house: Path, tmp_path: Path
) -> None:
    docs = str(house / "docs")
    assert main(["snapshot", "no.md", "-o", str(tmp_path), "--docs", docs]) == 1
    assert "the book has no chapter 'no.md'" in capsys.readouterr().err
