"""Each page links to its source, and to what to do about a mistake."""

import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from walkthroughs.adapters import page_source

SITE = """
site_name: A site
theme: {{name: null, custom_dir: theme}}
plugins: []
use_directory_urls: {directories}
hooks: [{hook}]
extra:
  mistakes: about.md#mistakes
"""


@pytest.mark.parametrize(
    ("directories", "built", "source", "mistakes"),
    [
        ("false", "folder/deep.html", "deep.md.txt", "../about.html#mistakes"),
        ("true", "folder/deep/index.html", "../deep.md.txt", "../../about/#mistakes"),
    ],
)
def test_both_links_lead_somewhere(
    tmp_path: Path, directories: str, built: str, source: str, mistakes: str
) -> None:
    for name, text in {
        "docs/about.md": "# About\n\n## Mistakes\n",
        "docs/folder/deep.md": "# Deep\n",
        "theme/main.html": "{{ page.content }}",
        "mkdocs.yml": SITE.format(directories=directories, hook=page_source.__file__),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    build(load_config(str(tmp_path / "mkdocs.yml")))
    page = tmp_path / "site" / built
    html = page.read_text()
    assert "docs/folder/deep.md" in html
    footer = html.partition("<footer")[2]
    assert re.findall('href="(.*?)"', footer) == [source, mistakes]
    assert (page.parent / source).read_text() == "# Deep\n"
    about = page.parent / mistakes.partition("#")[0]
    about = about / "index.html" if about.suffix == "" else about
    assert 'id="mistakes"' in about.read_text()
