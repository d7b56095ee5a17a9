"""The fences `stages` and `twins`: made from all listings of a book."""

import re
from pathlib import Path

import pytest

from tests.walkthroughs.page_builder import check_fault, site
from walkthroughs.book.stage_index import homes, stages
from walkthroughs.book.stage_names import read_names
from walkthroughs.errors import WalkthroughError
from walkthroughs.fences.twins import snake_case, twins
from walkthroughs.pages.markdown import fences, options_of
from walkthroughs.pages.pages import Pages
from walkthroughs.source_locator import find

PAGE = """\
# A page

{fence}callpath scenario=main-loop server=daphne
daphne.server.Server.run
...
    daphne.http_protocol.HTTPFactory.doStart
{fence}

{fence}stages daphne
{fence}

{fence}twins left=daphne right=minidaphne
daphne.http_protocol.HTTPFactory  # nobody tells it
{fence}
""".replace("{fence}", "```")

FAULTS = {
    "no such stage": (
        "stages daphne",
        "stages apache",
        "page.md:9: no listing of the book names a stage of 'apache'",
    ),
    "no reason": (
        "HTTPFactory  # nobody",
        "WebRequest  # nobody",
        "page.md:12: daphne.http_protocol.HTTPFactory.doStart has no twin in minid",
    ),
    "an idle reason": (
        "daphne.http_protocol.HTTPFactory  #",
        "daphne.server  # because\ndaphne.http_protocol.HTTPFactory  #",
        "page.md:12: no stage needs the reason given for daphne.server",
    ),
    "no words": ("  # nobody tells it", "", "this line gives no reason after"),
    "no right": (" right=minidaphne", "", "a twins fence needs left and right"),
    "no package": ("=minidaphne", "=maxidaphne", "there is no package 'maxidaphne'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_with_page_line_and_cause(tmp_path: Path, fault: str) -> None:
    check_fault(tmp_path, PAGE, FAULTS[fault])


def test_a_stage_leads_to_its_step_and_the_step_back(tmp_path: Path) -> None:
    html = site(tmp_path, PAGE)
    assert '<dt id="daphne.server.Server.run">' in html
    assert re.search(r'<a href="[^"]*#main-loop-daphne-1">step 1</a>', html)
    assert re.search(r'<a href="[^"]*#daphne.server.Server.run" title="Where', html)


def test_a_page_is_called_by_its_heading_without_attributes(tmp_path: Path) -> None:
    html = site(tmp_path, PAGE.replace("# A page", "# A page { .front }"))
    assert "A page, main-loop on daphne" in html


def test_a_stage_stands_beside_its_twin(tmp_path: Path) -> None:
    html = site(tmp_path, PAGE)
    table = re.sub(r"<wbr>", "", html[html.index('<table class="wt-twins"') :])
    assert re.search(
        r'<td><a class="stage" href="[^"]*#daphne.server.Server.run" [^>]*>'
        "<code>daphne.server.Server.run</code></a></td>"
        # No listing of the page names it, so no link can lead to it.
        "<td><code>minidaphne.server.Server.run</code></td>",
        table,
    )
    assert "<td>nobody tells it</td>" in table


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("buildProtocol", "build_protocol"),
        ("handle_reply", "handle_reply"),
        ("applicationCreateWorked", "application_create_worked"),
        ("HTTPFactory", "HTTPFactory"),
    ],
)
def test_camel_case_is_snake_case(name: str, twin: str) -> None:
    assert snake_case(name) == twin


def test_every_stage_of_the_book_has_its_place(house: Path) -> None:
    named = {stage.package for stage in stages(Pages(house / "docs"))}
    assert named == set(homes(Pages(house / "docs")))


def test_every_name_in_the_book_s_table_is_there(house: Path) -> None:
    page = (house / "docs" / "reference" / "twins.md").read_text(encoding="utf-8")
    [fence] = [each for each in fences(page) if each.language == "twins"]
    found = [*stages(Pages(house / "docs"))]
    rows = twins(fence.body, options_of(fence), found)
    left = {stage.name for stage in found if stage.server == "daphne"}
    for row in rows:
        assert row.name in left
        assert find(row.name).module.startswith(("daphne.", "twisted.", "autobahn."))
        if row.twin:
            assert find(row.twin).module.startswith("minidaphne.")
        else:
            assert row.reason
            assert snake_case(row.name.rpartition(".")[2]) not in row.reason.split()


def test_a_name_that_is_not_installed_is_an_error(house: Path) -> None:
    [stage, *_] = stages(Pages(house / "docs"))
    gone = type(stage)("daphne.gone.Gone", "", "", "", "daphne", "", 1)
    with pytest.raises(WalkthroughError, match="gone"):
        twins("", {"left": "daphne", "right": "minidaphne"}, [gone])


def test_the_stages_read_from_the_text_are_those_that_run(house: Path) -> None:
    """The text alone is read, as an edit of a page must show at once."""
    docs = Pages(house / "docs")
    pages: dict[str, set[str]] = {}
    for stage in stages(docs):
        pages.setdefault(stage.name, set()).add(stage.page)
    assert read_names(docs, {}).pages == pages
