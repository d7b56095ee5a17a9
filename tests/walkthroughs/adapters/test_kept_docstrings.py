"""What mkdocstrings makes of a block is kept as long as all of it stays as it is."""

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocstrings_handlers.python import PythonHandler

from walkthroughs import environment
from walkthroughs.adapters import kept_docstrings
from walkthroughs.code_digest import code_of
from walkthroughs.environment import Environment
from walkthroughs.fences import rendered

CONFIG = f"""\
site_name: A site
nav: [index.md, words.md]
hooks: [{kept_docstrings.__file__}]
watch: [shown]
plugins:
  - walkthroughs:
      glossary: words.md
  - mkdocstrings:
      handlers:
        python:
          paths: [.]
          options: {{allow_inspection: false, show_root_heading: true}}
"""

PAGE = """\
# Reference

A hop, a port and [`first`][shown.inner.first].

::: shown.first

::: shown.second

::: shown.third
"""

WORDS = """\
# Words

hop { #hop }
:   To go on.

port { #port }
:   A number.
"""

INNER = '''\
def first():
    """Take a hop."""

def second():
    """Take a hop to a port."""
'''

MODULE = '''\
from shown.inner import first, second

__all__ = ["first", "second", "third"]

class third:
    """A class.

    See the [words](words.md).
    """

    def method(self):
        """It says `first`."""
'''


