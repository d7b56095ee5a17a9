"""The same book on three site generators: MkDocs, ProperDocs and Zensical.

MkDocs 1 gets no more releases, and its successors differ in what they keep: ProperDocs
keeps plugins, Zensical keeps Python-Markdown extensions alone.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Build

GENERATORS = {
    "properdocs": ["properdocs", "build", "--strict", "-f", "mkdocs.yml"],
    "zensical": ["zensical", "build", "--strict"],
}

# What the extension makes of a page: pictures, steps, listings, links and source. Not the
# excerpts: a call that is folded away has one, too, and how many there are of these in an
# upload depends on how many reads the socket needed in that run; nor the pictures by time.
PARTS = re.compile(
    r'<svg class="(?!wt-clock)[^"]*|class="wt-step"|class="wt-listing[^"]*"|class="wt-(?!lines)[a-z]+s"'
    r'|id="[\w-]+-\d+"|class="(?:term|stage)"|<figure class="source">|class="wt-failure"'
)

FALSE = """\
# A page

```callpath scenario=main-loop server=daphne
daphne.server.Server.run
daphne.server.Server.no_such_method
```
"""

SMALL = """\
site_name: A site
theme: material
markdown_extensions:
  - walkthroughs.adapters.markdown
"""


def made(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Runs a generator in a folder, with the packages of this house, not their copies.

    Nothing of that is in the environment, which recordings depend on.
    """
    python = [sys.executable, "-P", "-m", *command]
    return subprocess.run(
        python,
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, house: Path) -> Path:
    """The book in a folder of its own, with the assets that Zensical needs."""
    folder = tmp_path_factory.mktemp("book")
    shutil.copytree(house / "docs", folder / "docs")
    # The same files, so that what was recorded of them need not be recorded again.
    for name in ("minidaphne", "walkthroughs"):
        (folder / name).symlink_to(house / name)
    # What the recordings depend on: versions, and those that are kept.
    shutil.copytree(house / "recordings", folder / "recordings")
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(house / name, folder)
    done = made(folder, "walkthroughs", "assets", "docs/assets")
    assert done.returncode == 0, done.stderr
    return folder


def parts(page: Path) -> Counter[str]:
    """What the extension has made of a page, each with how often."""
    return Counter(PARTS.findall(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("generator", GENERATORS)
def test_it_makes_the_same_book(
    generator: str, copy: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Path(os.environ.get("WALKTHROUGHS_CACHE") or ".cache/walkthroughs")
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(cache.absolute()))
    done = made(copy, *GENERATORS[generator])
    assert done.returncode == 0, done.stdout + done.stderr
    pages = sorted((copy / "docs").rglob("*.md"))
    for page in pages:
        name = page.relative_to(copy / "docs").with_suffix(".html")
        ours, theirs = build.folder / name, copy / "site" / name
        assert parts(theirs) == parts(ours), name
        if theirs.name == "daphne-to-django.html":
            assert parts(theirs)['class="wt-step"'] > 10


@pytest.mark.parametrize("generator", ["mkdocs", *GENERATORS])
def test_a_false_listing_fails_with_file_and_line(
    generator: str, tmp_path: Path, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = house / ".cache" / "walkthroughs"
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(cache))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(FALSE)
    plugins = "" if generator == "zensical" else "plugins: [walkthroughs]\n"
    (tmp_path / "mkdocs.yml").write_text(SMALL + plugins)
    command = GENERATORS.get(generator, ["mkdocs", "build", "--strict"])
    done = made(tmp_path, *command)
    assert done.returncode != 0
    assert "docs/index.md:5: " in done.stdout + done.stderr
    assert "no_such_method" in done.stdout + done.stderr


def test_a_page_that_nobody_checked_does_not_look_like_a_checked_one(
    tmp_path: Path,
) -> None:
    """Without the extension, the words of the fence stand there as they are written."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(FALSE)
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: A site\nmarkdown_extensions: [pymdownx.superfences]\n"
    )
    done = made(tmp_path, "zensical", "build")
    assert done.returncode == 0, done.stdout + done.stderr
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "callpath scenario=main-loop server=daphne" in html
    assert "wt-listing" not in html
