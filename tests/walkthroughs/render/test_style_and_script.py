"""The style sheet and the script of a walkthrough, and the parts of the script."""

from pathlib import Path

from walkthroughs.render.style_and_script import (
    ASSETS,
    PARTS,
    script,
    texts,
    write_assets,
)


def test_every_part_is_in_the_script_once() -> None:
    parts = sorted((ASSETS / "script").iterdir())
    assert sorted(PARTS) == [each.stem for each in parts]
    for each in parts:
        text = each.read_text()
        assert text.startswith("/* "), f"{each.name} does not say what it is"
        assert script().count(text) == 1


def test_both_are_written_under_the_names_that_pages_load(tmp_path: Path) -> None:
    written = write_assets(tmp_path)
    assert {each.name: each.read_text() for each in written} == texts()
