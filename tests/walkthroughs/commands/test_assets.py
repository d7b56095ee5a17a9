"""`walkthroughs assets`: style and script for generators that have no adapter."""

from pathlib import Path

import pytest

from walkthroughs.cli import main
from walkthroughs.render.style_and_script import texts


def test_it_writes_style_and_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["assets", str(tmp_path / "docs" / "assets")]) == 0
    said = capsys.readouterr().out
    assert {*texts()} == {"walkthroughs.css", "walkthroughs.js"}
    for name, text in texts().items():
        written = tmp_path / "docs" / "assets" / name
        assert written.read_text() == text
        assert str(written) in said


def test_a_file_is_not_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "assets").write_text("")
    assert main(["assets", str(tmp_path / "assets")]) == 2
    assert "is a file: name a folder" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "assets"
    assert main(["assets", str(folder)]) == 2
    assert f"cannot write into {folder}: Not a directory" in capsys.readouterr().err
