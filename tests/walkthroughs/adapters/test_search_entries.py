"""A page that is known is not parsed again, and its entries are the same."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mkdocs.structure.toc import AnchorLink

from walkthroughs.adapters.search_entries import SEARCH, SearchEntries


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path))


def page(**changes: Any) -> Any:
    about = {
        "url": "a.html",
        "title": "A",
        "meta": {},
        "toc": SimpleNamespace(items=[AnchorLink("Part", "part", 2)]),
        "content": "<h1>A</h1>",
    }
    return SimpleNamespace(**{**about, **changes})


def build(page: Any) -> tuple[list[Any], bool]:
    """The entries that a build has made, and whether the page was parsed."""
    index = SimpleNamespace(entries=["before"])
    config: Any = SimpleNamespace(plugins={SEARCH: SimpleNamespace(search_index=index)})
    entries, meta = SearchEntries(config), page.meta
    entries.before(page)
    parsed = not page.meta.get("search", {}).get("exclude")
    if parsed:
        index.entries += [{"location": page.url, "text": page.content}]
    entries.after(page)
    assert page.meta is meta
    return index.entries, parsed


def test_a_known_page_is_not_parsed_and_has_the_same_entries() -> None:
    first, parsed = build(page())
    assert parsed
    assert build(page()) == (first, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "b.html"},
        {"title": "B"},
        {"meta": {"search": {"boost": 2}}},
        {"toc": SimpleNamespace(items=[])},
        {"toc": SimpleNamespace(items=[AnchorLink("Part", "other", 2)])},
        {"content": "<h1>B</h1>"},
    ],
)
def test_a_page_that_has_changed_is_parsed(changes: dict[str, Any]) -> None:
    build(page())
    assert build(page(**changes))[1]


def test_without_the_search_of_material_nothing_is_done() -> None:
    config: Any = SimpleNamespace(plugins={})
    entries, one = SearchEntries(config), page()
    entries.before(one)
    entries.after(one)
    assert one.meta == {}