class Site:
    """A site that documents a package, and a list of the blocks that the last build
    rendered.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rendered: list[str] = []
        for name, text in {
            "mkdocs.yml": CONFIG,
            "docs/index.md": PAGE,
            "docs/words.md": WORDS,
            "shown/__init__.py": MODULE,
            "shown/inner.py": INNER,
        }.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))

    def build(self, **options: Any) -> list[str]:
        """Build it, and say which blocks were rendered."""
        self.rendered.clear()
        config = load_config(str(self.folder / "mkdocs.yml"), **options)
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        return [*self.rendered]

    def made(self) -> list[bytes]:
        names = ("index.html", "words/index.html", "objects.inv")
        files = [(self.folder / "site" / name).read_bytes() for name in names]
        return [each.partition(b"Build Date")[0] for each in files]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    site, render = Site(tmp_path), PythonHandler.render

    def seen(self: PythonHandler, data: Any, *args: Any, **named: Any) -> str:
        site.rendered.append(data.path)
        return render(self, data, *args, **named)

    monkeypatch.setattr(PythonHandler, "render", seen)
    return site


ALL = ["shown.first", "shown.second", "shown.third"]


def test_blocks_are_rendered_once_and_the_site_is_the_same(site: Site) -> None:
    assert site.build() == ALL
    made = site.made()
    assert site.build() == []
    assert site.made() == made
    page = made[0].decode()
    # The first block has the one word, the second the other, and the prose has none left.
    assert page.count('class="term"') == 2
    assert page.count('href="#shown.first"') > 1


def test_they_are_as_without_the_cache(site: Site) -> None:
    site.build()
    site.build()
    made = site.made()
    site.change("mkdocs.yml", "hooks: ", "# ")
    site.build()
    assert site.made() == made


def test_words_around_them_change_nothing(site: Site) -> None:
    site.build()
    site.change("docs/index.md", "A hop", "Many a hop")
    site.change("docs/words.md", "To go on", "To go")
    assert site.build(strict=True) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("shown/inner.py", "Take a hop", "Make a hop"),
        ("shown/__init__.py", "A class", "One class"),
        ("mkdocs.yml", "heading: true", "heading: true, show_bases: false"),
        ("mkdocs.yml", "site_name", "markdown_extensions: [tables]\nsite_name"),
        ("docs/words.md", "{ #hop }", "{ #leap }"),
        ("docs/words.md", "port {", "number {"),
        ("docs/index.md", "# Reference", "# Server"),
    ],
)
def test_what_they_depend_on_is_rendered(
    site: Site, name: str, old: str, new: str
) -> None:
    site.build()
    site.change(name, old, new)
    assert site.build() == ALL
    assert site.build() == []


def test_after_a_change_of_one_block_all_is_as_if_none_were_known(site: Site) -> None:
    site.build()
    site.change("docs/index.md", "::: shown.second", "::: shown.inner.second")
    # The first is rendered for the names that the handler comes across.
    assert site.build() == ["shown.first", "shown.inner.second", "shown.third"]
    made = site.made()
    for each in (site.folder / "cache" / "docstrings").iterdir():
        each.unlink()
    site.build()
    assert site.made() == made


def test_another_page_and_other_addresses_are_rendered(site: Site) -> None:
    site.build()
    assert site.build(use_directory_urls=False) == ALL
    (site.folder / "docs" / "more.md").write_text("# More\n")
    assert site.build() == ALL


def test_other_versions_are_rendered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.build()
    other = Environment(Path(sys.executable), "Griffe 9")
    monkeypatch.setattr(environment, "here", lambda: other)
    assert site.build() == ALL


def test_code_that_changed_after_it_was_loaded_is_not_trusted(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.build()
    monkeypatch.setattr(rendered, "PACKAGE", tmp_path / "shown")
    assert [site.build(), site.build()] == [ALL, ALL]
    # As a new process sees it.
    monkeypatch.setattr(rendered, "_LOADED", code_of(tmp_path / "shown"))
    assert [site.build(), site.build()] == [ALL, []]


def test_what_changed_while_it_was_rendered_is_not_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = PythonHandler.render

    def change(*args: Any, **named: Any) -> str:
        site.change("shown/inner.py", "hop", "hop on")
        return render(*args, **named)

    with monkeypatch.context() as changed:
        changed.setattr(PythonHandler, "render", change)
        site.build()
    (site.folder / "shown" / "inner.py").write_text(INNER)
    assert site.build() == ALL


def test_what_warns_is_not_kept(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.change("shown/__init__.py", "words.md", "lost.md")
    for _ in range(2):
        caplog.clear()
        assert "shown.third" in site.build()
        assert "lost.md" in caplog.text


def test_blocks_rendered_with_warnings_off_are_not_reused_with_warnings_on(
    site: Site,
) -> None:
    site.change("shown/__init__.py", "words.md", "lost.md")
    log = logging.getLogger("mkdocs")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        assert [site.build(), site.build()] == [ALL, []]
    finally:
        log.setLevel(level)
    assert site.build() == ALL


def test_what_has_a_fence_of_ours_is_not_kept(site: Site) -> None:
    fence = "A class.\n\n    ```source walkthroughs.errors.FenceError\n    ```"
    site.change("shown/__init__.py", "A class.", fence)
    site.build()
    assert "shown.third" in site.build()


def test_a_block_in_a_docstring_belongs_to_that_block(site: Site) -> None:
    site.change("shown/__init__.py", "A class.", "A class.\n\n    ::: shown.first\n")
    [first, second, *more] = site.build()
    assert [first, second, sorted(more)] == [*ALL[:2], ["shown.first", "shown.third"]]
    made = site.made()
    assert site.build() == []
    assert site.made() == made


def without_the_cache(site: Site) -> list[bytes]:
    """Build it as if no block were known."""
    for each in (site.folder / "cache" / "docstrings").iterdir():
        each.unlink()
    site.build()
    return site.made()


def test_signatures_are_formatted_again_when_the_ruff_configuration_changes(
    site: Site,
) -> None:
    site.build()
    (site.folder / "ruff.toml").write_text("indent-width = 2\n")
    assert site.build() == ALL


def test_another_language_is_rendered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = "theme: {name: mkdocs, locale: !ENV [THEIRS, en]}\nsite_name"
    site.change("mkdocs.yml", "site_name", theme)
    site.build()
    monkeypatch.setenv("THEIRS", "ja")
    assert site.build() == ALL


def test_options_hold_for_a_package_as_if_no_block_were_known(site: Site) -> None:
    numpy = "::: shown.first\n    options: {docstring_style: numpy}\n"
    site.change("docs/index.md", "::: shown.first\n", numpy)
    text = "Go.\n\n        Parameters\n        ----------\n        far : int\n            How.\n"
    site.change("shown/__init__.py", "It says `first`.", f"{text}        ")
    site.change("shown/__init__.py", "def method(self)", "def method(self, far)")
    site.build()
    level = "::: shown.third\n    options: {heading_level: 4}\n"
    site.change("docs/index.md", "::: shown.third\n", level)
    site.build()
    made = site.made()
    assert b"<table>" in made[0]
    assert without_the_cache(site) == made


def test_blocks_rendered_again_on_another_page_do_not_warn(site: Site) -> None:
    (site.folder / "docs" / "deep").mkdir()
    (site.folder / "docs" / "deep" / "two.md").write_text("# Two\n\n::: shown.first\n")
    site.build()
    site.change("docs/deep/two.md", "shown.first", "shown.second")
    assert site.build(strict=True) == [*ALL, "shown.second"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("watch: [shown]", "watch: [docs]"),
        ("handlers:", "custom_templates: templates\n      handlers:"),
        ("show_root_heading: true", "inherited_members: true"),
        ("site_name", "markdown_extensions: [own_extension]\nsite_name"),
        ("site_name", "markdown_extensions: [pymdownx.snippets]\nsite_name"),
    ],
)
def test_blocks_with_unwatched_inputs_are_not_kept(
    site: Site, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(site.folder)
    text = "from markdown.extensions.tables import makeExtension\n"
    (site.folder / "own_extension.py").write_text(text)
    (site.folder / "templates" / "python").mkdir(parents=True)
    site.change("mkdocs.yml", old, new)
    assert [site.build(), site.build()] == [ALL, ALL]


def test_what_has_an_anchor_of_its_own_is_not_kept(site: Site) -> None:
    site.change(
        "mkdocs.yml", "site_name", "markdown_extensions: [attr_list]\nsite_name"
    )
    site.change("shown/__init__.py", "A class.", "A class.\n\n    [](){#own}")
    site.build()
    assert "shown.third" in site.build()
