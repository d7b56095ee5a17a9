"""What is asked of every page can go wrong."""

from importlib import import_module
from pathlib import Path

import pytest

from .every_page import PAGES, PATH, SCREENS, STEADY, EveryPage, Visit, visit
from .tab import Tab

STEPPER = """<div class="wt-stage" tabindex="0"></div><script>
  let at = 1;
  const stage = document.querySelector(".wt-stage");
  const show = () => stage.innerHTML = `<p class="wt-at">${at} / 4</p>`;
  stage.addEventListener("keydown", ({ key }) => {
    at = key === "Home" ? 1 : Math.min(at + 1, %d);
    show();
  });
  show();
</script>"""
# Without it, each visit waits for the night in vain.
NIGHT = "@media (prefers-color-scheme: dark) { body { background: #fefefe } }"
SOUND = f"<main><h1>Sound</h1><p>Words.</p>{STEPPER % 4}</main>"


def test_every_page_is_looked_at_once() -> None:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    modules = [import_module(f"tests.site.{file.stem}") for file in files]
    looks = [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, EveryPage)
        and found.__module__ == module.__name__
    ]
    assert sorted(page for look in looks for page in look.pages) == PAGES


def see(
    tab: Tab, folder: Path, body: str, style: str = "", name: str = "page.html"
) -> Visit:
    file = folder / name
    file.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<style>{NIGHT} {style}</style>{body}",
        encoding="utf-8",
    )
    return visit(tab, f"{folder.as_uri()}/", file.name)


def test_a_sound_page_passes(tab: Tab, tmp_path: Path) -> None:
    seen = see(tab, tmp_path, SOUND)
    assert (seen.headings, seen.namesakes, seen.narrow_width) == (1, [], 320)
    assert len(seen.colours) == 2
    assert [walk["seen"] for walk in seen.walks] == [[1, 2, 3, 4]]


def test_pale_ink_is_found_in_each_shape(tab: Tab, tmp_path: Path) -> None:
    rows = "".join("<li>dark</li>" for _ in range(9))
    pale = '<ul><li class="pale">pale</li></ul>'
    body = f"<main><h1>Pale</h1><ul>{rows}</ul>{pale}</main>"
    seen = see(tab, tmp_path, body, ".pale { color: #ddd }")
    by_day_and_by_night = ["color-contrast"] * 2
    assert [line[:14] for line in seen.barriers] == by_day_and_by_night


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("button:hover { color: #ccc }", ":hover color-contrast"),
        ("button:focus { color: #ccc }", ":focus color-contrast"),
        ("button:focus-visible { color: #ccc }", ":focus color-contrast"),
        ("text { fill: #ccc }", "1."),
        (".box { fill: #333 }", "1."),
        (".icon { color: #ccc }", "1."),
        (".icon:hover { background: #333 }", ":hover 1."),
    ],
)
def test_pale_words_in_drawings_and_under_a_pointer_are_found(
    tab: Tab, tmp_path: Path, style: str, said: str
) -> None:
    ink = "button { color: #111; background: #fff }"
    body = """<main><h1>Pale</h1><article><button>Words</button>
      <button class="icon" aria-label="Go"><svg><path d="M0 0h9"></path></svg></button>
      <svg><rect class="box" fill="#fff"></rect><text y="9">drawn</text></svg>
      </article></main>"""
    assert see(tab, tmp_path, body, ink).barriers == []
    for when in ("light", "dark"):
        then = f"@media (prefers-color-scheme: {when}) {{ body {{ top: 0 }} {style} }}"
        seen = see(tab, tmp_path, body, f"{ink} {then}")
        assert [line for line in seen.barriers if line.startswith(said)]


def test_a_picture_that_scrolls_sideways_is_found(tab: Tab, tmp_path: Path) -> None:
    picture = '<div class="wt-scroll" tabindex="0" aria-label="{}"><p>.</p></div>'
    body = f"<main><h1>Wide</h1>{picture.format('a')}<details><summary>More</summary>"
    body += f'<div class="tabbed-block">{picture.format("b")}</div></details></main>'
    style = ".wt-scroll { overflow: auto } .tabbed-block { display: none } "
    assert see(tab, tmp_path, body, style).sideways == []
    seen = see(tab, tmp_path, body, style + "p { width: 2000px }")
    assert [line[:12] for line in seen.sideways] == ["a: 2000 in 1", "b: 2000 in 1"]


def test_a_page_that_moves_by_itself_is_found(tab: Tab, tmp_path: Path) -> None:
    late = """<main><h1>Moved</h1><p>Words.</p></main><script>
      const late = document.createElement("p");
      late.style.height = "400px";
      const come = () => document.querySelector("main").prepend(late);
      requestAnimationFrame(() => requestAnimationFrame(come));</script>"""
    [name] = {"laboratory.html"} & {*STEADY}
    assert see(tab, tmp_path, SOUND, name=name).shift["sum"] == 0
    shift = see(tab, tmp_path, late, name=name).shift
    assert shift["sum"] > 0.1
    assert shift["what"]


def test_a_chapter_that_is_too_long_is_found(tab: Tab, tmp_path: Path) -> None:
    assert set(PATH) < set(PAGES)
    assert len(PATH) == 11
    # What is far off counts, and what a fold holds does not.
    style = ".far { content-visibility: auto } .far p, details p { height: 8000px }"
    far = '<div class="far"><p>Far.</p></div>'
    fold = "<details><summary>More</summary><p>Folded.</p></details>"
    seen = see(tab, tmp_path, SOUND + far + fold, style, PATH[0])
    assert 8000 / 900 < seen.screens < SCREENS
    assert see(tab, tmp_path, SOUND + 2 * far, style, PATH[0]).screens > SCREENS
    assert see(tab, tmp_path, SOUND + 2 * far, style).screens == 0


def test_two_parts_of_one_name_are_found(tab: Tab, tmp_path: Path) -> None:
    twice = '<nav aria-label="Pages">a</nav><nav aria-label="pages">b</nav>'
    seen = see(tab, tmp_path, f"<main><h1>Twice</h1></main>{twice}")
    assert seen.namesakes == ["nav: pages"]


def test_a_page_that_is_too_wide_is_found(tab: Tab, tmp_path: Path) -> None:
    seen = see(tab, tmp_path, SOUND, "p { width: 500px }")
    assert seen.narrow_width > 320


def test_a_stepper_that_stands_still_is_found(tab: Tab, tmp_path: Path) -> None:
    seen = see(tab, tmp_path, f"<main><h1>Still</h1>{STEPPER % 2}</main>")
    assert [walk["seen"] for walk in seen.walks] == [[1, 2, 2, 2]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<script>nowhere()</script>", "error: "),
        ("<script>console.error('no')</script>", "console: no"),
        ('<img alt="" src="missing.png">', "failed: "),
        ('<img alt="" src="http://127.0.0.1:9/x.png">', "foreign: "),
    ],
)
def test_what_goes_wrong_on_a_page_is_said(
    tab: Tab, tmp_path: Path, body: str, said: str
) -> None:
    seen = see(tab, tmp_path, f"<main><h1>Wrong</h1>{body}</main>")
    assert [line for line in seen.wrong if line.startswith(said)]
