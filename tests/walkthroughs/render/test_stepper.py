"""The stepper in a real browser, on a page of its own."""

import gzip
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from walkthroughs.render import html
from walkthroughs.render.compare_html import compare
from walkthroughs.render.listing_html import listing
from walkthroughs.render.round_trip import Stop, round_trip
from walkthroughs.render.standalone import page as standing_alone
from walkthroughs.render.style_and_script import script, style, texts
from walkthroughs.render.view import ListedLine, View
from walkthroughs.trace import Call, Function, Lane, Trace

from ..trace_builder import trace
from .scenes import request, view
from .test_waits import awaited

NAMES = [
    "Port.read",
    "Request.process",
    "App.__call__",
    "receive -> http.request",
    "sync.work",
    "views.hello",
    "send <- http.response.start",
    "Port.write",
]

LINES = [
    ListedLine("call", "made.tcp.Port.read", seq=1),
    ListedLine("ellipsis", "...", 1, count=1),
    ListedLine("call", "made.http.Request.process", 1, "a comment", seq=3),
    ListedLine("ellipsis", "...", 2, count=2),
    ListedLine("lane", "--- task: application"),
    ListedLine("call", "made.app.App.__call__", seq=10),
]

LONG_LINE = f"""<pre id="long"><span class="wt-lines"><span class="wt-sl"
  data-n="1">{"a + " * 60}</span></span></pre>"""

Open = Callable[..., Page]


