"""Every page of the site, in a real browser: sound, for everyone, and on its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

HOUSE = Path(__file__).parent.parent.parent
PAGES = sorted(
    page.relative_to(HOUSE / "docs").with_suffix(".html").as_posix()
    for page in (HOUSE / "docs").rglob("*.md")
)
PICTURES = HOUSE / ".cache" / "screenshots"
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

# A fence that Markdown did not take for one stays on the page as it was written.
PROSE = """() => {
  const article = document.querySelector("article").cloneNode(true);
  article.querySelectorAll("pre, code").forEach((each) => each.remove());
  return article.textContent;
}"""
# A page has few shapes, hundreds of times; axe takes as long for each of them.
FEW_OF_EACH = """() => document
  .querySelectorAll(`.doc-object:nth-of-type(n + 6), .md-nav__item:nth-of-type(n + 9),
    .wt-steps > li:nth-child(n + 9), .wt-scroll svg > *:nth-child(n + 60),
    .highlight code > span:nth-child(n + 30), .highlight pre > *:nth-child(n + 90)`)
  .forEach((each) => each.remove())"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@contextmanager
def tab(
    browser: Browser, home: str, javascript: bool = True
) -> Iterator[tuple[Page, list[str]]]:
    """A page in a browser of its own, and what goes wrong on it.

    A request for anything that is not below `home` goes wrong, too.
    """
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme="light",
        java_script_enabled=javascript,
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    page.on(
        "console",
        lambda said: (
            wrong.append(f"console: {said.text}")
            if said.type in ("error", "warning")
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((home, "data:", "blob:"))
            else wrong.append(f"foreign: {request.url}")
        ),
    )
    yield page, wrong
    context.close()


def barriers(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds that keeps people out of the page, one line for each place."""
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    report: dict[str, Any] = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{each['id']} ({each['help']}): {node['html']} {node['failureSummary']}"
        for each in report["violations"]
        for node in each["nodes"]
    ]


def take_picture(page: Page, name: str, look: str) -> None:
    """No test can say whether a page is beautiful: pictures are for a person to see."""
    stem = name.removesuffix(".html").replace("/", "-")
    page.screenshot(path=PICTURES / f"{stem}-{look}.png")


@dataclass
class Visit:
    """What one visit to a page saw, wide and narrow, by day and by night."""

    wrong: list[str]
    headings: int = 0
    prose: str = ""
    barriers: dict[str, list[str]] = field(default_factory=dict)
    colours: set[str] = field(default_factory=set)
    narrow_width: int = 0


@pytest.fixture(scope="package", params=PAGES)
def visit(browser: Browser, served: str, request: pytest.FixtureRequest) -> Visit:
    """One visit to each page; starting a page costs more than looking at it."""
    name: str = request.param
    with tab(browser, served) as (page, wrong):
        visit = Visit(wrong)
        answer = page.goto(served + name)
        assert answer and answer.ok
        visit.headings = page.locator("h1").count()
        visit.prose = page.evaluate(PROSE)
        take_picture(page, name, "wide")
        page.evaluate(AXE)
        visit.barriers["names"] = barriers(page, ["landmark-unique"])
        page.evaluate(FEW_OF_EACH)
        visit.barriers["light"] = barriers(page)
        visit.colours.add(page.evaluate(BACKGROUND))
        page.emulate_media(color_scheme="dark")
        take_picture(page, name, "dark")
        visit.barriers["dark"] = barriers(page, ["color-contrast"])
        visit.colours.add(page.evaluate(BACKGROUND))
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 320, "height": 640})
        take_picture(page, name, "narrow")
        visit.narrow_width = page.evaluate("document.documentElement.scrollWidth")
    return visit


def test_page_is_sound_and_asks_nobody_else(visit: Visit) -> None:
    assert visit.wrong == []
    assert visit.headings == 1


def test_page_leaves_no_fence_unread(visit: Visit) -> None:
    assert "```" not in visit.prose


def test_page_keeps_nobody_out(visit: Visit) -> None:
    assert visit.barriers == {"names": [], "light": [], "dark": []}


def test_page_has_a_dark_side(visit: Visit) -> None:
    assert len(visit.colours) == 2


def test_page_fits_a_small_phone(visit: Visit) -> None:
    assert visit.narrow_width == 320


@pytest.mark.parametrize("name", PAGES)
def test_page_reads_from_disk_without_javascript(
    browser: Browser, site: Path, name: str
) -> None:
    with tab(browser, site.as_uri(), javascript=False) as (page, wrong):
        page.goto((site / name).as_uri())
        assert page.locator("h1").is_visible()
        assert wrong == []


@pytest.mark.parametrize(
    ("place", "word", "found"),
    [
        ("served", "TargetError", "reference/walkthroughs.html"),
        ("site", "TargetError", "reference/walkthroughs.html"),
        ("site", "handle_reply", ".html"),
        ("site", "backpressure", "answers/backpressure.html"),
    ],
)
def test_search_finds(
    browser: Browser,
    request: pytest.FixtureRequest,
    place: str,
    word: str,
    found: str,
) -> None:
    start = request.getfixturevalue(place)
    home = start if isinstance(start, str) else f"{start.as_uri()}/"
    with tab(browser, home) as (page, wrong):
        page.goto(f"{home}index.html")
        page.get_by_role("textbox", name="Search").click()
        page.keyboard.type(word)
        results = page.locator(".md-search-result__link")
        results.first.wait_for()
        links = [each.get_attribute("href") or "" for each in results.all()]
        assert any(found in link and word in link for link in links)
        assert wrong == []


def test_a_reader_walks_from_the_front_page_until_the_request_is_back(
    browser: Browser, served: str
) -> None:
    with tab(browser, served) as (page, wrong):
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{served}index.html")
        walk = page.locator(".wt-slim").first
        last = walk.locator(".wt-step").count()
        for _ in range(last):
            page.keyboard.press("ArrowRight")
        expect(walk.locator(".wt-at")).to_have_text(f"{last} / {last}")
        expect(walk.locator(".wt-top strong")).to_have_text("Server.writeSomeData")
        assert wrong == []


@pytest.mark.parametrize("name", [name for name in PAGES if "/" not in name])
def test_every_walkthrough_of_a_chapter_walks_by_keyboard(
    browser: Browser, served: str, name: str
) -> None:
    with tab(browser, served) as (page, wrong):
        page.emulate_media(reduced_motion="reduce")
        page.goto(served + name)
        for walk in page.locator(".wt:has(.wt-stage:visible)").all():
            stage, at = walk.locator(".wt-stage"), walk.locator(".wt-at")
            stage.press("End")
            there, whole = at.inner_text().split(" / ")
            assert there == whole
            stage.press("Home")
            stage.press("ArrowRight")
            expect(at).to_have_text(f"2 / {whole}")
        assert wrong == []


def test_paper_is_light_and_has_no_empty_pages(browser: Browser, served: str) -> None:
    with tab(browser, served) as (page, wrong):
        page.goto(f"{served}browser-to-application.html")
        colour = "getComputedStyle(document.querySelector('article')).color"
        by_day = page.evaluate(colour)
        page.emulate_media(color_scheme="dark", media="print")
        assert page.evaluate(colour) == by_day
        heights = """() => [...document.querySelectorAll(".tabbed-block > .wt")].map(
          (walk) => [walk.offsetHeight, walk.parentElement.offsetHeight])"""
        for walk, block in page.evaluate(heights):
            assert block < walk + 100
        assert wrong == []
