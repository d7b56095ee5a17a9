"""A served site makes the page whose prose was edited; after all else, all pages."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mkdocs.commands.serve import serve
from mkdocs.livereload import LiveReloadServer

CONFIG = """\
site_name: A site
theme: {name: material, font: false}
plugins:
  - offline
  - search
  - walkthroughs: {glossary: words.md}
  - mkdocstrings
markdown_extensions: [def_list, attr_list]
watch: [code]
"""
PAGE = """\
---
description: A page about nothing.
search: {boost: 2}
---

# Page

Underlined
----------

A hop is prose.  It.

```source json.dumps
```
"""
WORDS = "# Words\n\nhop { #hop }\n:   To go on.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sources of a site."""
    (tmp_path / "mkdocs.yml").write_text(CONFIG)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "module.py").write_text("x = 1\n")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text(PAGE)
    (docs / "words.md").write_text(WORDS)
    (docs / "other.md").write_text(
        "# Other\n\nNothing, says [Words](words.md).\n\n::: json.loads\n"
    )
    return tmp_path


class Served:
    """A site that is served, without its server: builds when it is told."""

    def __init__(self, folder: Path, server: LiveReloadServer) -> None:
        self.docs, self.site = folder / "docs", Path(server.root)
        self.build = server.builder

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.docs / name
        path.touch()
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def makes(self) -> set[str]:
        """Which pages a build writes."""
        before = dict(self.written())
        self.build()
        return {name for name, time in self.written() if before.get(name) != time}

    def written(self) -> Iterator[tuple[str, int]]:
        for path in self.site.rglob("*.html"):
            yield path.relative_to(self.site).as_posix(), path.stat().st_mtime_ns

    def files(self) -> dict[str, Any]:
        """All that the site has; entries of the search index come in any order."""
        files: dict[str, Any] = {
            path.relative_to(self.site).as_posix(): path.read_bytes()
            for path in self.site.rglob("*")
            if path.is_file() and path.name not in ("search_index.js", "sitemap.xml.gz")
        }
        index = json.loads(files["search/search_index.json"])
        index["docs"].sort(key=lambda each: (each["location"], each["text"]))
        return {**files, "search/search_index.json": index}


Serving = Callable[..., Any]


@pytest.fixture
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """`mkdocs serve` of the sources, with what a reader does meanwhile."""

    def run(reader: Callable[[Served], None], **options: Any) -> None:
        monkeypatch.setattr(
            LiveReloadServer, "serve", lambda self, **_: reader(Served(folder, self))
        )
        serve(str(folder / "mkdocs.yml"), **options)

    return run


ALL = {"404.html", "index.html", "other.html", "words.html"}


def test_an_edit_of_prose_makes_its_page_and_no_other(serving: Serving) -> None:
    def read(site: Served) -> None:
        site.edit("index.md", "prose", "no zebrafinch")
        assert site.makes() == {"index.html"}
        site.edit("index.md", "zebrafinch", "event")
        assert site.makes() == {"index.html"}
        site.edit("other.md", "Nothing", "Something")
        assert site.makes() == {"other.html"}

    serving(read)


def test_the_site_is_then_what_it_is_when_all_pages_are_made(serving: Serving) -> None:
    def read(site: Served) -> None:
        site.edit("index.md", "A hop is", "A zebrafinch may hop. A hop is")
        assert site.makes() == {"index.html"}
        found = site.files()
        assert "zebrafinch may hop" in str(found["search/search_index.json"])
        assert b'zebrafinch may <a class="term"' in found["index.html"]
        (site.docs / "new.txt").touch()
        assert site.makes() == ALL
        (site.site / "new.txt").unlink()
        assert site.files() == found

    serving(read)


EDITS = {
    "heading": [("index.md", "# Page", "# Sheet")],
    "underlined heading": [("index.md", "lined\n", "stood\n")],
    "front matter": [("index.md", "nothing", "little")],
    "fence": [("index.md", "json.dumps", "json.loads")],
    "glossary": [("words.md", "To go on", "To go away")],
    "new page": [("new.md", "", "New.")],
    "no change": [],
    "two pages": [("index.md", "hop is", "jump is"), ("other.md", "Nothing", "It")],
    # With an edit of prose, which alone would make one page.
    "configuration": [("../mkdocs.yml", "A site", "A web"), ("index.md", "It.", "It!")],
    "code": [("../code/module.py", "1", "12"), ("index.md", "It!", "It.")],
    "style": [("style.css", "", "a {}"), ("index.md", "It.", "This.")],
    "docstring": [("index.md", "This.", "This:\n\n::: json.dumps\n")],
    "reference": [("index.md", "prose", "[this][json.loads]")],
}
"""What is edited -> where, and what it becomes."""


def test_all_pages_are_made_after_any_other_edit(serving: Serving) -> None:
    def read(site: Served) -> None:
        missing = {}
        for what, edits in EDITS.items():
            for edit in edits:
                site.edit(*edit)
            missing[what] = ALL - site.makes()
        assert missing == {what: set() for what in EDITS}

    serving(read)


def test_all_pages_are_made_where_a_page_is_gone(serving: Serving) -> None:
    def read(site: Served) -> None:
        site.edit("other.md", "[Words](words.md)", "nobody")
        (site.docs / "words.md").write_text("")
        (site.docs / "other.md").unlink()
        assert site.makes() == ALL - {"other.html"}

    serving(read)


def test_all_pages_are_made_after_a_build_that_failed(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    def read(site: Served) -> None:
        site.edit("index.md", "prose", "verse")
        with monkeypatch.context() as broken:
            broken.setattr("walkthroughs.integrations.again._forget", fail)
            with pytest.raises(ZeroDivisionError):
                site.build()
        site.edit("index.md", "verse", "prose")
        assert site.makes() == ALL
        site.edit("index.md", "prose", "verse")
        assert site.makes() == {"index.html"}

    serving(read)


def test_all_pages_are_made_if_warnings_count(serving: Serving) -> None:
    def read(site: Served) -> None:
        site.edit("index.md", "prose", "verse")
        assert site.makes() == ALL

    serving(read, strict=True)


def test_all_pages_are_made_if_an_unknown_plugin_may_collect_from_them(
    folder: Path, serving: Serving
) -> None:
    config = folder / "mkdocs.yml"
    config.write_text(CONFIG.replace("- search", "- search\n  - tags"))

    def read(site: Served) -> None:
        site.edit("index.md", "prose", "verse")
        assert site.makes() == ALL

    serving(read)