def document(body: str, head: str = "") -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Made</title>
<link rel="icon" href="data:,"><style>{style()}</style>{head}
</head><body><main><h1>Made</h1>{body}</main>
<script>{script()}</script></body></html>"""


def made(ident: str = "made") -> str:
    return html.walkthrough(view(), listing(view(), LINES, ident), ident)


# No longer than this module: Playwright keeps an event loop running meanwhile.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            # Without one of the system, Playwright looks for its own.
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


class Tab:
    """A page in a browser, and what goes wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("console", lambda message: self.wrong.append(message.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: _own(request.url, self.wrong))


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Callable[..., Tab]:
    """A tab with the given options, the same for all tests that ask for the same: to
    open one costs more than most tests."""
    known: dict[str, Tab] = {}

    def tab(**options: Any) -> Tab:
        key = repr(options)
        if key not in known:
            known[key] = Tab(browser.new_context(**options).new_page())
        return known[key]

    return tab


@pytest.fixture
def open_page(tabs: Callable[..., Tab], tmp_path: Path) -> Iterator[Open]:
    """Opens a page from a file; fails at the end if anything went wrong on it."""
    used: list[Tab] = []

    def open_page(
        fragment: str = "", body: str = "", head: str = "", **options: Any
    ) -> Page:
        file = tmp_path / "page.html"
        file.write_text(document(body or made(), head), encoding="utf-8")
        tab = tabs(**options)
        used.append(tab)
        tab.wrong.clear()
        tab.page.goto(file.as_uri() + fragment)
        return tab.page

    yield open_page
    for tab in used:
        assert tab.wrong == []
        tab.page.emulate_media(media="screen")


def _own(url: str, wrong: list[str]) -> None:
    if not url.startswith(("file:", "data:")):
        wrong.append(f"request to {url}")


def at(page: Page) -> str:
    return page.locator(".wt-at").inner_text()


def name(page: Page) -> str:
    return page.locator(".wt-top strong").inner_text()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.locator(".wt-stage").press(key)


def test_it_walks_from_start_to_end_by_keyboard(open_page: Open) -> None:
    page = open_page()
    walked = [name(page)]
    while at(page) != "8 / 8":
        press(page, "ArrowRight")
        walked.append(name(page))
    assert walked == NAMES
    press(page, "ArrowRight")
    assert at(page) == "8 / 8"
    press(page, "ArrowLeft")
    assert at(page) == "7 / 8"
    press(page, "Home")
    assert at(page) == "1 / 8"
    press(page, "End")
    assert at(page) == "8 / 8"


def test_keys_of_the_browser_are_left_alone(open_page: Open) -> None:
    page = open_page()
    press(page, "Control+ArrowRight", "x", "ArrowDown")
    assert at(page) == "1 / 8"


def test_buttons_walk_too_and_say_when_they_cannot(open_page: Open) -> None:
    page = open_page()
    before = page.get_by_role("button", name="Previous step")
    expect(before).to_have_attribute("aria-disabled", "true")
    before.click(force=True)
    page.get_by_role("button", name="Next step").click()
    assert at(page) == "2 / 8"
    expect(before).to_have_attribute("aria-disabled", "false")


def test_each_step_is_told_to_those_who_listen(open_page: Open) -> None:
    page = open_page()
    expect(page.get_by_role("status")).to_have_text("")
    press(page, "ArrowRight")
    expect(page.get_by_role("status")).to_have_text(
        "Step 2 of 8: Request.process. "
        "Called by Channel.parse (folded, inside step 1) at line 9."
    )
    press(page, "ArrowRight")
    expect(page.get_by_role("status")).to_contain_text(
        "Step 3 of 8: App.__call__. Now in task: application, created as a task by "
    )


def test_the_slider_goes_to_any_step(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("slider", name="Step").fill("5")
    assert name(page) == "sync.work"
    page.get_by_role("slider").press("ArrowRight")
    assert at(page) == "6 / 8"


def test_it_plays_and_pauses(open_page: Open) -> None:
    # A clock that is wound by hand stays so for all that the tab shows later.
    page = open_page(locale="en-GB")
    page.clock.install()
    press(page, " ")
    page.clock.run_for(3300)
    assert at(page) == "3 / 8"
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert at(page) == "3 / 8"
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(20000)
    assert at(page) == "8 / 8"
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    press(page, " ")
    assert at(page) == "1 / 8"


def slim() -> str:
    return html.slim(view(), listing(view(), LINES, "made"), "made")


def test_nothing_walks_before_the_reader_starts_it(open_page: Open) -> None:
    page = open_page(body=trip() + slim(), locale="en-GB")
    page.clock.install()
    page.clock.run_for(20000)
    counts = page.locator(".wt-at")
    expect(counts).to_have_text([re.compile("^1 /"), re.compile("^1 /")])
    for status in page.get_by_role("status").all():
        expect(status).to_be_empty()


def trip() -> str:
    stops = [
        Stop("socket", "made.tcp.Port.read", "bytes arrive", 1),
        Stop("task", "made.app.App.__call__", "the application", 3),
        Stop("queue", "receive -> http.request", "", 4),
        Stop("task", "send <- http.response.start", "the status", 7),
    ]
    return round_trip(stops, "made")


@pytest.mark.parametrize("width", [320, 1440])
def test_a_mark_goes_along_the_way_of_a_request(open_page: Open, width: int) -> None:
    page = open_page(body=trip(), viewport={"width": width, "height": 800})
    drawing = page.locator(".wt-route").filter(visible=True)
    expect(drawing).to_have_count(1)
    mark = drawing.locator(".mark")
    seen = [mark.get_attribute("style")]
    for n, words in ((2, "In the task, App.__call__"), (3, "In the queue, receive")):
        page.keyboard.press("ArrowRight")
        expect(page.locator(".wt-at")).to_have_text(f"{n} / 4")
        expect(drawing.locator("a.wt-here .nth")).to_have_text(str(n))
        expect(page.locator(".wt-way li").filter(visible=True)).to_contain_text(words)
        expect(page.get_by_role("status")).to_contain_text(words)
        seen.append(mark.get_attribute("style"))
    assert len(set(seen)) == 3
    page.get_by_role("button", name="Previous step").click()
    expect(page.locator(".wt-at")).to_have_text("2 / 4")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_drawing_is_said_in_words_that_are_apart(open_page: Open) -> None:
    page = open_page(body=trip() + slim(), viewport={"width": 1440, "height": 800})
    expect(page.locator(".wt-trip .wt-wide a").first).to_have_accessible_name(
        "Port.read bytes arrive 1"
    )
    expect(page.locator(".wt-listing .wt-ellipsis a").first).to_have_accessible_name(
        "… 1 left out"
    )


def test_a_stage_of_the_drawing_leads_to_its_step(open_page: Open) -> None:
    page = open_page(body=trip() + slim(), viewport={"width": 1440, "height": 800})
    page.locator(".wt-trip .wt-wide .name").nth(1).click()
    expect(page.locator("#made-walk .wt-at")).to_have_text("3 / 8")


def test_the_drawing_is_whole_without_a_script_and_on_paper(open_page: Open) -> None:
    page = open_page(body=trip(), java_script_enabled=False)
    expect(page.locator(".wt-way li").filter(visible=True)).to_have_count(4)
    page = open_page(body=trip())
    expect(page.locator(".wt-way li").filter(visible=True)).to_have_count(1)
    page.emulate_media(media="print")
    expect(page.locator(".wt-way li").filter(visible=True)).to_have_count(4)
    expect(page.locator(".wt-stage")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 1440])
def test_the_drawing_is_for_everyone(open_page: Open, width: int) -> None:
    page = open_page(
        body=trip() + slim(),
        viewport={"width": width, "height": 700},
        reduced_motion="reduce",
    )
    page.keyboard.press("ArrowRight")
    expect(page.locator(".mark").first).to_have_css("transition-duration", "0s")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_question_mark_opens_and_closes_the_keys(open_page: Open) -> None:
    page = open_page()
    keys = page.locator(".wt-keys")
    button = page.get_by_role("button", name="Keys")
    expect(keys).to_be_hidden()
    page.keyboard.press("?")
    expect(keys).to_contain_text("Step into (i)")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status")).to_contain_text("Last step (End)")
    assert at(page) == "1 / 8"
    button.click()
    expect(keys).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_a_listing_is_one_stop_of_the_tab_key(open_page: Open) -> None:
    page = open_page("#made-2", viewport={"width": 1440, "height": 700})
    page.locator(".wt-choice button").last.focus()
    focused = page.locator(":focus")
    page.keyboard.press("Tab")
    expect(focused).to_have_text("made.http.Request.process")
    # The arrow keys go from line to line.
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wt-at")).to_have_text("3 / 8")
    expect(focused).to_have_text("made.app.App.__call__")
    page.keyboard.press("Tab")
    expect(page.locator(".wt-stage")).to_be_focused()
    page.get_by_role("radio", name="Time, as of one run").check()
    assert page.locator(".wt-listing a[tabindex='0']").count() == 1
    page = open_page(java_script_enabled=False)
    assert page.locator(".wt-listing a[tabindex]").count() == 0


def test_arrow_keys_walk_while_only_the_picture_is_in_view(open_page: Open) -> None:
    page = open_page(viewport={"width": 700, "height": 300})
    page.locator(".wt-svg").evaluate("each => each.scrollIntoView({block: 'end'})")
    expect(page.locator(".wt-stage")).not_to_be_in_viewport()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wt-at")).to_have_text("2 / 8")


def test_lanes_take_the_place_of_the_listing_beside_the_code(open_page: Open) -> None:
    page = open_page(viewport={"width": 1440, "height": 700})
    both, listing = page.locator(".wt-both"), page.locator(".wt-listing")
    expect(both.locator(".wt-picture")).to_have_count(0)
    page.get_by_role("button", name="Lanes").click()
    expect(listing).to_be_hidden()
    expect(both.locator(".wt-svg")).to_be_visible()
    lanes, code = (
        each.bounding_box()
        for each in (both.locator(".wt-svg"), both.locator(".wt-stage"))
    )
    assert lanes and code and lanes["x"] < code["x"]
    assert abs(lanes["y"] - code["y"]) < 200
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wt-svg a.wt-here")).to_have_text(re.compile("__call__"))
    page.get_by_role("button", name="Listing").click()
    expect(listing).to_be_visible()
    expect(page.locator(".wt-both ~ .wt-picture + .wt-all")).to_have_count(1)


def test_on_a_narrow_window_there_is_no_choice_of_paths(open_page: Open) -> None:
    page = open_page(viewport={"width": 700, "height": 700})
    expect(page.locator(".wt-choice")).to_be_hidden()
    expect(page.locator(".wt-listing")).to_be_visible()


def test_on_a_phone_the_step_is_docked_below_the_listing(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 700})
    page.evaluate("document.querySelector('.wt-listing').style.paddingBottom = '90em'")
    page.evaluate("document.querySelector('.wt-listing').scrollIntoView()")
    page.locator(".wt-listing a", has_text="Request.process").click()
    assert at(page) == "2 / 8"
    line = page.locator(".wt-line.wt-here")
    expect(line).to_be_in_viewport(ratio=1)
    stage = page.locator(".wt-stage").bounding_box()
    buttons = page.locator(".wt-bar").bounding_box()
    listed = line.bounding_box()
    assert stage and buttons and listed
    assert stage["y"] + stage["height"] == pytest.approx(700, abs=1)
    assert listed["y"] + listed["height"] <= stage["y"]
    assert buttons["y"] > 700 * 0.4
    # The line of the step stays in sight, until the listing is above the step.
    page.add_style_tag(content=".wt-line { margin-bottom: 300px !important }")
    press(page, "ArrowRight")
    expect(page.locator(".wt-line.wt-here")).to_contain_text("App.__call__")
    expect(page.locator(".wt-line.wt-here code")).to_be_in_viewport(ratio=1)
    page.locator(".wt-picture").evaluate("each => each.scrollIntoView()")
    scrolled = page.evaluate("scrollY")
    page.locator(".wt-stage").dispatch_event("keydown", {"key": "ArrowLeft"})
    expect(page.locator(".wt-at")).to_have_text("2 / 8")
    page.wait_for_function("new Promise(requestAnimationFrame).then(() => true)")
    assert page.evaluate("scrollY") == scrolled
    press(page, "End")
    pane = page.locator(".wt-panes")
    assert pane.evaluate("pane => pane.scrollHeight > pane.clientHeight")
    pane.evaluate("pane => { pane.scrollTop = 50; }")
    press(page, "ArrowLeft")
    page.wait_for_function("document.querySelector('.wt-panes').scrollTop === 0")


