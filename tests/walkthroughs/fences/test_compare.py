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
    "no side": (" left=daphne", "", "a compare fence needs scenario, left, right"),
    "a body": ("right=minidaphne\n", "right=minidaphne\nx\n", "must be empty"),
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


VERSIONS = """\
# A page

{fence}callpath scenario=http-get server=daphne django=5.2
--- task: process_request
walkthroughs.scenarios.mysite.views.hello
{fence}

{fence}callpath scenario=http-get server=daphne django=6.1
--- task: application
walkthroughs.scenarios.mysite.views.hello
{fence}

{fence}compare scenario=http-get server=daphne django=5.2,6.1
{fence}
""".replace("{fence}", "```")


def test_two_versions_are_shown_with_the_tasks_that_differ(tmp_path: Path) -> None:
    html = site(tmp_path, VERSIONS)
    table = html[html.index('<table class="wt-pairs"') :].partition("</table>")[0]
    heads = re.findall(r'<th scope="col">(.*?)<br>', table)
    assert heads == ["Django 5.2", "Django 6.1"]
    lanes = re.findall(r"<td><small>(.*?)</small>", table)
    assert lanes == ["task: process_request", "task: application"]
    links = re.findall(r'href="#([\w-]+)"', table)
    assert links == ["http-get-daphne-1", "http-get-daphne-2-1"]
    assert all(f'id="{link}"' in html for link in links)


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        (
            "5.2,6.1",
            "5.2,7.0",
            "page.md:13: there is no callpath of http-get on daphne with Django 7.0",
        ),
        (
            "5.2,6.1",
            "5.2",
            "page.md:13: a compare fence with a server needs two versions",
        ),
        (" django=5.2,6.1", "", "page.md:13: a compare fence with a server needs two"),
        ("5.2,6.1", "5.2,x", "page.md:13: django=x is not a version"),
    ],
)
def test_versions_that_are_not_there_are_said(
    tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    check_fault(tmp_path, VERSIONS, (right, wrong, words))


def test_a_fault_is_a_red_box(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    html = site(tmp_path, PAGE.replace("right=minidaphne", "right=uvicorn"), "serve")
    [warning] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "docs/index.md:19: there is no callpath" in warning.getMessage()
    assert '<div class="wt-failure"' in html
