"""What holds on every page of the site, in a real browser.

Whoever wants it of some pages derives a class whose name begins with `Test`.  The pages
are shared out over several files because the files are shared out over the processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Literal

from playwright.sync_api import Page, ViewportSize

from walkthroughs.laboratory.blocks import PAGES as PART_ONE

from .tab import Tab

HOUSE = Path(__file__).parent.parent.parent
PAGES = sorted(
    page.relative_to(HOUSE / "docs").with_suffix(".html").as_posix()
    for page in (HOUSE / "docs").rglob("*.md")
)
CHAPTERS = tuple(
    name for name in PAGES if "/" not in name or name.startswith("server/")
)
PATH = tuple(name.replace(".md", ".html") for name in PART_ONE)
# What `make test` looks at; `make check` looks at all.
FIRST_LOOK = ("daphne-to-django.html", "index.html")
OTHER_CHAPTERS = tuple(name for name in CHAPTERS if name not in FIRST_LOOK)
# Those whose layout is watched while they come, and while a reader goes through them.
STEADY = (
    "answers/upload.html",
    "daphne-to-django.html",
    "index.html",
    "laboratory.html",
)
# What a person looks at before saying that it is done.
PICTURED = [
    "answers/upload.html",
    "browser-to-application.html",
    "daphne-to-django.html",
    "index.html",
    "reference/maps.html",
]
PHONE = ViewportSize(width=320, height=640)
DESK = ViewportSize(width=1440, height=900)
HUGE = ViewportSize(width=3840, height=2160)
# A chapter of part one is no longer, so that a reader comes to its end.
SCREENS = 10
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

# All that is on the way to the end of a page, in pixels.
HEIGHT = '(document.querySelector(".md-content") ?? document.body).offsetHeight'

# How much what is seen moves by itself, as a share of the window: while the page comes,
# and then on the way down to its end.
SHIFT = """async () => {
  const shift = { sum: 0, what: [] };
  const see = ({ hadRecentInput, value, sources }) => {
    if (hadRecentInput) return;
    shift.sum += value;
    shift.what.push(...sources.map(({ node }) => node?.className || node?.nodeName));
  };
  new PerformanceObserver((list) => list.getEntries().forEach(see))
    .observe({ type: "layout-shift", buffered: true });
  const page = document.documentElement;
  const frame = () => new Promise(requestAnimationFrame);
  for (let y = 0; y < page.scrollHeight; y += innerHeight / 2) {
    scrollTo(0, y);
    for (let n = 0; n < 3; n++) await frame();
  }
  scrollTo(0, 0);
  await frame();
  return shift;
}"""

# A picture in a tab that is not open, or far off, is as wide as one that is seen.
SIDEWAYS = """() => {
  const boxes = [...document.querySelectorAll(".wt-scroll, .wt-drawing")];
  if (!boxes.length) return [];
  const style = document.createElement("style");
  style.textContent = `* { content-visibility: visible !important }
    .tabbed-block.tabbed-block, [hidden]:has(.wt-scroll) { display: block !important }`;
  document.head.append(style);
  const closed = [...document.querySelectorAll("details:not([open]):has(.wt-scroll)")];
  for (const each of closed) each.open = true;
  const wide = boxes
    .filter((box) => box.scrollWidth > box.clientWidth || !box.clientWidth)
    .map((box) =>
      `${box.getAttribute("aria-label")}: ${box.scrollWidth} in ${box.clientWidth}`);
  for (const each of closed) each.open = false;
  style.remove();
  return wide;
}"""

# What axe does not judge: words in drawings, and the icons of buttons.
PALE_DRAWINGS = """() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const pixel = (...colours) => {
    context.clearRect(0, 0, 1, 1);
    for (context.fillStyle of colours) context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = (colours) => pixel(...colours).slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
  const under = (each) => {
    const grounds = [];
    for (let at = each; at; at = at.parentElement) {
      grounds.unshift(getComputedStyle(at).backgroundColor);
    }
    return ["white", ...grounds];
  };
  const found = new Set();
  const judge = (each, ink, grounds, least) => {
    const [a, b] = [light(grounds), light([...grounds, ink])];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < least) found.add(`${contrast.toFixed(2)}: ${each.outerHTML}`);
  };
  for (const each of document.querySelectorAll("article svg :is(text, tspan)")) {
    const drawing = each.closest("svg");
    const dot = each.previousElementSibling?.closest("circle");
    // A word may be in a box or beside it; a number is on the dot before it.
    const shapes = dot ? [dot] : [null, drawing.querySelector(".box")];
    for (const shape of shapes) {
      const ground = shape ? [getComputedStyle(shape).fill] : [];
      judge(each, getComputedStyle(each).fill, [...under(drawing), ...ground], 4.5);
    }
  }
  for (const each of document.querySelectorAll("article button > svg")) {
    const button = each.parentElement;
    if (button.getAttribute("aria-disabled") === "true") continue;
    judge(button, getComputedStyle(button).color, under(button), 3);
  }
  return [...found];
}"""

# What changes its colours under a pointer, or with the focus.
TOUCHED = "article :is(.md-button, button, label, select, summary, textarea)"

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
    sideways: list[str]
    namesakes: list[str]
    walks: list[dict[str, Any]]
    colours: set[str]
    screens: float = 0
    shift: Mapping[str, Any] = field(default_factory=dict)
    barriers: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def barriers(page: Page, *rules: str, where: str = "html") -> list[str]:
    """What axe finds that keeps people out of the page, one line for each place."""
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    run = "([where, options]) => axe.run({ include: where }, options)"
    report: dict[str, Any] = page.evaluate(run, [where, options])
    return [
        f"{each['id']} ({each['help']}): {node['html']} {node['failureSummary']}"
        for each in report["violations"]
        for node in each["nodes"]
    ]


def pale(page: Page) -> list[str]:
    """What axe does not see of what cannot be read: drawings, and all that has other
    colours under a pointer or with the focus."""
    drawn: list[str] = page.evaluate(PALE_DRAWINGS)
    found = [*drawn]
    browser = page.context.new_cdp_session(page)
    browser.send("DOM.enable")
    browser.send("CSS.enable")
    root = browser.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    which = {"nodeId": root, "selector": TOUCHED}
    touched = browser.send("DOM.querySelectorAll", which)["nodeIds"]
    for state in (["hover"], ["focus", "focus-visible"]) if touched else ():
        for each in touched:
            forced = {"nodeId": each, "forcedPseudoClasses": state}
            browser.send("CSS.forcePseudoState", forced)
        lines = barriers(page, "color-contrast", where=TOUCHED)
        lines += {*page.evaluate(PALE_DRAWINGS)} - {*drawn}
        found += [f":{state[0]} {line}" for line in lines]
    browser.detach()
    return found


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
        # With less motion, no prose would move the path beside it.
        motion: Literal["no-preference", "reduce"] = "reduce"
        if name in STEADY:
            motion = "no-preference"
        page.emulate_media(reduced_motion=motion)
        # As a phone loads it, for what `look` asks first: to lay it out anew takes long.
        page.set_viewport_size(DESK if name in STEADY else PHONE)
        answer = page.goto(address + name)
        assert answer and answer.ok
        shift = page.evaluate(SHIFT) if name in STEADY else {}
        page.emulate_media(reduced_motion="reduce")
        if name in PICTURED:
            take_pictures(page, name)
        seen = look(page)
        seen.shift = shift
        if name in PATH:
            seen.screens = screens(page)
        seen.wrong = [*tab.wrong]
        page.evaluate(TWO_OF_EACH)
        page.add_style_tag(content=ALL_NEAR)
        page.evaluate(AXE)
        seen.barriers += [*barriers(page), *pale(page)]
        page.emulate_media(color_scheme="dark")
        seen.colours |= {page.evaluate(AT_NIGHT, day) for day in seen.colours}
        seen.barriers += [*barriers(page, "color-contrast"), *pale(page)]
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
        sideways=page.evaluate(SIDEWAYS),
        namesakes=page.evaluate(NAMESAKES),
        walks=page.evaluate(WALK),
        colours={page.evaluate(BACKGROUND)},
    )


def screens(page: Page) -> float:
    """How long a page is on a laptop, with its steppers, and with prose in a column beside
    its path."""
    page.emulate_media(reduced_motion="no-preference")
    page.add_style_tag(content=ALL_NEAR)
    height: int = page.evaluate(HEIGHT)
    page.emulate_media(reduced_motion="reduce")
    return height / DESK["height"]


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

    def test_its_pictures_are_whole_on_a_laptop(self, visited: Visit) -> None:
        assert visited.sideways == []

    def test_it_stays_where_it_is(self, visited: Visit, name: str) -> None:
        assert ("sum" in visited.shift) == (name in STEADY)
        assert visited.shift.get("sum", 0) < 0.1, visited.shift["what"]

    def test_it_is_short_if_it_is_a_chapter_of_part_one(
        self, visited: Visit, name: str
    ) -> None:
        assert (visited.screens > 0) == (name in PATH)
        assert visited.screens <= SCREENS

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