@pytest.mark.parametrize("width", [1000, 1440, 1920])
def test_code_beside_the_path_is_not_cut(open_page: Open, width: int) -> None:
    body = made() + LONG_LINE
    page = open_page(body=body, viewport={"width": width, "height": 700})
    page.evaluate("""() => document.querySelector(".wt-main").append(
        document.getElementById("long"))""")
    pre = page.locator(".wt-stage #long")
    expect(pre).to_contain_text("a + a")
    assert pre.evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    press(page, "?")
    bar, keys = (
        page.locator(which).bounding_box()
        for which in ("[data-do=prev]", "[data-do=keys]")
    )
    assert bar and keys and bar["y"] == keys["y"]


def test_a_folded_call_shows_its_source(open_page: Open) -> None:
    here = Path(__file__).relative_to(Path(__file__).parents[3]).as_posix()
    functions = tuple(
        Function("made", each.__name__, here, each.__code__.co_firstlineno)
        for each in (at, name, press)
    )
    events = tuple(Call(n, n, 0, function=n) for n in range(3))
    recorded = Trace(request().header, (Lane("loop"),), functions, events)
    shown = View(recorded, [0, 2], folders=[str(Path(__file__).parents[3])])
    page = open_page(body=html.walkthrough(shown, "", "made"))
    page.get_by_role("button", name="1 call left out: unfold").click()
    expect(page.locator(".wt-main .wt-code")).to_contain_text(".wt-top strong")


def test_the_numbers_of_a_picture_stay_in_sight(open_page: Open) -> None:
    page = open_page(viewport={"width": 320, "height": 700})
    press(page, "End")
    box, number = page.locator(".wt-scroll"), page.locator(".wt-svg .num").last
    page.wait_for_function("document.querySelector('.wt-scroll').scrollLeft > 0")
    page.wait_for_function("document.querySelector('.wt-scroll').style.length > 0")
    around, inside = box.bounding_box(), number.bounding_box()
    assert around and inside
    assert around["x"] <= inside["x"] < around["x"] + 60


def test_into_over_and_out(open_page: Open) -> None:
    page = open_page("#made-3")
    press(page, "i")
    assert name(page) == "receive -> http.request"
    press(page, "o")
    assert name(page) == "views.hello"
    press(page, "i", "u")
    assert name(page) == "send <- http.response.start"
    press(page, "i", "u")
    assert name(page) == "Port.write"


