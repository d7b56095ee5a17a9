"""Finding, walking and printing, on the built site in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, expect

from .tab import Tab

# A right arrow as soon as there is something that can walk.
FIRST_STEP = """
new MutationObserver((_, observer) => {
  const stage = document.querySelector(".wt-stage");
  if (!stage) return;
  observer.disconnect();
  stage.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
  if (!stage.querySelector(".wt-at").textContent.startsWith("2 / ")) return;
  window.stages = document.querySelectorAll(".wt-stage").length;
  window.elements = document.querySelectorAll("*").length;
}).observe(document, {childList: true, subtree: true});
"""


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
    tab: Tab,
    request: pytest.FixtureRequest,
    place: str,
    word: str,
    found: str,
) -> None:
    start = request.getfixturevalue(place)
    home = start if isinstance(start, str) else f"{start.as_uri()}/"
    with tab.at(home) as page:
        page.goto(f"{home}index.html")
        page.get_by_role("textbox", name="Search").click()
        page.keyboard.type(word)
        results = page.locator(".md-search-result__link")
        results.first.wait_for()
        links = [each.get_attribute("href") or "" for each in results.all()]
        assert any(found in link and word in link for link in links)


def test_the_index_is_loaded_when_somebody_begins_to_search(
    tab: Tab, served: str
) -> None:
    with tab.at(served) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{served}words.html", wait_until="networkidle")
        assert [url for url in asked if "search_index" in url] == []
        with page.expect_request("**/search_index.json"):
            page.get_by_role("textbox", name="Search").focus()


def test_a_link_to_words_to_search_for_finds_them(tab: Tab, served: str) -> None:
    with tab.at(served) as page:
        page.goto(f"{served}words.html?q=TargetError")
        page.locator(".md-search-result__link").first.wait_for()


def test_a_heading_far_down_is_in_view_when_a_link_leads_to_it(
    tab: Tab, served: str
) -> None:
    """What is on the way is not laid out yet."""
    with tab.at(served) as page:
        page.goto(f"{served}when-things-go-wrong.html")
        links = page.locator(".md-sidebar--secondary .md-nav__link")
        last = (links.last.get_attribute("href") or "").partition("#")[2]
        page.goto(f"{served}when-things-go-wrong.html#{last}")
        expect(page.locator(f"[id='{last}']")).to_be_in_viewport()
        links.nth(3).click()
        there = (links.nth(3).get_attribute("href") or "").partition("#")[2]
        expect(page.locator(f"[id='{there}']")).to_be_in_viewport()


def test_the_way_of_a_request_is_in_one_screen_with_what_the_book_is(
    tab: Tab, served: str
) -> None:
    with tab.at(served) as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{served}index.html")
        for part in ("h1", "p.front", ".wt-wide", ".wt-bar", ".wt-way"):
            expect(page.locator(part).first).to_be_in_viewport(ratio=1)
        expect(page.locator(".wt-trip li:visible")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        expect(page.locator(".wt-trip .wt-at")).to_have_text(re.compile("^2 /"))


# What the Tab key stops at after a heading, up to the stepper.
STOPS = """() => {
  const stage = document.querySelector(".wt-both .wt-stage");
  const before = (a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING;
  const heading = [...document.querySelectorAll("h2")].findLast((h2) => before(h2, stage));
  const stops = "a[href], button, input, select, textarea, summary, [tabindex]";
  return [...document.querySelectorAll(stops)].filter((each) => each.tabIndex >= 0 &&
    each.checkVisibility() && before(heading, each) && before(each, stage)).length;
}"""


@pytest.mark.parametrize("width", [1440, 1920])
def test_path_and_code_are_in_view_together(tab: Tab, served: str, width: int) -> None:
    with tab.at(served) as page:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{served}daphne-to-django.html")
        both = page.locator(".wt-both").first
        both.evaluate("both => both.scrollIntoView()")
        stage, listing = both.locator(".wt-stage"), both.locator(".wt-listing")
        stage.wait_for()
        for _ in range(3):
            expect(listing).to_be_in_viewport()
            expect(stage.locator(".wt-bar")).to_be_in_viewport(ratio=1)
            expect(stage.locator(".wt-code").first).to_be_in_viewport()
            page.evaluate("scrollBy(0, 250)")
        left, right = listing.bounding_box(), stage.bounding_box()
        assert left and right
        assert left["x"] + left["width"] <= right["x"]
        # Menus have the rest.
        assert right["x"] + right["width"] - left["x"] > 0.65 * width
        assert page.evaluate(STOPS) <= 5


@pytest.mark.parametrize("name", ["index.html", "when-things-go-wrong.html"])
def test_no_other_walkthrough_is_made_before_the_first_step(
    browser: Browser, plain_tab: Tab, served: str, name: str
) -> None:
    """So that it comes within a tenth of a second: what a page costs has the times."""
    with plain_tab.at(served) as page:
        page.goto(f"{served}{name}")
        first = page.locator(".wt-step").first.get_attribute("id")
        whole = page.locator("*").count()
    page = browser.new_page(reduced_motion="reduce")
    page.add_init_script(FIRST_STEP)
    page.goto(f"{served}{name}#{first}")
    page.wait_for_function("window.elements")
    assert page.evaluate("window.stages") == 1
    assert page.evaluate("window.elements") < whole
    page.close()


CHOSEN = """() => [...document.querySelectorAll(".tabbed-set > input:checked")].map(
  (input) => document.querySelector(`label[for="${input.id}"]`).textContent)"""


def test_a_version_is_chosen_once_for_what_is_folded_and_far_off_too(
    browser: Browser, served: str
) -> None:
    page = browser.new_page()
    page.goto(f"{served}inside-django.html")
    assert page.evaluate(CHOSEN) == ["Django 5.2"] * 4
    page.locator(".tabbed-labels > label").nth(1).click()
    assert page.evaluate(CHOSEN) == ["Django 6.1"] * 4
    prose = page.locator(".beside").nth(1)
    prose.locator("p").first.evaluate("p => p.scrollIntoView()")
    expect(prose.locator(".wt-path")).to_contain_text("task: application")
    assert page.locator("details[open] .tabbed-set").count() == 0
    page.reload()
    assert page.evaluate(CHOSEN) == ["Django 6.1"] * 4
    page.close()


def test_a_reader_walks_from_the_front_page_until_the_request_is_back(
    tab: Tab, served: str
) -> None:
    with tab.at(served) as page:
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{served}index.html")
        walk = page.locator(".wt-slim").first
        walk.evaluate("walk => walk.scrollIntoView()")
        walk.locator(".wt-at").wait_for()
        last = walk.locator(".wt-step").count()
        for _ in range(last):
            page.keyboard.press("ArrowRight")
        expect(walk.locator(".wt-at")).to_have_text(f"{last} / {last}")
        expect(walk.locator(".wt-top strong")).to_have_text("Server.writeSomeData")


def test_paper_is_light_and_has_no_empty_pages(tab: Tab, served: str) -> None:
    with tab.at(served) as page:
        # Without it, colours change slowly.
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{served}browser-to-application.html")
        colour = "getComputedStyle(document.querySelector('article')).color"
        by_day = page.evaluate(colour)
        page.emulate_media(color_scheme="dark")
        # The theme follows a moment later.
        page.locator("body[data-md-color-scheme=slate]").wait_for()
        assert page.evaluate(colour) != by_day
        page.emulate_media(media="print")
        assert page.evaluate(colour) == by_day
        heights = """() => [...document.querySelectorAll(".tabbed-block > .wt")].map(
          (walk) => [walk.offsetHeight, walk.parentElement.offsetHeight])"""
        for walk, block in page.evaluate(heights):
            assert block < walk + 100
