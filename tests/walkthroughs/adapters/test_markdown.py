"""The book as a Python-Markdown extension, with no site generator around it."""

from pathlib import Path

import pytest
from markdown import Markdown

from walkthroughs.adapters.markdown import converting, refuse
from walkthroughs.errors import FenceError, WalkthroughError
from walkthroughs.fences import KINDS, Place
from walkthroughs.pages.markdown import fences
from walkthroughs.pages.pages import Pages

EXTENSION = "walkthroughs.adapters.markdown"


@pytest.fixture(autouse=True)
def between_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test with no page, whatever was converted before."""
    monkeypatch.setattr(converting, "page", "")
    monkeypatch.setattr(converting, "skipped", 0)
    monkeypatch.setattr(converting, "report", refuse)


def convert(docs: Path, text: str) -> str:
    md = Markdown(
        extensions=[EXTENSION, "pymdownx.highlight", "pymdownx.superfences"],
        extension_configs={EXTENSION: {"docs": str(docs)}},
    )
    return md.convert(text)


def test_it_renders_the_fences_of_any_text(tmp_path: Path) -> None:
    html = convert(tmp_path, "A\n\n```source walkthroughs.errors.TraceError\n```\n")
    assert "walkthroughs/errors.py" in html


@pytest.mark.parametrize("matter", ["", "---\ntitle: A\n---\n"])
def test_a_false_fence_ends_the_conversion_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, matter: str
) -> None:
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "docs"
    docs.mkdir()
    text = "# A\n\n```source walkthroughs.errors.TracError\n```\n"
    (docs / "a.md").write_text(matter + text)
    line = (matter + text).splitlines().index("```source walkthroughs.errors.TracError")
    with pytest.raises(FenceError, match=rf"docs/a\.md:{line + 1}: .*'TraceError'"):
        convert(docs, text)


def test_a_fence_in_a_list_a_quote_and_a_longer_fence(tmp_path: Path) -> None:
    fence = "```source walkthroughs.errors.TraceError\n{0}```\n"
    html = convert(
        tmp_path,
        "- item\n\n    "
        + fence.format("    ")
        + "\n> "
        + fence.format("> ")
        + "\n````markdown\n"
        + fence.format("")
        + "````\n",
    )
    assert html.count('<figure class="source">') == 2
    assert "```source" in html


def test_a_fence_in_an_indented_block_of_code_is_text(tmp_path: Path) -> None:
    fence = "```source walkthroughs.errors.NoSuch\n```"
    indented = "\n".join(f"    {line}" for line in fence.splitlines())
    html = convert(tmp_path, f"As in:\n\n{indented}\n\n    a < b\n")
    assert f"<code>{fence}" in html
    assert "a &lt; b" in html


def test_every_kind_raises_errors_of_this_package(tmp_path: Path) -> None:
    place = Place("page.md", Pages(tmp_path))
    for language, kind in KINDS.items():
        [fence] = fences(f"```{language} x='no such option'\n```\n")
        for judge in (kind.check, kind.render):
            with pytest.raises(WalkthroughError):
                judge(fence, place)