def test_into_follows_a_hop_to_the_lane_it_leads_to(open_page: Open) -> None:
    page = open_page("#made-2")
    press(page, "i")
    assert name(page) == "App.__call__"


def test_over_leaves_out_what_runs_inside(open_page: Open) -> None:
    page = open_page("#made-1")
    press(page, "o")
    assert name(page) == "App.__call__"


@pytest.mark.parametrize("step", [1, 3, 8])
def test_a_link_leads_to_a_step(open_page: Open, step: int) -> None:
    page = open_page(f"#made-{step}")
    expect(page.locator(".wt-at")).to_have_text(f"{step} / 8")
    expect(page.locator(".wt-stage")).to_be_in_viewport()
    expect(page.locator(".wt-all")).not_to_have_attribute("open", "")


def test_a_link_that_is_followed_later_leads_there_too(open_page: Open) -> None:
    page = open_page()
    page.evaluate("location.hash = '#made-6'")
    expect(page.locator(".wt-at")).to_have_text("6 / 8")


def test_the_address_names_the_step(open_page: Open) -> None:
    page = open_page()
    press(page, "ArrowRight", "ArrowRight")
    page.wait_for_url(re.compile("#made-3$"))


def test_listing_picture_and_list_lead_to_steps(open_page: Open) -> None:
    page = open_page()
    page.locator(".wt-listing a", has_text="Request.process").click()
    assert at(page) == "2 / 8"
    page.locator(".wt-svg a", has_text="views.hello").click()
    assert at(page) == "6 / 8"
    page.locator(".wt-all > summary").click()
    page.locator(".wt-steps a[href='#made-3']").first.click()
    assert at(page) == "3 / 8"


def test_the_step_is_marked_in_listing_picture_and_list(open_page: Open) -> None:
    page = open_page("#made-3")
    expect(page.locator(".wt-line.wt-here")).to_have_text(re.compile("__call__"))
    expect(page.locator(".wt-svg a.wt-here")).to_have_text(re.compile("__call__"))
    expect(page.locator(".wt-svg .band")).to_have_count(1)
    expect(page.locator(".wt-step[aria-current=step]")).to_have_id("made-3")


def test_the_stack_names_what_is_open_and_what_is_not_shown(open_page: Open) -> None:
    page = open_page("#made-2")
    stack = page.locator(".wt-stack li")
    expect(stack).to_have_text(
        ["Request.process", "… 1 call not shown", "Port.read", "reactor"]
    )
    stack.get_by_role("link").click()
    assert at(page) == "1 / 8"


def test_an_underscore_stays_in_sight_in_a_link(open_page: Open) -> None:
    page = open_page("#made-3")
    offset = """link => {
        const style = getComputedStyle(link);
        return parseFloat(style.textUnderlineOffset) / parseFloat(style.fontSize);
    }"""
    for link in page.locator(".wt-stage a, .wt-listing a").all():
        assert link.evaluate(offset) > 0.3


def test_the_time_since_the_first_step_is_shown(open_page: Open) -> None:
    page = open_page("#made-2")
    expect(page.locator(".wt-time")).to_have_text("2 µs since the first step (+2 µs)")


def test_events_pass_the_door_with_the_queue_drawn(open_page: Open) -> None:
    page = open_page("#made-3")
    expect(page.locator(".wt-side")).to_contain_text("No event has passed yet.")
    press(page, "ArrowRight")
    expect(page.locator(".wt-token.wt-receive")).to_have_text("http.request")
    expect(page.locator(".wt-queue i")).to_have_count(2)
    expect(page.locator(".wt-main")).to_contain_text("2 in the queue")
    press(page, "ArrowRight")
    expect(page.locator(".wt-token")).to_have_count(0)
    expect(page.locator(".wt-queue i")).to_have_count(2)


def test_folds_unfold_and_fold_again(open_page: Open) -> None:
    page = open_page("#made-2")
    page.get_by_role("button", name="2 calls left out: unfold").click()
    assert (at(page), name(page)) == ("3 / 10", "Request.headers")
    expect(page.locator(".wt-main")).to_contain_text("line 1 of made/http.py")
    press(page, "ArrowRight")
    assert name(page) == "Server.create"
    expect(page.locator(".wt-stack")).to_contain_text("Request.process")
    page.get_by_role("button", name="Fold again").click()
    assert (at(page), name(page)) == ("2 / 8", "Request.process")


def test_an_ellipsis_leads_into_its_fold(open_page: Open) -> None:
    page = open_page()
    page.locator(".wt-ellipsis a").first.click()
    assert (at(page), name(page)) == ("2 / 9", "Channel.parse")
    page.locator(".wt-all > summary").click()
    page.locator(".wt-steps .wt-fold summary").first.click()
    expect(page.locator(".wt-at")).to_have_text("1 / 8")


def test_a_finger_walks(open_page: Open) -> None:
    page = open_page(has_touch=True)
    swipe = """([dx, dy, where]) => {
        const on = document.querySelector(where);
        const touch = (x, y) =>
            [new Touch({identifier: 1, target: on, clientX: x, clientY: y})];
        const fire = (type, at) => on.dispatchEvent(
            new TouchEvent(type, {touches: at, changedTouches: at, bubbles: true}));
        fire("touchstart", touch(200, 200));
        fire("touchend", touch(200 + dx, 200 + dy));
    }"""
    page.evaluate(swipe, [-80, 5, ".wt-top"])
    assert at(page) == "2 / 8"
    for move in ([-20, 0, ".wt-top"], [-80, 90, ".wt-top"], [-80, 0, ".wt-bar input"]):
        page.evaluate(swipe, move)
    assert at(page) == "2 / 8"
    page.evaluate(swipe, [80, 5, ".wt-top"])
    assert at(page) == "1 / 8"


