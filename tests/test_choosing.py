"""The table of "Choosing a server" says what the runs below it print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from walkthroughs.pages.markdown import fences

PAGE = Path(__file__).parent.parent / "docs" / "production" / "choosing.md"

Table = dict[str, dict[str, str]]


def table_of(text: str) -> Table:
    """Return anchor -> server -> what its cell says."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    servers = rows[0][1:]
    table = {}
    for first, *cells in rows[1:]:
        link = re.fullmatch(r"\[.*\]\(#([\w-]+)\)", first)
        assert link, first
        table[link[1]] = dict(zip(servers, cells, strict=True))
    return table


def measured(text: str, anchor: str) -> dict[str, str]:
    """Return server -> answer, as the first prompt below an anchor prints them."""
    _, _, below = text.partition(f'<a id="{anchor}"></a>')
    prompt = next(each.body for each in fences(below) if each.body.startswith(">>> "))
    answers: dict[str, str] = {}
    answer = ""
    for line in prompt.splitlines()[1:]:
        if line.startswith((">>> ", "(")):
            break
        if line.startswith("    "):
            answers |= dict.fromkeys(line.strip().split(", "), answer)
        else:
            answer = line
    return answers


def wrong_rows(text: str) -> list[str]:
    """Return the anchors of all rows that differ from their runs."""
    table = table_of(text)
    return [anchor for anchor in table if table[anchor] != measured(text, anchor)]


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_every_cell_is_what_was_measured(text: str) -> None:
    assert wrong_rows(text) == []
    assert len(table_of(text)) == text.count('<a id="') == text.count(">>> show(")


def test_a_wrong_cell_is_noticed(text: str) -> None:
    cell = "| exits with 0 |"
    assert cell in text
    assert wrong_rows(text.replace(cell, "| server gone |")) == ["crash"]


def test_a_wrong_run_is_noticed(text: str) -> None:
    assert wrong_rows(text.replace("\nexits with 0\n", "\nserver gone\n")) == ["crash"]


def test_the_prose_counts_as_the_table_does(text: str) -> None:
    def differing(one: str, other: str) -> list[str]:
        table = table_of(text)
        return [
            anchor for anchor in table if table[anchor][one] != table[anchor][other]
        ]

    assert len(differing("Daphne", "uvicorn")) == 13
    assert "thirteen rows in which they differ" in text
    assert differing("uvicorn", "gunicorn + uvicorn") == ["crash"]


@pytest.mark.parametrize(
    ("server", "has_it"), [("granian", False), ("gunicorn", False), ("uvicorn", True)]
)
def test_who_has_an_option_for_pings(server: str, has_it: bool) -> None:
    command = [sys.executable, "-m", server, "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    options = re.findall(r"--[\w-]*ping[\w-]*", shown)
    assert bool(options) == has_it
