"""Finding, walking and printing, on the built site in a real browser."""

import pytest
from playwright.sync_api import expect

from .tab import Tab


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


def test_the_first_request_is_in_one_screen_with_what_the_book_is(
    tab: Tab, served: str
) -> None:
    with tab.at(served) as page:
        page.goto(f"{served}index.html")
        for part in ("h1", ".wt-line:last-child", ".wt-bar", ".wt-top"):
            expect(page.locator(part).first).to_be_in_viewport(ratio=1)


def test_a_reader_walks_from_the_front_page_until_the_request_is_back(
    tab: Tab, served: str
) -> None:
    with tab.at(served) as page:
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{served}index.html")
        walk = page.locator(".wt-slim").first
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
        page.emulate_media(color_scheme="dark", media="print")
        assert page.evaluate(colour) == by_day
        heights = """() => [...document.querySelectorAll(".tabbed-block > .wt")].map(
          (walk) => [walk.offsetHeight, walk.parentElement.offsetHeight])"""
        for walk, block in page.evaluate(heights):
            assert block < walk + 100
