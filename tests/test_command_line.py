"""The page on the command line says what the program takes."""

from __future__ import annotations

from pathlib import Path

from walkthroughs.cli import build_parser
from walkthroughs.commands.manual import manual


def test_the_page_is_what_the_parser_makes_of_itself(house: Path) -> None:
    page = house / "docs" / "reference" / "command-line.md"
    assert page.read_text(encoding="utf-8") == manual(build_parser()), (
        "write it again: walkthroughs manual > docs/reference/command-line.md"
    )
