"""What a page of the book costs its reader: `make bench`, or this file as a module.

The site is built and served compressed, as web hosts do, and Chromium looks at the front
page, at the heaviest chapter and at a recording of ten thousand steps.  With `--write`
the table goes into the book.  No test looks at the milliseconds: a busy machine would
fail it.  What can be counted is held in `tests/site`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.site.conftest import ARGUMENTS, PackedHandler, find_browser, serving
from tests.site.test_lighthouse import heaviest
from tests.walkthroughs.trace_builder import trace
from walkthroughs.render.standalone import page as render_page
from walkthroughs.render.view import View

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "about" / "page-cost.md"
MARK = "<!-- measured: written by make bench -->"

ROUNDS = 9
"""How often each page is opened; the median counts."""

LABORATORY_ROUNDS = 5
"""How often the laboratory is opened, and its first experiment run twice."""

STEPS = 10_000
"""How many steps the long recording has."""

LONG = "long.html"

# From the first line of the stepper's script until a right arrow has moved the first
# step, and the browser knows where all of it stands.
WATCH = """
new MutationObserver((_, observer) => {
  const stage = document.querySelector(".wt-stage");
  if (!stage) return;
  observer.disconnect();
  stage.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
  stage.getBoundingClientRect();
  const [mark] = performance.getEntriesByName("walkthroughs");
  window.firstStep = performance.now() - mark.startTime;
  window.stepped = stage.querySelector(".wt-at").textContent;
}).observe(document, {childList: true, subtree: true});
"""

Row = dict[str, float]
"""Heading of a column -> number."""


def rows(site: Path) -> Iterator[tuple[str, Row]]:
    """What the table says of each page, with its name."""
    (site / LONG).write_text(long_recording(), encoding="utf-8")
    chapter = heaviest(site)
    with (
        serving(PackedHandler, site) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=find_browser(playwright), args=ARGUMENTS
        ) as browser,
    ):
        yield "the front page", look(browser, f"{address}index.html")
        first = first_step(site / chapter)
        yield (
            f"the heaviest chapter, {chapter}",
            look(browser, f"{address}{chapter}#{first}"),
        )
        yield f"a recording of {STEPS:,} steps", look(browser, f"{address}{LONG}")


def first_step(page: Path) -> str:
    """The id of the first step on a page."""
    start = page.read_text(encoding="utf-8").index('<li class="wt-step" id="')
    return page.read_text(encoding="utf-8")[start:].split('"', 4)[3]


def long_recording() -> str:
    """A page of its own for a made-up recording."""
    story = "app.One.run\n" + "    app.One.step\n        app.Two.part\n" * (STEPS // 2)
    made = trace(story)
    return render_page(View(made, [step.seq for step in made.steps]), "Long")


def look(browser: Browser, address: str) -> Row:
    """Opens a page again and again."""
    found = [visit(browser, address) for _ in range(ROUNDS)]
    return {name: median(each[name] for each in found) for name in found[0]}


def visit(browser: Browser, address: str) -> Row:
    """Opens a page with nothing in the cache, and searches if it can."""
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(WATCH)
    page = context.new_page()
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))
    page.goto(address, wait_until="networkidle")
    page.wait_for_function("window.stepped")
    assert page.evaluate("window.stepped").startswith("2 / ")
    row = {
        "first step": float(page.evaluate("window.firstStep")),
        "elements": float(page.locator("*").count()),
        "page": kilobytes(loaded),
    }
    field = page.locator("[data-md-component=search-query]")
    if field.count():
        with page.expect_event("requestfinished", is_index):
            field.focus()
    row["search"] = kilobytes(loaded) - row["page"]
    context.close()
    return row


def is_index(request: Request) -> bool:
    """Whether it is for the search index."""
    return request.url.endswith("/search_index.json")


def kilobytes(loaded: Sequence[Request]) -> float:
    """What came over the wire."""
    return sum(request.sizes()["responseBodySize"] for request in loaded) / 1024


def laboratory(site: Path) -> str:
    """What the laboratory loads, and how long its first result and the next take."""
    with (
        serving(PackedHandler, site) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=find_browser(playwright), args=ARGUMENTS
        ) as browser,
    ):
        address = f"{address}laboratory.html"
        visits = [experiment(browser, address) for _ in range(LABORATORY_ROUNDS)]
    found = {name: median(each[name] for each in visits) for name in visits[0]}
    return (
        f"The laboratory loads {found['loaded']:.1f} MB when Run is first pressed. "
        f"Its first result is there after {found['first']:.1f} s, with nothing in the "
        f"cache; the next Run takes {found['second'] * 1000:.0f} ms (median of "
        f"{LABORATORY_ROUNDS})."
    )


def experiment(browser: Browser, address: str) -> Row:
    """Runs the laboratory's first experiment twice, with nothing in the cache."""
    context = browser.new_context()
    page = context.new_page()
    loaded: list[Request] = []
    page.goto(address, wait_until="networkidle")
    context.on("requestfinished", lambda request: loaded.append(request))
    seconds = [run(page) for _ in range(2)]
    # As the page counts while it loads.
    megabytes = kilobytes(loaded) * 1024 / 1e6
    row = {"loaded": megabytes, "first": seconds[0], "second": seconds[1]}
    context.close()
    return row


def run(page: Page) -> float:
    """Presses Run; the seconds until the walkthrough is there."""
    page.evaluate("document.getElementById('lab-status').textContent = ''")
    start = time.perf_counter()
    page.get_by_role("button", name="Run", exact=True).click()
    said = "document.getElementById('lab-status').textContent.includes('recorded')"
    page.wait_for_function(said, timeout=120_000)
    return time.perf_counter() - start


def table(found: Sequence[tuple[str, Row]]) -> str:
    """A Markdown table."""
    lines = [
        "| page | loads | search adds | elements | first step |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, row in found:
        lines.append(
            f"| {name} | {row['page']:.0f} KB | {row['search']:.0f} KB | "
            f"{row['elements']:,.0f} | {row['first step']:.0f} ms |"
        )
    return "\n".join(lines)


def write(made: str) -> None:
    """Writes the table into the book."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    when = (
        f"Measured on {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores; the median "
        f"of {ROUNDS} visits with nothing in the cache."
    )
    PAGE.write_text(f"{head}{MARK}\n\n{when}\n\n{made}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints the table, and writes it down if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="into the book's page")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="site-") as folder:
        subprocess.run(
            [sys.executable, "-P", "-m", "mkdocs", "build", "--quiet", "-d", folder],
            cwd=HOUSE,
            check=True,
        )
        site = Path(folder)
        made = f"{table([*rows(site)])}\n\n{laboratory(site)}"
    print(f"\n{made}")
    if options.write:
        write(made)


def test_measure_pages() -> None:
    """What `make bench` runs."""
    main(["--write"])


if __name__ == "__main__":
    main()
