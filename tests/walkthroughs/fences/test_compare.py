"""The fence `compare`: checked and rendered from two listings of the same page."""

import logging
import re
from pathlib import Path

import pytest

from tests.walkthroughs.page_builder import check_fault, failures, site

PAGE = """\
# A page

=== "Daphne"

    {fence}callpath scenario=main-loop server=daphne
    daphne.server.Server.run
    ...
        daphne.http_protocol.HTTPFactory.startFactory
    {fence}

=== "minidaphne"

    {fence}callpath scenario=main-loop server=minidaphne
    minidaphne.server.Server.run
    ...
        minidaphne.server.Server.prepare
    {fence}

{fence}compare scenario=main-loop left=daphne right=minidaphne
{fence}
""".replace("{fence}", "```")

FAULTS = {
    "a side that is not there": (
        "right=minidaphne",
        "right=uvicorn",
        "page.md:19: there is no callpath of main-loop on uvicorn above it",
    ),
    "another scenario": (
        "compare scenario=main-loop",
        "compare scenario=http-get",
        "page.md:19: there is no callpath of http-get on daphne above it",
    ),
    "no side": (" left=daphne", "", "a compare fence says its scenario, left, right"),
    "a body": ("right=minidaphne\n", "right=minidaphne\nx\n", "is empty"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_with_page_line_and_cause(tmp_path: Path, fault: str) -> None:
    check_fault(tmp_path, PAGE, FAULTS[fault])


def test_both_sides_there_is_no_failure(tmp_path: Path) -> None:
    assert failures(tmp_path, PAGE) == []


def test_rows_lead_to_the_steps_of_the_two(tmp_path: Path) -> None:
    html = site(tmp_path, PAGE)
    table = html[html.index('<table class="wt-pairs"') :].partition("</table>")[0]
    links = re.findall(r'href="#([\w-]+)"', table)
    assert "main-loop-daphne-1" in links
    assert "main-loop-minidaphne-1" in links
    assert all(f'id="{link}"' in html for link in links)


def test_the_nearest_of_several_is_meant(tmp_path: Path) -> None:
    first = PAGE.index("=== ")
    again = PAGE[:first] + PAGE[first : PAGE.index("=== ", first + 1)] + PAGE[first:]
    html = site(tmp_path, again)
    assert 'id="main-loop-daphne-2-main-loop-minidaphne-walk"' in html


def test_a_fault_is_a_red_box(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    html = site(tmp_path, PAGE.replace("right=minidaphne", "right=uvicorn"), "serve")
    [warning] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "docs/index.md:19: there is no callpath" in warning.getMessage()
    assert '<div class="wt-failure"' in html
