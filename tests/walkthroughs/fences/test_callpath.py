"""The fence `callpath`: checked, repaired and rendered from one recording."""

import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.walkthroughs.page_builder import check_fault, failures, site
from walkthroughs import fence_recordings
from walkthroughs.pages.pages import Pages
from walkthroughs.recording import is_recorded

PAGE = """\
# A page

{start}callpath scenario=main-loop server=daphne
daphne.server.Server.run  # it begins
...
    daphne.http_protocol.HTTPFactory.doStart
        daphne.http_protocol.HTTPFactory.startFactory
```

=== "A tab"

    ```callpath scenario=main-loop server=daphne
    daphne.server.Server.run
        daphne.http_protocol.HTTPFactory
    ```
""".replace("{start}", "```")


def pytest_on(
    folder: Path, page: str, *args: str
) -> "subprocess.CompletedProcess[str]":
    """Runs pytest over one page, in a project of its own."""
    (folder / "page.md").write_text(page)
    (folder / "pytest.ini").write_text("[pytest]\nwalkthroughs_pages = page.md\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_page_whose_listings_hold_passes(tmp_path: Path) -> None:
    result = pytest_on(tmp_path, PAGE)
    assert "2 passed" in result.stdout, result.stdout
    assert result.returncode == 0


FACTORY = "daphne.http_protocol.HTTPFactory"

FAULTS = {
    "two lines swapped": (
        f"    {FACTORY}.doStart\n        {FACTORY}.startFactory\n",
        f"    {FACTORY}.startFactory\n        {FACTORY}.doStart\n",
        "page.md:7: daphne.http_protocol.HTTPFactory.doStart comes before",
    ),
    "a missing ellipsis": (
        "...\n    daphne.http_protocol.HTTPFactory.doStart",
        "    daphne.http_protocol.HTTPFactory.doStart",
        "page.md:5: between daphne.server.Server.run and",
    ),
    "an idle ellipsis": (
        "        daphne.http_protocol.HTTPFactory.startFactory",
        "...\n        daphne.http_protocol.HTTPFactory.startFactory",
        "page.md:8: nothing comes between",
    ),
    "a name that is none": (
        "HTTPFactory.doStart",
        "HTTPFactory.doBegin",
        f"page.md:6: {FACTORY}.doBegin never happened; the nearest that did is",
    ),
    "a wrong line": ("doStart\n", "doStart again\n", "page.md:6: "),
    "no server": (
        " server=daphne",
        "",
        "page.md:3: a callpath fence needs server=NAME",
    ),
    "an unknown server": (
        "server=daphne",
        "server=apache",
        "page.md:3: scenario 'main-loop' does not run on 'apache', only on daphne",
    ),
    "an unknown scenario": (
        "=main-loop",
        "=mainloop",
        "page.md:3: there is no scenario 'mainloop': name one of your own as ",
    ),
    "an unknown option": (
        " server=daphne",
        " server=daphne when=now",
        "page.md:3: a callpath fence takes no when",
    ),
    "an unknown look": (
        " server=daphne",
        " server=daphne look=fat",
        "page.md:3: the look of a callpath is slim, if given",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_with_page_line_and_cause(tmp_path: Path, fault: str) -> None:
    check_fault(tmp_path, PAGE, FAULTS[fault])


def test_a_failure_shows_the_difference_and_the_versions(tmp_path: Path) -> None:
    [failure] = failures(tmp_path, PAGE.replace("...\n", "", 1))
    assert "- written, + observed:" in failure
    assert re.search(r"recorded on Python 3\.\d+\.\d+ with .*daphne \d", failure)


def test_update_writes_the_smallest_correction(tmp_path: Path) -> None:
    broken = PAGE.replace("...\n", "", 1).replace(
        f"        {FACTORY}\n", f"        ...\n        {FACTORY}\n"
    )
    result = pytest_on(tmp_path, broken, "--update-callpaths")
    assert result.returncode == 0, result.stdout
    assert "repaired: " in result.stdout
    repaired = (tmp_path / "page.md").read_text()
    assert repaired == PAGE
    again = pytest_on(tmp_path, repaired, "--update-callpaths")
    assert "nothing to repair" in again.stdout
    assert (tmp_path / "page.md").read_text() == repaired


def test_update_leaves_what_it_cannot_mend_and_says_so(tmp_path: Path) -> None:
    broken = PAGE.replace("startFactory", "stopFactory", 1)
    result = pytest_on(tmp_path, broken, "--update-callpaths")
    assert result.returncode == 1
    assert "page.md:7: cannot be repaired: daphne.http_protocol.HTTPFactory.stop" in (
        result.stdout
    )
    assert (tmp_path / "page.md").read_text() == broken


def test_update_fills_in_a_listing_that_is_empty(tmp_path: Path) -> None:
    empty = "```callpath scenario=main-loop server=daphne\n{}```\n"
    page = empty.format("") + "\n" + empty.format("...\n")
    first, second = failures(tmp_path, page)
    assert "page.md:1: the listing is empty" in first
    assert "page.md:4: the listing is empty" in second
    assert pytest_on(tmp_path, page, "--update-callpaths").returncode == 0
    assert failures(tmp_path, (tmp_path / "page.md").read_text()) == []


def test_the_site_shows_listing_picture_and_steps(tmp_path: Path) -> None:
    html = site(tmp_path, PAGE)
    assert html.count('<ol class="wt-listing"') == 2
    assert html.count("<svg") >= 2
    assert 'id="main-loop-daphne-1"' in html
    assert 'id="main-loop-daphne-2-1"' in html, "the second has ids of its own"
    assert "it begins" in html
    assert (tmp_path / "site" / "assets" / "walkthroughs.css").exists()
    assert (tmp_path / "site" / "assets" / "walkthroughs.js").exists()


def test_recordings_are_made_before_the_pages_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence = "```callpath scenario={} server=daphne\n...\n```\n"
    names = ("http-get", "main-loop", "keep-alive", "keep-alive", "no-such")
    (tmp_path / "page.md").write_text("".join(map(fence.format, names)))
    made: list[str] = []
    told: list[str] = []
    monkeypatch.setattr(
        fence_recordings,
        "is_recorded",
        lambda scenario, server: (
            is_recorded(scenario, server)
            if scenario == "no-such"
            else scenario == "http-get"
        ),
    )
    monkeypatch.setattr(
        fence_recordings, "record", lambda name, server: made.append(name)
    )
    fence_recordings.record_all(Pages(tmp_path), told.append)
    assert made == ["keep-alive", "main-loop"]
    assert told == [
        "Recording 1 of 2: keep-alive on daphne",
        "Recording 2 of 2: main-loop on daphne",
    ]


def test_a_slim_look_has_listing_and_steps_alone(tmp_path: Path) -> None:
    html = site(tmp_path, PAGE.replace("=daphne", "=daphne look=slim", 1))
    slim = html[html.index('<div class="wt wt-slim"') :].partition("tabbed-set")[0]
    assert 'id="main-loop-daphne-walk"' in slim
    assert 'id="main-loop-daphne-1"' in slim
    assert "<svg" not in slim


def test_a_fault_is_a_red_box_and_a_warning_with_page_and_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    html = site(tmp_path, PAGE.replace("...\n", "", 1), "serve")
    [warning] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "docs/index.md:5: between daphne.server.Server.run and" in (
        warning.getMessage()
    )
    assert '<div class="wt-failure"' in html
    shutil.rmtree(tmp_path / "site")