def test_two_walkthroughs_on_a_page_walk_apart(open_page: Open) -> None:
    page = open_page("#second-4", body=made("first") + made("second"))
    expect(page.locator(".wt-at")).to_have_text(["1 / 8", "4 / 8"])


# As Material has them.
TABS = """<div class="tabbed-set"><input type="radio" name="t" checked id="one">
<input type="radio" name="t" id="two"><div class="tabbed-content">
<div class="tabbed-block">{}</div><div class="tabbed-block">{}</div></div></div>"""


def test_a_link_opens_the_tab_that_holds_its_step(open_page: Open) -> None:
    page = open_page("#second-4", body=TABS.format(made("first"), made("second")))
    expect(page.locator("#two")).to_be_checked()


def test_it_starts_again_on_each_page_of_a_site_that_never_reloads(
    open_page: Open,
) -> None:
    head = (
        "<script>window.document$ = {subscribe(run) { window.again = run; }}</script>"
    )
    page = open_page(head=head)
    assert page.locator(".wt-stage").count() == 1
    page.evaluate("text => document.querySelector('.wt').outerHTML = text", long())
    assert page.locator(".wt-stage").count() == 0
    page.evaluate("again(); again()")
    assert page.locator(".wt-stage").count() == 1


def test_a_script_in_the_head_waits_for_the_page(open_page: Open) -> None:
    page = open_page(head=f"<script>{script()}</script>")
    expect(page.locator(".wt-stage")).not_to_have_count(0)


def test_a_walkthrough_with_no_steps_is_left_alone(open_page: Open) -> None:
    page = open_page(body='<div class="wt"><ol class="wt-steps"></ol></div>')
    assert page.locator(".wt-stage").count() == 0


def test_without_a_script_everything_is_in_the_list(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator(".wt-stage").count() == 0
    assert page.locator(".wt-step strong").all_text_contents() == NAMES
    for step in page.locator(".wt-step").all():
        expect(step).to_be_visible()


@pytest.mark.parametrize("width", [320, 768, 3840])
def test_the_page_never_scrolls_sideways(open_page: Open, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 700})
    for _ in NAMES:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        press(page, "ArrowRight")


def test_the_lane_of_the_step_is_scrolled_into_view(open_page: Open) -> None:
    page = open_page(viewport={"width": 320, "height": 700})
    assert page.evaluate("document.querySelector('.wt-scroll').scrollLeft") == 0
    press(page, "End")
    # A busy machine scrolls a little later.
    page.wait_for_function("document.querySelector('.wt-scroll').scrollLeft > 0")


def timed(page: Page) -> Locator:
    return page.get_by_role("radio", name="Time, as of one run")


def test_the_lanes_have_a_scale_of_time_for_those_who_ask(open_page: Open) -> None:
    page = open_page()
    assert page.locator(".wt-clock[role]").count() == 0
    expect(page.locator(".wt-order .wt-svg")).to_be_visible()
    page.get_by_role("radio", name="Order").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wt-clock[role]")).to_be_visible()
    expect(page.locator(".wt-order .wt-svg")).to_be_hidden()
    assert at(page) == "1 / 8"
    # The step is marked there, and a mark leads to its step.
    expect(page.locator(".wt-clock .wt-here")).to_have_attribute("href", "#made-1")
    press(page, "End")
    expect(page.locator(".wt-clock .wt-here")).to_have_attribute("href", "#made-8")
    page.locator(".wt-clock a[href='#made-3']").dispatch_event("click")
    assert at(page) == "3 / 8"
    page.get_by_role("radio", name="Order").check()
    expect(page.locator(".wt-clock[role]")).to_be_hidden()
    expect(page.locator(".wt-order .wt-svg")).to_be_visible()


def test_without_a_script_the_lanes_stay_in_order(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    expect(page.locator(".wt-order .wt-svg")).to_be_visible()
    expect(page.locator(".wt-scale")).to_be_hidden()
    expect(page.locator(".wt-timed")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 3840])
def test_the_lanes_by_time_are_as_wide_as_there_is_room(
    open_page: Open, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 700})
    timed(page).check()
    box = page.locator(".wt-timed .wt-scroll")
    clock = page.locator(".wt-clock[role]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = box.evaluate("e => e.clientWidth")
    drawn = clock.evaluate("e => e.getBoundingClientRect().width")
    assert drawn == pytest.approx(max(wide, 640), abs=1)


def test_paper_has_the_lanes_that_were_chosen(open_page: Open) -> None:
    page = open_page()
    timed(page).check()
    page.emulate_media(media="print")
    expect(page.locator(".wt-scale")).to_be_hidden()
    expect(page.locator(".wt-clock[role]")).to_be_visible()


def test_a_step_that_waited_says_why(open_page: Open) -> None:
    trace = awaited().trace()
    shown = View(trace, [step.seq for step in trace.steps])
    page = open_page("#made-1", html.walkthrough(shown, "", "made"))
    why = page.locator(".wt-told p", has_text="Why did this wait?")
    expect(why).to_contain_text("Suspended for 4 µs: it awaited receive()")
    press(page, "End")
    expect(why.first).to_contain_text("Queued for 1 µs")
    expect(why.last).to_contain_text("The application waited 7 µs")


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_axe_finds_nothing(open_page: Open, scheme: str) -> None:
    head = """<style>[data-md-color-scheme=slate] { color: #e3eae5; background: #131a16;
        --md-default-fg-color: #e3eae5; --md-default-bg-color: #131a16;
        --md-default-fg-color--light: #a9b8af; --md-code-bg-color: #1d2822;
        --md-typeset-a-color: #8fd0a9; --md-accent-fg-color: #f0b072; }</style>"""
    page = open_page("#made-4", head=head, reduced_motion="reduce")
    page.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for by in ("Order", "Time, as of one run"):
        page.get_by_role("radio", name=by).check()
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()


def test_nothing_moves_for_those_who_do_not_want_it(open_page: Open) -> None:
    page = open_page("#made-4", reduced_motion="reduce")
    expect(page.locator(".wt-token")).to_have_css("animation-name", "none")


def test_paper_shows_every_step_and_no_stepper(open_page: Open) -> None:
    page = open_page()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".wt-stage")).to_be_hidden()
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0


