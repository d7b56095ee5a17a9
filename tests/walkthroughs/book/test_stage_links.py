"""A name in prose leads to the stage that it means, and only where that is clear."""

import re
from pathlib import Path

import pytest
from markdown import Markdown
from markdown.extensions import Extension

from tests.walkthroughs.page_builder import site
from walkthroughs.book.stage_index import homes
from walkthroughs.book.stage_links import NameLinks
from walkthroughs.book.stage_names import Names, read_names
from walkthroughs.pages.pages import Pages

NAMES = Names(
    {"daphne": "s.md", "twisted": "s.md", "minidaphne": "s.md"},
    {
        "daphne.server.Server.run": ["a.md"],
        "minidaphne.server.Server.run": ["a.md"],
        "daphne.http.WebRequest.handle_reply": ["a.md", "b.md"],
        "daphne.ws.WebSocket.handle_reply": ["b.md"],
        "twisted.tcp.Port.doRead": ["a.md"],
        "twisted.tcp.Port.listen": ["a.md"],
        "twisted.tcp.Port.read_it": ["a.md"],
        "daphne.ws.WebSocket.read_it": ["b.md"],
        "elsewhere.Thing.do_it": ["a.md"],
    },
)


def html(text: str, page: str = "a.md", title: str = "", *more: str) -> str:
    extension = NameLinks()
    addresses = dict.fromkeys(NAMES.homes, "s.html")
    extension.begin_page(NAMES, page, title, addresses)
    extensions: list[Extension | str] = [extension, "tables", "def_list", *more]
    return Markdown(extensions=extensions).convert(text)


def link(name: str, code: str) -> str:
    return (
        f'<a class="stage" href="s.html#{name}" title="Where does {name} run?">'
        f"<code>{code}</code></a>"
    )


DAPHNES, OURS = "daphne.server.Server.run", "minidaphne.server.Server.run"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("doRead", "twisted.tcp.Port.doRead"),
        ("doRead()", "twisted.tcp.Port.doRead"),
        ("Port.doRead", "twisted.tcp.Port.doRead"),
        ("twisted.tcp.Port.doRead", "twisted.tcp.Port.doRead"),
        (OURS, OURS),
    ],
)
def test_a_name_may_be_written_short(code: str, name: str) -> None:
    assert html(f"So `{code}` runs.") == f"<p>So {link(name, code)} runs.</p>"


@pytest.mark.parametrize(
    "code",
    ["Read", "ort.doRead", "doRead(1)", "listen", "do_it", "Server", "no_such_stage"],
)
def test_what_names_no_stage_for_certain_is_not_linked(code: str) -> None:
    assert html(f"So `{code}` runs.") == f"<p>So <code>{code}</code> runs.</p>"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("`Server.run`", DAPHNES),
        ("minidaphne's `Server.run`", OURS),
        ("Unlike minidaphne, Daphne has `Server.run`", DAPHNES),
        ("## What minidaphne does\n\n`Server.run`", OURS),
        ("## minidaphne\n\nDaphne's `Server.run`", DAPHNES),
        ("## minidaphne\n\n### More\n\n`Server.run`", OURS),
        ("## minidaphne\n\n## More\n\n`Server.run`", DAPHNES),
        ("minidaphne is another.\n\n`Server.run`", DAPHNES),
        ("* minidaphne\n* `Server.run`", DAPHNES),
        ("* minidaphne: *its* **`Server.run`**", OURS),
    ],
)
def test_the_server_named_last_is_meant(text: str, name: str) -> None:
    assert link(name, "Server.run") in html(text)


def test_a_docstring_is_about_what_its_page_is_about() -> None:
    assert link(OURS, "Server.run") in html("`Server.run`", title="minidaphne")


def test_the_page_s_own_listings_decide_between_two() -> None:
    one = link("daphne.http.WebRequest.handle_reply", "handle_reply")
    assert one in html("`handle_reply`", "a.md")
    assert "<a" not in html("`handle_reply`", "b.md")
    assert html("`handle_reply`, `handle_reply`", "a.md") == f"<p>{one}, {one}</p>"


def test_a_listing_of_the_page_goes_before_its_headings() -> None:
    assert link("twisted.tcp.Port.read_it", "read_it") in html("# Daphne\n\n`read_it`")
    assert link("daphne.ws.WebSocket.read_it", "read_it") in html("Daphne: `read_it`")


def test_a_name_that_an_extension_has_put_aside_is_found() -> None:
    page = html("Daphne: `read_it`, `a < b`", "a.md", "", "pymdownx.inlinehilite")
    assert link("daphne.ws.WebSocket.read_it", "read_it") in page
    assert "<code>a &lt; b</code>" in page


def test_links_headings_and_blocks_stay_as_they_are() -> None:
    for text in ("# `doRead`", "[`doRead`](x)", "    doRead", "`doRead`\n:   x"):
        assert "stage" not in html(text)
    assert link("twisted.tcp.Port.doRead", "doRead") in html("a\n:   `doRead`")
    assert link("twisted.tcp.Port.doRead", "doRead") in html("|a|\n|-|\n|`doRead`|")


def test_every_package_with_a_stage_has_its_place(house: Path) -> None:
    found = read_names(Pages(house / "docs"), homes(Pages(house / "docs")))
    assert {name.partition(".")[0] for name in found.pages} == set(found.homes)


def test_a_listing_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    fence = "```callpath scenario=main-loop server=daphne\n{}\n```\n"
    (tmp_path / "page.md").write_text(fence.format("a b c") + fence.format("a.B.c"))
    assert read_names(Pages(tmp_path), {}).pages == {"a.B.c": {"page.md"}}


PAGE = """\
# A page

Daphne's `Server.run` comes first.

{fence}callpath scenario=main-loop server=daphne
daphne.server.Server.run
...
{fence}
"""
SOURCES = """
{fence}source daphne.server.Server.run
{fence}

{fence}source daphne.server.Server.listen_success
{fence}
"""
LIST = """
{fence}stages daphne
{fence}
"""


def test_on_a_site_a_name_leads_to_its_place_in_the_list(tmp_path: Path) -> None:
    page = site(tmp_path, (PAGE + LIST).replace("{fence}", "```"))
    [address] = re.findall(r'<a class="stage" href="([^"]*)" title', page)
    assert address.partition("#")[2] == DAPHNES
    assert f'<dt id="{DAPHNES}">' in page


def test_on_a_site_the_caption_of_a_source_leads_there_if_it_is_a_stage(
    tmp_path: Path,
) -> None:
    page = site(tmp_path, (PAGE + SOURCES + LIST).replace("{fence}", "```"))
    [caption, other] = re.findall(r"<figcaption>(.*?)</code>", page)[-2:]
    assert re.search(r'href="[^"]*#daphne.server.Server.run"', caption)
    assert other == "<code>daphne.server.Server.listen_success"


def test_on_a_site_without_a_list_no_name_is_linked(tmp_path: Path) -> None:
    page = site(tmp_path, PAGE.replace("{fence}", "```"))
    assert 'class="stage"' not in page
    assert "<code>Server.run</code> comes first" in page
