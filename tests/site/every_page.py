"""What holds on every page of the site, in a real browser.

Whoever wants it of some pages derives a class whose name begins with `Test`.  The pages
are shared out over several files because the files are shared out over the processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import Page, ViewportSize

from .tab import Tab

HOUSE = Path(__file__).parent.parent.parent
PAGES = sorted(
    page.relative_to(HOUSE / "docs").with_suffix(".html").as_posix()
    for page in (HOUSE / "docs").rglob("*.md")
)
CHAPTERS = tuple(
    name for name in PAGES if "/" not in name or name.startswith("server/")
)
# What `make test` looks at; `make check` looks at all.
FIRST_LOOK = ("daphne-to-django.html", "index.html")
OTHER_CHAPTERS = tuple(name for name in CHAPTERS if name not in FIRST_LOOK)
# One of each kind: whatever is on a page and looks different is on one of these.
KINDS = [
    "about/measurements.html",
    "answers/upload.html",
    "browser-to-application.html",
    "daphne-to-django.html",
    "index.html",
    "reference/command-line.html",
    "reference/house.html",
    "reference/stages.html",
    "reference/twins.html",
    "reference/versions.html",
    "reference/walkthroughs.html",
    "words.html",
]
# What a person looks at before saying that it is done.
PICTURED = [
    "answers/upload.html",
    "browser-to-application.html",
    "daphne-to-django.html",
    "index.html",
    "reference/house.html",
]
PHONE = ViewportSize(width=320, height=640)
DESK = ViewportSize(width=1280, height=800)
HUGE = ViewportSize(width=3840, height=2160)
# look of a picture -> the window
WINDOWS = {"huge": HUGE, "narrow": PHONE, "wide": DESK}
PICTURES = HOUSE / ".cache" / "screenshots"
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

BACKGROUND = "getComputedStyle(document.body).backgroundColor"
# A page hears of the night a moment late.
AT_NIGHT = f"""async (day) => {{
  for (let n = 0; n < 200 && {BACKGROUND} === day; n++) {{
    await new Promise((done) => setTimeout(done, 20));
  }}
  return {BACKGROUND};
}}"""
NARROW = "document.documentElement.scrollWidth"

# axe wants some milliseconds for each element, and a page has few shapes of them,
# hundreds of times: leave two of each, and each of them whole.
TWO_OF_EACH = """() => {
  const own = (each) => [each.localName, ...["class", "role", "type", "style", "fill"]
    .map((name) => `${name}=${each.getAttribute(name)}`),
    ["aria-hidden", "href", "hidden", "open", "tabindex", "title"].map(
      (name) => each.hasAttribute(name))].join();
  const shape = (each, depth) => !each || !depth ? "" :
    `${shape(each.parentElement, depth - 1)} > ${own(each)}`;
  const seen = new Map();
  const kept = new Set();
  const whole = "a, button, h1, h2, h3, h4, h5, h6, label, p, summary, .md-header";
  const all = [...document.querySelectorAll("body *")].filter((each) =>
    !each.parentElement.closest(whole) && !each.matches("title, desc"));
  for (const each of all) {
    const what = shape(each, 4);
    seen.set(what, (seen.get(what) ?? 0) + 1);
    if (seen.get(what) > 2) continue;
    for (let at = each; at && !kept.has(at); at = at.parentElement) kept.add(at);
  }
  for (const each of all) if (!kept.has(each)) each.remove();
}"""

# A part that is far off gets its colours when it comes near; axe looks at once.
ALL_NEAR = "* { content-visibility: visible !important; }"

# To those who hear a page, two parts that are called alike are one.
NAMESAKES = """() => {
  const parts = "nav, aside, main, header, footer, form[aria-label], " +
    "section[aria-label], [role=region], [role=search], [role=navigation]";
  const names = [...document.querySelectorAll(parts)]
    .filter((each) => each.checkVisibility())
    .filter((each) => !each.matches("article :is(header, footer)"))
    .map((each) => `${each.getAttribute("role") ?? each.localName}: ` +
      (each.getAttribute("aria-label") ?? "").trim().toLowerCase());
  return names.filter((name, n) => names.indexOf(name) < n);
}"""

# From start to end by key, however many steps there are; and back.
WALK = """() => {
 // Steppers come as they are needed: on paper, all are.
 dispatchEvent(new Event("beforeprint"));
 dispatchEvent(new Event("afterprint"));
 return [...document.querySelectorAll(".wt-stage")].map((stage) => {
  const press = (key) => stage.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const at = () => stage.querySelector(".wt-at").textContent.split(" / ").map(Number);
  press("Home");
  const [first, last] = at();
  const seen = [first];
  for (let n = 1; n < last; n++) {
    press("ArrowRight");
    seen.push(at()[0]);
  }
  press("Home");
  return { last, seen, again: at()[0] };
 });
}"""


def below(*folders: str) -> tuple[str, ...]:
    """The pages in the folders that bear these names."""
    return tuple(name for name in PAGES if name.split("/")[0] in folders)


@dataclass
class Visit:
    """What one visit to a page saw, by day and by night, wide and narrow."""

    headings: int
    narrow_width: int
    namesakes: list[str]
    walks: list[dict[str, Any]]
    colours: set[str]
    barriers: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def barriers(page: Page, *rules: str) -> list[str]:
    """What axe finds that keeps people out of the page, one line for each place."""
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    report: dict[str, Any] = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{each['id']} ({each['help']}): {node['html']} {node['failureSummary']}"
        for each in report["violations"]
        for node in each["nodes"]
    ]


def take_pictures(page: Page, name: str) -> None:
    """No test can say whether a page is beautiful: pictures are for a person to see."""
    stem = PICTURES / name.removesuffix(".html").replace("/", "-")
    for look, window in WINDOWS.items():
        page.set_viewport_size(window)
        page.screenshot(path=f"{stem}-{look}.png")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=f"{stem}-dark.png")
    page.emulate_media(color_scheme="light", media="print")
    page.screenshot(path=f"{stem}-print.png")
    page.emulate_media(media="screen")


def visit(tab: Tab, address: str, name: str) -> Visit:
    """Looks at a page from all sides: it is loaded once for all that is asked of it."""
    with tab.at(address) as page:
        page.emulate_media(reduced_motion="reduce")
        # As a phone loads it, for what `look` asks first: to lay it out anew takes long.
        page.set_viewport_size(PHONE)
        answer = page.goto(address + name)
        assert answer and answer.ok
        if name in PICTURED:
            take_pictures(page, name)
        seen = look(page)
        seen.wrong = [*tab.wrong]
        page.evaluate(TWO_OF_EACH)
        page.add_style_tag(content=ALL_NEAR)
        page.evaluate(AXE)
        seen.barriers += barriers(page)
        page.emulate_media(color_scheme="dark")
        seen.colours |= {page.evaluate(AT_NIGHT, day) for day in seen.colours}
        if name in KINDS:
            seen.barriers += barriers(page, "color-contrast")
        # The page's own script misses the parts that were taken away.
        tab.wrong.clear()
    return seen


def look(page: Page) -> Visit:
    """What can be seen while the page is whole."""
    page.set_viewport_size(PHONE)
    width = page.evaluate(NARROW)
    page.set_viewport_size(DESK)
    return Visit(
        headings=page.locator("h1").count(),
        narrow_width=width,
        namesakes=page.evaluate(NAMESAKES),
        walks=page.evaluate(WALK),
        colours={page.evaluate(BACKGROUND)},
    )


class EveryPage:
    """The tests.  A class that derives from it names its pages."""

    pages: ClassVar[Sequence[str]]

    def test_it_is_sound_and_asks_nobody_else(self, visited: Visit) -> None:
        assert visited.wrong == []
        assert visited.headings == 1

    def test_it_keeps_nobody_out(self, visited: Visit) -> None:
        assert visited.barriers == []
        assert visited.namesakes == []

    def test_it_has_a_dark_side(self, visited: Visit) -> None:
        assert len(visited.colours) == 2

    def test_it_fits_a_small_phone(self, visited: Visit) -> None:
        assert visited.narrow_width == 320

    def test_its_steppers_walk_from_start_to_end_by_key(self, visited: Visit) -> None:
        for walk in visited.walks:
            assert walk["seen"] == list(range(1, walk["last"] + 1))
            assert walk["again"] == 1

    def test_it_reads_from_disk_without_javascript(
        self, plain_tab: Tab, site: Path, name: str
    ) -> None:
        with plain_tab.at(site.as_uri()) as page:
            page.goto((site / name).as_uri())
            assert page.locator("h1").is_visible()