def side_by_side() -> str:
    table = compare(view(), view(1, 10, 11), "left", "right", "both")
    right = html.walkthrough(view(1, 10, 11), "", "right")
    return table + html.walkthrough(view(), "", "left") + right


NARRATIVE = """<div class="beside" data-walk="made-walk"><div class="wt-words">
<p style="margin-top: 30em"><a class="wt-go" href="#made-2"><strong><code>process</code></strong></a></p>
<p style="margin-top: 60em"><a class="wt-go" href="#made-4"><strong><code>receive</code></strong></a></p>
<p style="margin-bottom: 90em">After it.</p></div></div>"""


def beside(page: Page) -> Any:
    page.evaluate("document.querySelector('.beside').scrollIntoView()")
    page.wait_for_selector(".wt-column .wt-at")
    return page.locator(".wt-column .wt-at")


@pytest.mark.parametrize("width", [390, 1440])
def test_prose_drives_the_walkthrough_beside_it(open_page: Open, width: int) -> None:
    page = open_page(body=made() + NARRATIVE, viewport={"width": width, "height": 800})
    count = beside(page)
    for n, step in ((0, "2"), (1, "4"), (0, "2")):
        page.evaluate(
            "n => document.querySelectorAll('.wt-go')[n].scrollIntoView({block: 'start'})",
            n,
        )
        expect(count).to_have_text(re.compile(rf"^{step} /"))
        expect(page.locator(".wt-go.wt-here")).to_have_attribute(
            "href", f"#made-{step}"
        )
        box = page.locator(".wt-column .wt-top").bounding_box()
        assert box and 0 <= box["y"] < 800
    assert "#" not in page.url


def test_a_name_in_the_prose_goes_to_its_step(open_page: Open) -> None:
    page = open_page(body=made() + NARRATIVE, viewport={"width": 1440, "height": 800})
    count = beside(page)
    page.locator(".wt-go").nth(1).click()
    expect(count).to_have_text(re.compile(r"^4 /"))


# Two versions, each in a tab, and prose that names three steps; the second version does
# not have the second one.
VERSIONS = """<p><button onclick="one.hidden = !(two.hidden = !two.hidden)">Other</button></p>
<div id="one">{}</div><div id="two" hidden>{}</div>"""
PATHS = NARRATIVE.replace("made-walk", "made-walk other-walk")


def test_prose_is_beside_the_version_that_is_chosen(open_page: Open) -> None:
    prose = PATHS.replace('href="#made-2"', 'href="#made-2" data-steps="2 3"')
    prose = prose.replace('href="#made-4"', 'href="#made-4" data-steps="4 0"')
    body = VERSIONS.format(made(), made("other")) + prose
    page = open_page(body=body, viewport={"width": 1440, "height": 800})
    count = beside(page)
    first, second = page.locator(".wt-go").all()
    expect(second).to_have_attribute("href", "#made-4")
    page.get_by_role("button", name="Other").click()
    for go in (second, first):
        go.evaluate("go => go.scrollIntoView({block: 'start'})")
        expect(count).to_have_text(re.compile("^3 /"))
    expect(first).to_have_attribute("href", "#other-3")
    assert second.get_attribute("href") is None
    page.get_by_role("button", name="Other").click()
    second.evaluate("go => go.scrollIntoView({block: 'start'})")
    expect(count).to_have_text(re.compile("^4 /"))
    expect(page.locator(".wt-column")).to_have_count(1)


def test_prose_is_beside_the_version_that_is_chosen_in_a_fold(open_page: Open) -> None:
    prose = PATHS.replace('href="#made-2"', 'href="#made-2" data-steps="2 3"')
    tabs = TABS.format(made(), made("other"))
    body = f"<details><summary>The paths</summary>{tabs}</details>{prose}"
    page = open_page(body=body, viewport={"width": 1440, "height": 800})
    count = beside(page)
    go = page.locator(".wt-go").first
    for tab, step in (("two", 3), ("one", 2)):
        # As the tabs of a page are linked: all sets follow the one that is clicked.
        page.locator(f"#{tab}").evaluate("tab => { tab.checked = true; }")
        page.evaluate("scrollTo(0, 0)")
        go.evaluate("go => go.scrollIntoView({block: 'start'})")
        expect(count).to_have_text(re.compile(f"^{step} /"))
    expect(page.locator("details").first).not_to_have_attribute("open", "")


def test_with_reduced_motion_prose_moves_nothing(open_page: Open) -> None:
    page = open_page(body=made() + NARRATIVE, reduced_motion="reduce")
    page.evaluate("document.querySelector('.beside').scrollIntoView()")
    assert page.locator(".wt-column").count() == 0


