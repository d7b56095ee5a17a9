"""The laboratory, in a real browser: Python, Twisted, Daphne and Django in the page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from walkthroughs.laboratory.starts import SERVERS, STARTS, Start

from .every_page import AXE, DESK, NARROW, PHONE, barriers
from .tab import Tab

LIMIT = 120_000
"""Milliseconds that anything may take; a busy machine starts Python slowly."""

STATUS = "document.getElementById('lab-status').textContent"

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
        each for each in lab.asked if re.search("worker.mjs|pyodide|modules", each)
    ]
    assert loaded == []
    assert "Nothing has run yet" in lab.region("Response")


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
    kept = [each for each in whole.splitlines() if name not in each]
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


def test_each_block_of_words_runs_where_it_stands(
    browser: Browser, served: str
) -> None:
    page = Tab(browser).page
    page.set_default_timeout(LIMIT)
    page.goto(f"{served}words.html")
    buttons = page.get_by_role("button", name=re.compile("^Run block"))
    count = buttons.count()
    assert count == 19
    buttons.last.click()
    page.wait_for_selector(".lab-output:not([hidden])")
    said = page.get_by_role("group", name=f"Output of block {count}").inner_text()
    assert said == "Each answer is the one printed above."
    page.get_by_role("button", name="Edit block 1", exact=True).click()
    page.get_by_role("textbox", name="Text of block 1", exact=True).fill("print(6 * 7)")
    page.get_by_role("button", name="Run block 1", exact=True).click()
    page.wait_for_selector(".lab-output:not([hidden]) >> nth=1")
    assert (
        page.get_by_role("group", name="Output of block 1", exact=True).inner_text()
        == "42"
    )
    page.context.close()


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


def test_what_was_loaded_is_kept(lab: Lab) -> None:
    lab.open()
    lab.run()
    lab.page.reload()
    lab.asked.clear()
    assert "steps recorded" in lab.run()
    assert not [each for each in lab.asked if re.search(r"\.wasm|modules-", each)]
