"""What is asked of every page can go wrong."""

from importlib import import_module
from pathlib import Path

import pytest

from .every_page import PAGES, EveryPage, Visit, visit
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


def see(tab: Tab, folder: Path, body: str, style: str = "") -> Visit:
    file = folder / "page.html"
    file.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<style>{style}</style>{body}",
        encoding="utf-8",
    )
    return visit(tab, f"{folder.as_uri()}/", file.name)


def test_a_sound_page_passes(tab: Tab, tmp_path: Path) -> None:
    night = "@media (prefers-color-scheme: dark) { body { background: #333 } }"
    seen = see(tab, tmp_path, SOUND, night)
    assert (seen.headings, seen.namesakes, seen.narrow_width) == (1, [], 320)
    assert len(seen.colours) == 2
    assert [walk["seen"] for walk in seen.walks] == [[1, 2, 3, 4]]


def test_pale_ink_is_found_in_each_shape(tab: Tab, tmp_path: Path) -> None:
    rows = "".join("<li>dark</li>" for _ in range(9))
    pale = '<ul><li class="pale">pale</li></ul>'
    body = f"<main><h1>Pale</h1><ul>{rows}</ul>{pale}</main>"
    seen = see(tab, tmp_path, body, ".pale { color: #ddd }")
    assert [line[:14] for line in seen.barriers] == ["color-contrast"]


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