def test_arrow_keys_walk_what_is_in_view(open_page: Open) -> None:
    body = made() + '<p style="height: 200em"></p>' + made("second")
    page = open_page(body=body)
    page.evaluate("document.getElementById('second-walk').scrollIntoView()")
    counts = page.locator(".wt-at")
    expect(counts).to_have_count(2)
    page.keyboard.press("ArrowRight")
    expect(counts.nth(1)).to_have_text(re.compile("^2 /"))
    expect(counts.nth(0)).to_have_text(re.compile("^1 /"))


def test_two_recordings_walk_side_by_side(open_page: Open) -> None:
    page = open_page(body=side_by_side())
    stage = page.locator(".wt-compare .wt-stage")
    left, right = page.locator(".wt-two .wt-main").all()
    expect(left.locator("strong")).to_have_text("Port.read")
    expect(right.locator("strong")).to_have_text("Port.read")
    stage.press("ArrowRight")
    expect(left.locator("strong")).to_have_text("Request.process")
    expect(right).to_contain_text("No such stage here.")
    expect(stage.get_by_role("status")).to_have_text(
        "Row 2: none: Request.process; none: no such stage"
    )
    stage.get_by_role("button", name="Next").click()
    expect(right.locator("strong")).to_have_text("App.__call__")
    expect(page.locator("tr.wt-here")).to_have_id("both-3")
    stage.press("End")
    expect(stage.locator(".wt-at")).to_have_text("8 / 8")
    stage.press("ArrowRight")
    expect(stage.locator(".wt-at")).to_have_text("8 / 8")
    stage.press("Home")
    stage.press("i")
    expect(stage.locator(".wt-at")).to_have_text("1 / 8")


def test_two_recordings_play_and_slide_together(open_page: Open) -> None:
    page = open_page(body=side_by_side(), locale="en-GB")
    stage = page.locator(".wt-compare .wt-stage")
    at = stage.locator(".wt-at")
    stage.get_by_role("slider", name="Step").fill("7")
    expect(at).to_have_text("7 / 8")
    page.clock.install()
    stage.get_by_role("button", name="Play").click()
    page.clock.run_for(1700)
    expect(at).to_have_text("8 / 8")
    page.clock.run_for(1700)
    expect(stage.get_by_role("button", name="Play")).to_be_visible()
    stage.press(" ")
    expect(at).to_have_text("1 / 8")
    stage.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    expect(at).to_have_text("1 / 8")


def test_a_row_leads_to_the_step_in_its_own_walkthrough(open_page: Open) -> None:
    page = open_page(body=side_by_side())
    page.locator("#both-3 a").nth(1).click()
    expect(page.locator("#right-walk .wt-at")).to_have_text("2 / 3")


def test_on_a_phone_two_recordings_are_one_column_in_two_colours(
    open_page: Open,
) -> None:
    page = open_page(body=side_by_side(), viewport={"width": 390, "height": 700})
    for sides in (
        page.locator("tbody tr.wt-both").first.locator("td"),
        page.locator(".wt-two > .wt-main"),
    ):
        left, right = (each.bounding_box() for each in sides.all())
        assert left and right
        assert left["x"] == right["x"]
        assert left["y"] + left["height"] <= right["y"]
        colour = "each => getComputedStyle(each).borderLeftColor"
        assert len({each.evaluate(colour) for each in sides.all()}) == 2


@pytest.mark.parametrize("width", [320, 800, 1440])
def test_compared_code_is_not_cut(open_page: Open, width: int) -> None:
    body = f"""<div class="wt wt-compare"><div class="wt-two"><div class="wt-main">
      {LONG_LINE}</div><div class="wt-main"></div></div></div>"""
    page = open_page(body=body, viewport={"width": width, "height": 700})
    assert page.locator("pre").evaluate("pre => pre.scrollWidth <= pre.clientWidth")


@pytest.mark.parametrize("width", [320, 1440])
def test_two_recordings_side_by_side_are_for_everyone(
    open_page: Open, width: int
) -> None:
    page = open_page(body=side_by_side(), viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


LONG = "app.One.run\n    app.Two.run\n    app.Two.go\n" * 300


def long() -> str:
    """Six hundred steps, and a fold after every second one."""
    made = trace(LONG)
    shown = [step.seq for step in made.steps if "go" not in made.name(step)]
    return html.walkthrough(View(made, shown), "", "made")


def show(part: Locator) -> None:
    part.evaluate("part => part.scrollIntoView()")


def rows(page: Page) -> int:
    return page.locator(".wt-steps > li").count()


def test_of_a_long_list_the_page_has_only_what_is_near(open_page: Open) -> None:
    page = open_page("#made-300", body=long())
    expect(page.locator(".wt-at")).to_have_text("300 / 600")
    for key in ("ArrowRight", "End", "ArrowLeft", "Home"):
        press(page, key)
        assert rows(page) == 0
    page.locator(".wt-all > summary").click()
    parts = page.locator(".wt-part")
    for part in (parts.last, parts.nth(8), parts.first):
        show(part)
        expect(part.locator(".wt-step").first).to_be_visible()
        assert rows(page) <= 250
    page.locator(".wt-all > summary").click()
    expect(page.locator(".wt-steps")).to_have_count(0)


def test_a_long_list_leads_to_steps_and_marks_them(open_page: Open) -> None:
    page = open_page(body=long())
    page.locator(".wt-all > summary").click()
    page.locator(".wt-steps a[href='#made-3']").first.click()
    assert at(page) == "3 / 600"
    expect(page.locator(".wt-step[aria-current=step]")).to_have_id("made-3")
    press(page, "ArrowRight")
    expect(page.locator(".wt-step[aria-current=step]")).to_have_id("made-4")


def test_folds_of_a_long_list_open_in_list_and_stepper_alike(open_page: Open) -> None:
    page = open_page("#made-4", body=long())
    page.locator(".wt-all > summary").click()
    second = page.locator("#made-4-f1 > details")
    page.get_by_role("button", name="1 call left out: unfold").click()
    assert (at(page), name(page)) == ("5 / 601", "Two.go")
    expect(second).to_have_attribute("open", "")
    page.locator("#made-2-f1 > details > summary").click()
    expect(page.locator(".wt-at")).to_have_text("6 / 602")
    show(page.locator(".wt-part").last)
    expect(second).to_have_count(0)
    show(page.locator(".wt-part").first)
    expect(second).to_have_attribute("open", "")


def test_a_long_list_is_whole_on_paper_and_without_a_script(open_page: Open) -> None:
    page = open_page(body=long())
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".wt-step").count() == 600
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert rows(page) == 0
    page = open_page(body=long(), java_script_enabled=False)
    assert page.locator(".wt-step").count() == 600


