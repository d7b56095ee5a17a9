"""The values of options: what is read, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from walkthroughs.cli import main
from walkthroughs.commands import FAILED, option_values
from walkthroughs.errors import UsageError

SITE = "tests.walkthroughs.commands.site"


def test_a_file_of_variables_does_not_change_those_that_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET", "before")
    monkeypatch.delenv("UNSET", raising=False)
    file = tmp_path / ".env"
    file.write_text("# a comment\nSET=no\n\nexport UNSET='a b'\nBOTH=${SET}!\nEMPTY=\n")
    expected = {"UNSET": "a b", "BOTH": "before!", "EMPTY": ""}
    assert option_values.read_env_file(file) == expected
    assert "UNSET" not in os.environ


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"A=1\n\nno sense\n", "line 3 is not NAME=VALUE"),
        (b"A\n", "line 1 is not NAME=VALUE"),
        (b"A=\xff\n", "it is not UTF-8 text"),
        (b"A=\0\n", "it contains a NUL character"),
    ],
)
def test_a_malformed_env_file_is_rejected(
    text: bytes, fault: str, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(text)
    with pytest.raises(UsageError, match=fault):
        option_values.read_env_file(tmp_path / ".env")


def test_a_server_that_is_not_installed_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"minidaphne": object()}
    monkeypatch.setattr(option_values, "find_spec", found.get)
    assert main(["record", SITE, "--server", "daphne"]) == FAILED
    said = capsys.readouterr().err
    assert "daphne is not installed here: run `python -m pip install daphne`" in said
    assert option_values.server(None) == "minidaphne"
