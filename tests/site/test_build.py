"""The site is built without a single warning, and calls on nobody."""

import re
from collections import Counter
from html import unescape
from pathlib import Path
from urllib.parse import urlparse
from xml.etree import ElementTree

import pytest

import walkthroughs
from tests.site.conftest import Build
from walkthroughs.laboratory.starting_points import SERVERS, STARTS


def test_strict_build_has_no_warning(build: Build) -> None:
    if build.returncode:
        pytest.fail(build.output, pytrace=False)


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    """As a browser would see, but on all paths, taken or not."""
    loads = ('src="http', 'src="//', "@import url(http", 'href="http:', 'href="https:')
    found = [
        f"{page.relative_to(site)}: {line.strip()[:200]}"
        for page in site.rglob("*.html")
        for line in page.read_text(encoding="utf-8").splitlines()
        if any(load in line for load in loads)
        and ("<link" in line or "<script" in line or "<img" in line)
        and 'rel="canonical"' not in line
    ]
    assert not found


def heads(site: Path) -> dict[str, str]:
    """Path of each page of the book -> its `<head>`."""
    pages = {page.relative_to(site).as_posix(): page for page in site.rglob("*.html")}
    return {
        name: page.read_text(encoding="utf-8").partition("</head>")[0]
        for name, page in pages.items()
        if name != "404.html"
    }


def one(pattern: str, head: str) -> str:
    """What the pattern's group is, which must be there once."""
    [found] = re.findall(pattern, head, re.DOTALL)
    return unescape(str(found)).strip()


def test_every_page_has_a_title_and_a_description_of_its_own(site: Path) -> None:
    pages = heads(site)
    titles = {name: one("<title>(.*?)</title>", head) for name, head in pages.items()}
    assert [name for name, n in Counter(titles.values()).items() if n > 1] == []
    description = '<meta name="description" content="(.*?)">'
    told = {name: one(description, head) for name, head in pages.items()}
    assert [text for text, n in Counter(told.values()).items() if n > 1] == []
    assert {n: text for n, text in told.items() if not 50 <= len(text) <= 200} == {}


def test_every_page_says_its_address_and_is_in_the_sitemap(site: Path) -> None:
    pages = heads(site)
    canonical = '<link rel="canonical" href="(.*?)">'
    addresses = {name: urlparse(one(canonical, pages[name])).path for name in pages}
    assert addresses == {name: f"/{name}" for name in pages}
    tree = ElementTree.parse(site / "sitemap.xml")
    listed = [each.text or "" for each in tree.iter() if each.tag.endswith("loc")]
    assert sorted(urlparse(url).path for url in listed) == sorted(addresses.values())


def test_every_link_to_a_place_leads_somewhere(site: Path) -> None:
    """MkDocs looks at the links that it has made; the fences make others."""
    text = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    ids = {page: set(re.findall(r'\bid="?([^"> ]+)', t)) for page, t in text.items()}
    starts = {f"start={each.name}&server={on}" for each in STARTS for on in SERVERS}
    ids[site / "laboratory.html"] |= starts
    lost = []
    for page, html in text.items():
        for path, place in re.findall(r'href="([^":]*\.html)?#([^"]+)"', html):
            there = (page.parent / path).resolve() if path else page
            if unescape(place) not in ids.get(there, set()):
                lost.append(f"{page.relative_to(site)}: {path}#{place}")
    assert lost == []


def test_no_page_has_an_id_twice(site: Path) -> None:
    twice = {}
    for page in site.rglob("*.html"):
        ids = re.findall(r'\sid="?([^"> ]+)', page.read_text(encoding="utf-8"))
        if found := [name for name, n in Counter(ids).items() if n > 1]:
            twice[page.relative_to(site).as_posix()] = found
    assert twice == {}


def test_no_fence_is_left_unread(site: Path) -> None:
    """A fence that Markdown did not take for one stays on the page as it was written."""
    code = re.compile(r"<(pre|code|title|script)\b.*?</\1>", re.DOTALL)
    found = [
        page.relative_to(site).as_posix()
        for page in site.rglob("*.html")
        if "```" in code.sub("", page.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_page_says_at_its_top_whether_it_has_pictures(site: Path) -> None:
    for page in site.rglob("*.html"):
        _, article, html = page.read_text(encoding="utf-8").partition("<article")
        if article:
            top = html.find('class="has-pictures"')
            assert (top >= 0) == ('class="wt-picture"' in html), page
            assert top < 300, page


def test_no_attribute_list_is_left_unread(site: Path) -> None:
    """Such as `{ .front }`, which belongs to Markdown and not on the page."""
    code = re.compile(r"<(pre|code|script|style)\b.*?</\1>", re.DOTALL)
    found = [
        page.relative_to(site).as_posix()
        for page in site.rglob("*.html")
        if re.search(r"\{:? ?[.#][\w-]+ ?\}", code.sub("", page.read_text("utf-8")))
    ]
    assert found == []


def test_the_reference_has_the_whole_public_interface(site: Path) -> None:
    page = (site / "reference" / "walkthroughs.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<h3 id="walkthroughs\.(\w+)"', page))
    assert shown == set(walkthroughs.__all__) - {"__version__"}