def test_of_a_long_picture_only_the_tiles_in_view_are_drawn(open_page: Open) -> None:
    page = open_page(body=long())
    tiles = page.locator(".wt-tile")
    expect(tiles).to_have_count(9)
    for tile in tiles.all():
        expect(tile).to_have_css("content-visibility", "auto")
        assert tile.locator("a").count() <= 100
    for key, tile in (("End", tiles.last), ("Home", tiles.first)):
        press(page, key)
        expect(page.locator(".band")).to_have_count(1)
        expect(tile.locator(".band")).to_have_count(1)
        expect(tile.locator("a.wt-here")).to_have_count(1)


def test_a_long_recording_walks_side_by_side(open_page: Open) -> None:
    made = trace(LONG)
    shown = [step.seq for step in made.steps if "go" not in made.name(step)]
    table = compare(View(made, shown), view(), "made", "right", "both")
    page = open_page(body=table + long())
    stage = page.locator(".wt-compare .wt-stage")
    stage.press("End")
    stage.press("Home")
    expect(stage.locator(".wt-main strong").first).to_have_text("One.run")


def test_script_and_style_are_light() -> None:
    packed = (gzip.compress(text.encode()) for text in texts().values())
    assert sum(map(len, packed)) <= 18 * 1024


LONG_STORY = "server.run\n    server.read\n" + "".join(
    f"    app.view_{n} own\n        frame.deep_{n}\n" for n in range(40)
)


@pytest.fixture
def alone(tabs: Callable[..., Tab], tmp_path: Path) -> Iterator[Page]:
    """A page of its own, of a recording that is shown in part."""
    made = trace(LONG_STORY)
    shown = [step.seq for step in made.steps if "deep" not in made.name(step)]
    file = tmp_path / "alone.html"
    file.write_text(standing_alone(View(made, shown), "Made"), encoding="utf-8")
    tab = tabs()
    tab.wrong.clear()
    tab.page.goto(file.as_uri())
    tab.page.wait_for_selector(".wt-top strong")
    yield tab.page
    assert tab.wrong == []


def head(page: Page) -> str:
    return page.locator(".wt-top strong").inner_text()


def test_a_page_of_its_own_opens_at_the_application(alone: Page) -> None:
    assert head(alone) == "app.view_0"
    assert at(alone) == "3 / 42"
    assert "Took " in alone.locator(".wt-side").inner_text()
    # What the reader may never open is not there yet.
    assert alone.locator(".wt-svg, .wt-fold ol li").count() == 0
    assert alone.locator(".wt-main .wt-code").count() == 2


def test_my_code_only_walks_from_own_step_to_own_step(alone: Page) -> None:
    alone.locator("[data-do=prev]").click()
    assert head(alone) == "server.read"
    alone.get_by_role("button", name="My code only").click()
    assert head(alone) == "app.view_0"
    assert alone.locator(".wt-found").inner_text() == "40 steps"
    alone.locator("[data-do=next]").click()
    assert head(alone) == "app.view_1"


def test_search_goes_to_steps_and_opens_the_fold_that_holds_a_name(
    alone: Page,
) -> None:
    search = alone.get_by_role("searchbox")
    search.fill("VIEW_3")
    assert head(alone) == "app.view_3"
    assert alone.locator(".wt-found").inner_text() == "11 steps"
    search.press("Enter")
    assert head(alone) == "app.view_30"
    search.fill("deep_7")
    assert head(alone) == "frame.deep_7"
    search.fill("no such name")
    assert alone.locator(".wt-found").inner_text() == "no step"
    assert head(alone) == "frame.deep_7"


def test_a_packed_picture_is_drawn_when_it_is_opened(alone: Page) -> None:
    alone.get_by_text("Picture", exact=True).click()
    alone.wait_for_selector(".wt-svg a")
    alone.locator(".wt-svg a").last.click()
    assert head(alone) == "app.view_39"
    alone.get_by_text("Step by step", exact=True).click()
    alone.locator(".wt-fold summary").first.click()
    expect(alone.locator(".wt-fold ol li").first).to_contain_text("deep_0")


def test_what_the_author_says_is_shown_as_written(open_page: Open) -> None:
    body = html.walkthrough(view(), "", "made", told={3: "/hello/ has been parsed"})
    page = open_page("#made-2", body)
    story = page.locator(".wt-told .wt-story")
    assert story.inner_text() == "/hello/ has been parsed"
    style = "e => getComputedStyle(e, '::first-letter').textTransform"
    assert story.evaluate(style) == "none"
