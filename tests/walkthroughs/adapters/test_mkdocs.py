"""The book on a site that MkDocs builds."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.walkthroughs.page_builder import site
from walkthroughs import fences

PAGE = """\
---
title: A page with front matter
---

# Page

=== "In a tab"

    ```source walkthroughs.errors.TargetError
    ```

```python title="untouched"
x = 1
```

{fence}
```
"""


def test_a_source_fence_shows_the_live_source(tmp_path: Path) -> None:
    html = site(tmp_path, PAGE.format(fence="```source walkthroughs.errors:FenceError"))
    assert html.count('<figure class="source">') == 2
    assert "A name on a page names nothing in the installed code." in html
    assert "<code>walkthroughs.errors.FenceError</code> · inside-daphne" in html
    assert "BSD-3-Clause · <code>walkthroughs/errors.py:" in html
    assert "untouched" in html


@pytest.mark.parametrize(
    ("fence", "message"),
    [
        (
            "```source walkthroughs.errors.FenseError",
            "'walkthroughs.errors' has no 'FenseError'; the nearest name is",
        ),
        ("```source", "a source fence needs the name of what to show"),
        ("```source a.b c.d", "a source fence takes one bare word, not: a.b c.d"),
        ("```source json lines=3", "a source fence takes no lines"),
        ("```source json\ntext", "a source fence must be empty: its text comes from"),
    ],
)
def test_an_error_names_page_and_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fence: str, message: str
) -> None:
    html = site(tmp_path, PAGE.format(fence=fence), "serve")
    [record] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    # What MkDocs counts when it is strict.
    assert record.name.startswith("mkdocs")
    assert f"docs/index.md:16: {message}" in record.getMessage()
    assert '<div class="wt-failure"' in html


@pytest.mark.parametrize(
    ("fence", "fault"),
    [
        ("```source walkthroughs.errors.FenseError", "'walkthroughs.errors' has no"),
        ("```callpath scenario=nowhere:x server=daphne\n...", "the listing is empty"),
        ("```callpath scenario=nowhere:x server=daphne\na.b", "No module named 'nowhe"),
        ("```{callpath}\na.b", "this names a callpath fence: write ```callpath"),
        ("- ```callpath\na.b", "a fence beside a bullet is none"),
        (
            "    ```source json\n    ```\n\nText.\n\n```text",
            "this source fence is inde",
        ),
    ],
)
def test_a_fence_that_fails_ends_the_build_before_a_page_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fence: str, fault: str
) -> None:
    with pytest.raises(Abort):
        site(tmp_path, PAGE.format(fence=fence))
    said = caplog.records[-1]
    assert said.levelno == logging.ERROR
    assert said.getMessage().startswith("1 fence on the pages failed:\ndocs/index.md:1")
    assert fault in said.getMessage()
    assert not (tmp_path / "site" / "index.html").exists()
    strict = load_config(str(tmp_path / "mkdocs.yml"), strict=True)
    with pytest.raises(Abort):
        build(strict)
    assert not (tmp_path / "site" / "index.html").exists()


NOTES = """\
async def app(scope, receive, send):
    await answer(send)


async def answer(send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})
"""

PATHS = """\
from walkthroughs import scenario

note = scenario("note", "wt_notes:app", focus=["wt_notes"])
"""

LISTED = """\
```callpath scenario=wt_paths:{name} server=uvicorn
wt_notes.app
    wt_notes.answer
```
"""


@pytest.fixture
def own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a site's own modules leave behind is taken back."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    yield
    for name in ("wt_paths", "wt_notes"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("own_modules")
def test_scenarios_beside_the_configuration_are_found_and_read_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "wt_notes.py").write_text(NOTES)
    (tmp_path / "wt_paths.py").write_text(PATHS)
    assert '<ol class="wt-listing"' in site(tmp_path, LISTED.format(name="note"))
    config = load_config(str(tmp_path / "mkdocs.yml"))
    config.plugins.on_startup(command="build", dirty=False)
    (tmp_path / "wt_paths.py").write_text(PATHS.replace("note =", "another ="))
    with pytest.raises(Abort):
        build(config)
    assert "docs/index.md:1: wt_paths:note is not a scenario" in caplog.text
    watched = {Path(each).name for each in config.watch}
    assert "wt_paths.py" in watched
    (tmp_path / "docs" / "index.md").write_text(LISTED.format(name="another"))
    build(load_config(str(tmp_path / "mkdocs.yml")))


def test_a_defect_in_a_renderer_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> str:
        raise ZeroDivisionError("no")

    monkeypatch.setattr(fences.source, "render", broken)
    with pytest.raises(ZeroDivisionError):
        site(tmp_path, PAGE.format(fence="```source walkthroughs.errors"))
