"""The laboratory, in a real browser: Python, Twisted, Daphne and Django in the page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from walkthroughs.laboratory.blocks import PAGES, blocks
from walkthroughs.laboratory.starting_points import SERVERS, STARTS, Start

from .every_page import AXE, DESK, NARROW, PHONE, barriers
from .tab import Tab

LIMIT = 120_000
"""Milliseconds that anything may take; a busy machine starts Python slowly."""

STATUS = "document.getElementById('lab-status').textContent"

WITHIN = """(name) => {
  const differs = document.querySelector("#lab-verdict del").getBoundingClientRect();
  const box = document.querySelector("#lab-verdict pre").getBoundingClientRect();
  const listing = document.getElementById("lab-listing");
  const at = listing.value.split("\\n").findIndex((line) => line.includes(name));
  const top = at * parseFloat(getComputedStyle(listing).lineHeight) - listing.scrollTop;
  return [
    differs.top >= box.top && differs.bottom <= box.bottom,
    top >= 0 && top < listing.clientHeight,
  ];
}"""
"""Whether the line that differs, and the line to blame, are in view in their boxes."""

VIEW = """\
from django.http import HttpResponse
from django.urls import path


async def hello(request):
    return HttpResponse(greeting())


def greeting():
    return "Good night"


urlpatterns = [path("hello/", hello)]
"""


@pytest.fixture(scope="module")
def lab(browser: Browser, served: str) -> Iterator["Lab"]:
    """The page, with Python running in it from the first Run on."""
    tab = Tab(browser)
    with tab.at(served) as page:
        yield Lab(page, f"{served}laboratory.html", tab)
        tab.wrong.clear()
    page.context.close()


class Lab:
    """The laboratory as a reader uses it: by what its parts are called."""

    def __init__(self, page: Page, address: str, tab: Tab) -> None:
        self.page = page
        self.address = address
        self.tab = tab
        self.asked: list[str] = []
        page.set_default_timeout(LIMIT)
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address)

    def open(self, start: str = "http-get", server: str = "daphne") -> None:
        """Chooses a start point, on the page that is open."""
        self.page.evaluate(
            "(words) => { location.hash = ''; location.hash = words; }",
            f"start={start}&server={server}",
        )
        self.page.wait_for_function(f"{STATUS}.startsWith('Nothing has run')")

    def fill(self, box: str, text: str) -> None:
        self.page.get_by_role("textbox", name=box, exact=True).fill(text)

    def value(self, box: str) -> str:
        return self.page.get_by_role("textbox", name=box, exact=True).input_value()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def run(self) -> str:
        """Presses Run; what the page says when it is done."""
        self.page.evaluate("document.getElementById('lab-status').textContent = ''")
        self.press("Run")
        return self.wait()

    def wait(self) -> str:
        self.page.wait_for_function(
            f"{STATUS} && document.getElementById('lab-stop').ariaDisabled === 'true'",
            timeout=LIMIT,
        )
        return str(self.page.evaluate(STATUS))

    def region(self, name: str) -> str:
        return self.page.get_by_role("region", name=name, exact=True).inner_text()


def test_nothing_is_loaded_before_run(lab: Lab) -> None:
    lab.page.wait_for_timeout(300)
    loaded = [
        each for each in lab.asked if re.search(r"worker\.mjs|unpack|\.xz$", each)
    ]
    assert loaded == []
    assert "Nothing has run yet" in lab.region("Response")


def test_loading_is_shown_while_it_goes_on(lab: Lab) -> None:
    lab.page.evaluate("caches.delete('laboratory')")
    lab.page.reload()
    lab.page.evaluate(
        """() => {
          window.said = new Set();
          const bar = document.getElementById("lab-progress");
          const status = document.getElementById("lab-status");
          new MutationObserver(() => {
            said.add(status.textContent);
            if (!bar.hidden && bar.value > 0 && bar.value < 1) said.add("the bar moves");
          }).observe(status, { childList: true });
        }"""
    )
    assert "steps recorded" in lab.run()
    said = lab.page.evaluate("[...said]")
    assert "the bar moves" in said
    assert any(re.match(r"Loading Python: [\d.]+ of \d+\.\d MB", each) for each in said)
    assert "Starting Twisted, Daphne and Django …" in said


def test_a_second_run_gives_the_same(lab: Lab) -> None:
    lab.open()
    first = lab.run().partition(" in ")[0], lab.region("Response")
    second = lab.run().partition(" in ")[0], lab.region("Response")
    assert first == second


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
def test_each_start_point_runs(lab: Lab, start: Start, server: str) -> None:
    lab.open(start.name, server)
    said = lab.run()
    assert "steps recorded" in said
    # The chapter's listing holds here, too.
    assert "does not hold" not in said
    assert lab.page.locator("#lab-walkthrough .wt-listing li").count() > 2
    # A stepper is made when its walkthrough comes into view.
    lab.page.locator("#lab-walkthrough .wt").scroll_into_view_if_needed()
    lab.page.wait_for_selector("#lab-walkthrough .wt-stage", state="attached")
    assert lab.page.locator("#lab-walkthrough .wt-stage").count() == 1


@pytest.mark.parametrize("server", SERVERS)
def test_an_edit_of_the_view_is_seen(lab: Lab, server: str) -> None:
    lab.open("http-get", server)
    lab.fill("The application", VIEW)
    lab.fill("The listing", "...\nexperiment.greeting  # mine\n...\n")
    lab.run()
    assert "Good night" in lab.region("Response")
    assert "experiment.greeting" in lab.region("Walkthrough")


def test_a_broken_listing_is_told_and_mended(lab: Lab) -> None:
    lab.open()
    lab.run()
    whole = lab.value("The listing")
    line = "            daphne.server.Server.protocol_connected"
    name = line.strip()
    assert name in whole
    lab.fill("The listing", whole.replace(name, "daphne.server.Server.protocol_gone"))
    lab.press("Check")
    lab.page.wait_for_selector("#lab-verdict .wt-failure")
    verdict = lab.page.locator("#lab-verdict").inner_text()
    assert "protocol_gone never happened" in verdict
    assert "+ observed" in verdict
    # What differs, and the line that is to blame, are in view.
    differs = lab.page.locator("#lab-verdict del")
    assert differs.inner_text().split() == ["-", "daphne.server.Server.protocol_gone"]
    assert lab.page.evaluate(WITHIN, "protocol_gone") == [True, True]
    kept = [each for each in whole.splitlines() if name not in each]
    lab.fill("The listing", "\n".join(kept))
    lab.press("Repair")
    lab.page.wait_for_function(f"{STATUS} === 'The listing holds.'")


def test_a_changed_header_shows_where_it_makes_a_difference(lab: Lab) -> None:
    """The first experiment of the page, and what the laboratory is for."""
    lab.open()
    lab.fill("The listing", "")
    assert "does not hold" not in lab.run()
    sent = lab.value("What the client sends")
    changed = sent.replace("Connection: close", "Connection: keep-alive")
    assert changed != sent
    lab.fill("What the client sends", changed)
    assert "does not hold" in lab.run()
    verdict = lab.page.locator("#lab-verdict")
    # The sentence stays in view whatever the diff below it shows.
    cause = verdict.locator(".wt-failure > p")
    assert "HTTPChannel.loseConnection never happened" in cause.inner_text()
    assert "loseConnection" in verdict.locator("del").first.inner_text()
    assert lab.page.evaluate(WITHIN, "loseConnection") == [True, True]
    lab.press("Repair")
    verdict.get_by_text("cannot be repaired").wait_for()
    lines = lab.value("The listing").splitlines()
    kept = [each for each in lines if "loseConnection" not in each]
    lab.fill("The listing", "\n".join(kept))
    lab.press("Repair")
    lab.page.wait_for_function(f"{STATUS} === 'The listing holds.'")


def test_an_endless_loop_is_stopped(lab: Lab) -> None:
    lab.open()
    lab.fill(
        "The application",
        "async def application(scope, receive, send):\n    while True:\n        pass\n",
    )
    lab.page.evaluate("document.getElementById('lab-status').textContent = ''")
    lab.press("Run")
    lab.page.wait_for_function(f"{STATUS} === 'Running …'", timeout=LIMIT)
    lab.press("Stop")
    assert lab.wait() == "Stopped."
    # Nobody is there to press Stop, and a minute has passed.
    lab.page.evaluate(
        """() => {
          const later = window.setTimeout;
          window.setTimeout = (act, time) => {
            if (time === 60000) window.setTimeout = later;
            return later(act, time === 60000 ? 50 : time);
          };
        }"""
    )
    assert lab.run() == "It took longer than 60 seconds and was stopped."
    lab.open()
    assert "steps recorded" in lab.run()


def test_an_exception_is_shown_with_its_line(lab: Lab) -> None:
    lab.open()
    lab.fill("The application", "async def application(s, r, w):\n    1 / 0\n")
    lab.run()
    assert "ZeroDivisionError: division by zero (line 2)" in lab.region("Log")
    assert "500 Internal Server Error" in lab.region("Response")


def test_a_syntax_error_is_shown_with_its_line(lab: Lab) -> None:
    lab.open()
    lab.fill("The application", "\ndef f(:\n")
    assert "SyntaxError" in lab.run()
    assert "(line 2)" in lab.region("Log")


def test_memory_is_bounded(lab: Lab) -> None:
    lab.open()
    lab.fill("The application", "bytes(1500000000)\n")
    assert "MemoryError" in lab.run()


def test_code_reaches_no_network(lab: Lab) -> None:
    lab.open()
    names = "fetch XMLHttpRequest WebSocket EventSource Worker importScripts"
    lab.fill(
        "The application",
        f"import js\nprint([n for n in '{names}'.split() if getattr(js, n, None)])\n",
    )
    lab.run()
    assert "[]" in lab.region("Log")


@pytest.mark.parametrize("server", SERVERS)
def test_bytes_that_are_no_http(lab: Lab, server: str) -> None:
    lab.open("http-get", server)
    lab.fill("What the client sends", "good morning\n\n")
    lab.fill("The listing", "")
    lab.run()
    assert "400 Bad Request" in lab.region("Response")


def test_a_link_holds_the_experiment_and_never_runs_by_itself(lab: Lab) -> None:
    lab.open("websocket-echo", "minidaphne")
    lab.fill("The application", "# mine: ünïcode </script>\n" + VIEW)
    lab.press("Copy link")
    lab.page.wait_for_function("location.hash.startsWith('#experiment=')")
    address = lab.page.url
    lab.open()
    lab.page.goto("about:blank")
    lab.page.goto(address)
    lab.page.wait_for_function(f"{STATUS}.startsWith('This experiment came')")
    assert lab.value("The application").startswith("# mine: ünïcode </script>")
    assert lab.value("What the client sends").startswith("WebSocket /ws/echo/")
    assert lab.page.get_by_role("combobox", name="Server").input_value() == "minidaphne"
    assert "Nothing has run yet" in lab.region("Log")


def test_a_link_that_holds_nothing(lab: Lab) -> None:
    lab.page.goto(f"{lab.address}#experiment=rubbish")
    lab.page.reload()
    lab.page.wait_for_function(f"{STATUS}.startsWith('This link holds no')")


def test_the_keyboard_is_enough(lab: Lab) -> None:
    lab.open()
    lab.page.get_by_role("textbox", name="What the client sends").focus()
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Tab")
    assert lab.page.evaluate("document.activeElement.textContent") == "Run"
    lab.page.evaluate("document.getElementById('lab-status').textContent = ''")
    lab.page.keyboard.press("Enter")
    assert "steps recorded" in lab.wait()
    assert lab.page.evaluate("document.activeElement.textContent") == "Run"


def test_what_came_of_it_keeps_nobody_out_and_fits_a_phone(lab: Lab) -> None:
    lab.open()
    lab.run()
    lab.page.evaluate(AXE)
    assert barriers(lab.page) == []
    lab.page.set_viewport_size(PHONE)
    assert lab.page.evaluate(NARROW) == PHONE["width"]
    lab.page.set_viewport_size(DESK)


def test_its_words_can_be_read_by_night(lab: Lab) -> None:
    lab.open()
    lab.page.add_style_tag(content="* { transition: none !important }")
    lab.page.emulate_media(color_scheme="dark")
    lab.page.evaluate(AXE)
    assert barriers(lab.page, "color-contrast") == []
    lab.page.emulate_media(color_scheme="light")


def test_a_chapter_leads_there(lab: Lab) -> None:
    lab.page.goto(lab.address.replace("laboratory.html", "daphne-to-django.html"))
    lab.page.get_by_role("link", name="Try it in the laboratory").first.click()
    lab.page.wait_for_function(f"{STATUS}.startsWith('Nothing has run')")
    assert "laboratory.html#start=" in lab.page.url


def test_from_disk_it_says_what_to_do(tab: Tab, site: Path) -> None:
    with tab.at(site.as_uri()) as page:
        page.goto((site / "laboratory.html").as_uri())
        assert "make serve" in page.locator("#lab-instead").inner_text()
        assert page.locator(".wt-listing").count() == 1


def test_without_javascript_the_recorded_walkthrough_is_there(
    plain_tab: Tab, site: Path
) -> None:
    with plain_tab.at(site.as_uri()) as page:
        page.goto((site / "laboratory.html").as_uri())
        assert page.locator("#lab-instead").is_visible()
        assert not page.get_by_role("button", name="Run", exact=True).is_visible()
        assert page.locator(".wt-listing").is_visible()


def test_without_webassembly_it_says_so(browser: Browser, served: str) -> None:
    context = browser.new_context()
    context.add_init_script("delete globalThis.WebAssembly")
    page = context.new_page()
    page.goto(f"{served}laboratory.html")
    assert "a browser with WebAssembly" in page.locator("#lab-instead").inner_text()
    assert page.locator(".wt-listing").is_visible()
    context.close()


@pytest.fixture(scope="module")
def chapter(browser: Browser, served: str) -> Iterator["Chapter"]:
    """A tab for chapters, in which Python is loaded but once."""
    tab = Tab(browser)
    with tab.at(served) as page:
        page.set_default_timeout(LIMIT)
        yield Chapter(tab, served)
    page.context.close()


class Chapter:
    """A chapter whose blocks run, as a reader uses it."""

    def __init__(self, tab: Tab, served: str) -> None:
        self.tab = tab
        self.page = tab.page
        self.served = served

    def open(self, name: str) -> None:
        self.tab.leave()
        self.page.goto(f"{self.served}{name}.html")
        # What is folded has blocks, too.
        self.page.evaluate(
            "document.querySelectorAll('details').forEach((d) => d.open = true)"
        )

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def output(self, of: str) -> str:
        """What is below, once it is there."""
        output = self.page.get_by_role("group", name=f"Output of {of}", exact=True)
        output.wait_for()
        return output.inner_text()

    def solve(self, number: int, answer: str) -> str:
        """Checks an answer; what is said of it."""
        exercise = f"exercise {number}"
        box = self.page.get_by_role("textbox", name=f"Your answer to {exercise}")
        box.fill(answer)
        self.press(f"Check {exercise}")
        said = box.locator("xpath=following-sibling::div[1]//span[@role='status']")
        said.filter(has_text=re.compile("Right|Not yet")).wait_for()
        return said.inner_text()


@pytest.mark.parametrize("name", [page.removesuffix(".md") for page in PAGES])
def test_each_block_of_a_chapter_has_run_or_says_why_not(
    chapter: Chapter, name: str, house: Path
) -> None:
    text = (house / "docs" / f"{name}.md").read_text(encoding="utf-8")
    found = [each for each in blocks(f"{name}.md", text) if not each.check]
    chapter.open(name)
    bars = chapter.page.locator("article .lab-bar:not(.lab-edit + .lab-bar)")
    said = bars.all_text_contents()
    assert len(said) == len(found)
    for block, words in zip(found, said, strict=True):
        if block.lacks:
            assert words == f"This block does not run in the page: {block.lacks}."
        else:
            assert words.startswith("RunEdit")


def test_each_block_of_words_runs_where_it_stands(chapter: Chapter) -> None:
    chapter.open("words")
    buttons = chapter.page.get_by_role("button", name=re.compile("^Run block"))
    last = str(buttons.last.get_attribute("aria-label"))
    assert buttons.count() == 20
    chapter.press("Run block 20")
    assert chapter.output("block 20") == "Each answer is the one printed above."
    chapter.press(last)
    assert chapter.output(last.removeprefix("Run ")) == "It has run; it prints nothing."
    chapter.press("Edit block 1")
    box = chapter.page.get_by_role("textbox", name="Text of block 1", exact=True)
    box.fill("print(6 * 7)")
    chapter.press("Run block 1")
    assert chapter.output("block 1") == "42"


def test_a_block_runs_between_blocks_that_cannot(chapter: Chapter) -> None:
    chapter.open("closing")
    chapter.press("Run block 9")
    assert chapter.output("block 9") == "Each answer is the one printed above."


def test_an_exercise_is_solved_in_the_page(chapter: Chapter) -> None:
    chapter.open("words")
    empty = "async def echo(scope, receive, send):\n    pass\n"
    assert chapter.solve(1, empty) == "Not yet."
    assert chapter.output("exercise 1") == "The events sent are []."
    details = chapter.page.locator("li:has(.lab-edit) > details.success")
    own = details.first.locator("code").inner_text()
    assert chapter.solve(1, own) == "Right."
    output = chapter.page.get_by_role("group", name="Output of exercise 1")
    assert output.count() == 0


def test_the_keyboard_is_enough_for_an_exercise(chapter: Chapter) -> None:
    chapter.open("when-things-go-wrong")
    chapter.page.get_by_role("textbox", name="Your answer to exercise 1").focus()
    chapter.page.keyboard.type("async def view():\nawait pay()")
    chapter.page.keyboard.press("Tab")
    chapter.page.keyboard.press("Enter")
    said = chapter.output("exercise 1")
    assert said.startswith("IndentationError: expected an indented block")
    assert said.endswith("(line 2 of your answer)")


def test_exercises_keep_nobody_out_and_fit_a_phone(chapter: Chapter) -> None:
    chapter.open("words")
    chapter.solve(1, "1\n")
    chapter.page.evaluate(AXE)
    assert barriers(chapter.page) == []
    chapter.page.set_viewport_size(PHONE)
    assert chapter.page.evaluate(NARROW) == PHONE["width"]
    chapter.page.set_viewport_size(DESK)


def test_without_javascript_exercise_and_answer_are_there(
    plain_tab: Tab, site: Path
) -> None:
    with plain_tab.at(site.as_uri()) as page:
        page.goto((site / "words.html").as_uri())
        exercise = page.locator("li:has(> details.question)").first
        assert exercise.locator("summary").all_inner_texts() == [
            "Answer",
            "How it is checked",
        ]
        assert not exercise.locator("details[open]").count()
        assert not page.get_by_role("textbox", name="Your answer").count()


def test_a_knob_turns_even_from_disk(tab: Tab, site: Path) -> None:
    with tab.at(site.as_uri()) as page:
        page.goto((site / "streaming.html").as_uri())
        slider = page.get_by_role("slider", name="Seconds before the client reads")
        shown = page.locator(".lab-setting[open]")
        assert "piece 1 was taken after 0 s" in shown.inner_text()
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert "piece 1 was taken after 10 s" in shown.inner_text()
        assert slider.get_attribute("aria-valuetext") == "10 s"


def test_without_javascript_all_settings_of_a_knob_are_there(
    plain_tab: Tab, site: Path
) -> None:
    with plain_tab.at(site.as_uri()) as page:
        page.goto((site / "streaming.html").as_uri())
        assert page.locator(".lab-setting > summary").count() == 4
        assert page.locator(".lab-setting > summary").first.is_visible()


def test_what_was_loaded_is_kept_and_no_other_host_is_asked(lab: Lab) -> None:
    lab.open()
    lab.run()
    archives = [each for each in lab.asked if each.endswith(".xz")]
    assert len({*archives}) == 3
    before = len(lab.asked)
    lab.page.reload()
    assert "steps recorded" in lab.run()
    assert not [each for each in lab.asked[before:] if each.endswith(".xz")]
    home = lab.address.removesuffix("laboratory.html")
    assert not [
        each
        for each in lab.asked
        if not each.startswith((home, f"blob:{home}", "about:"))
    ]
