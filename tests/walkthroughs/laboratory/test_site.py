"""The laboratory's part of the site."""

from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files

from walkthroughs.laboratory.site import SCRIPTS, WITHOUT_PYTHON, LaboratorySite, linked


@pytest.mark.parametrize("asked", [False, True])
def test_without_python_the_build_says_why(
    asked: bool,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(WITHOUT_PYTHON, raising=False)
    if asked:
        monkeypatch.setenv(WITHOUT_PYTHON, "1")
        monkeypatch.setattr("walkthroughs.laboratory.site.runtime", None)
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("", encoding="utf-8")
    config = MkDocsConfig(str(tmp_path / "mkdocs.yml"))
    config.load_dict({"site_name": "x", "docs_dir": str(tmp_path / "docs")})
    config.validate()
    # MkDocs sets it while it calls a plugin.
    config.plugins._current_plugin = "laboratory"
    caplog.set_level("INFO")
    files = LaboratorySite("laboratory.md").on_files(Files([]), config=config)
    why = f"{WITHOUT_PYTHON} is set" if asked else "Run 'make prepare'"
    assert why in caplog.text
    names = [file.src_uri.rpartition("/")[2] for file in files]
    assert names == list(SCRIPTS)


def walk(which: str) -> str:
    return f'<div class="wt wt-slim" role="group" id="{which}-walk" aria-label="x">'


def test_a_walkthrough_gets_a_link_if_its_story_can_run() -> None:
    page = linked(walk("http-get-daphne-2"), "lab.html")
    assert page.startswith('<p class="wt-try"><a href="lab.html#start=http-get&amp;')
    assert page.endswith(walk("http-get-daphne-2"))


def test_one_that_walks_by_itself_gets_none() -> None:
    playing = walk("http-get-daphne").replace(">", " data-play>")
    assert linked(playing, "lab.html") == playing


@pytest.mark.parametrize(
    "which", ["redis-push-daphne", "http-get-uvicorn", "x-http-get-daphne"]
)
def test_another_gets_none(which: str) -> None:
    assert linked(walk(which), "lab.html") == walk(which)
