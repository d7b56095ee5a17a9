"""The program as of a chapter: what is printed, with stand-ins for the rest."""

from pathlib import Path
from runpy import run_path

import pytest

from walkthroughs.book.snapshot import read_stand_in, snapshot, write_snapshot
from walkthroughs.errors import FenceError
from walkthroughs.pages.pages import Pages

PROGRAM = '''\
"""Boxes."""

import json
from os import path, sep

SIZE = 1


class Box:
    """A box."""

    full = False

    def open(self):
        return json

    # From here on it is shut.

    def close(self) -> "sep":
        return lid(self)


def lid(box):
    return path
'''

FIRST = '''\
# First

```source boxes.Box.open
```

```stand-in boxes
class Box:
    """Half a box."""

    def open(self):
        return "not this one"

    def close(self):
        print("no lid")
```

```stand-in boxes.__main__
from . import Box

print(Box().close())
```
'''


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "boxes"
    package.mkdir()
    (package / "__init__.py").write_text(PROGRAM)
    (package / "__main__.py").write_text("from . import Box\n\nBox().open()\n")
    (package / "unknown.py").write_text("nobody = 'prints this'\n")
    pages = {
        "b": FIRST,
        "a": "# Second\n\n```source boxes.Box.close\n```\n\n```stand-in boxes\n"
        "import time\n\n\ndef lid(box):\n    return when()\n\n\n"
        "def when():\n    return time.time()\n```\n",
        "c": "# Third\n\n```source boxes parts=rest\n```\n\n"
        "```source boxes.__main__\n```\n",
    }
    (tmp_path / "docs").mkdir()
    for name, text in pages.items():
        (tmp_path / "docs" / f"{name}.md").write_text(text)
    menu = "nav:\n  - First: b.md\n  - More:\n      - a.md\n      - C: c.md\n"
    (tmp_path / "mkdocs.yml").write_text(menu)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "docs"


def test_what_is_printed_replaces_what_stood_in(docs: Path) -> None:
    files = snapshot(docs, "b.md")
    assert [*files] == ["boxes/__init__.py", "boxes/__main__.py"]
    assert files["boxes/__init__.py"].strip() == (
        "import json\n\n\n"
        'class Box:\n    """Half a box."""\n\n'
        '    def close(self):\n        print("no lid")\n\n'
        "    def open(self):\n        return json"
    )
    assert "print(Box().close())" in files["boxes/__main__.py"]


def test_stand_ins_live_on_until_their_piece_is_printed(docs: Path) -> None:
    text = snapshot(docs, "a.md")["boxes/__init__.py"]
    assert "Half a box" in text  # its class is printed later
    assert "no lid" not in text
    assert "def close(self)" in text
    assert "# From here on it is shut." not in text  # that stands in the rest
    assert "import time\n" in text
    assert "def when():\n    return time.time()\n\n\nclass Box:" in text  # it helps
    assert "def lid(box):\n    return when()" in text
    assert "import path" not in text  # nothing uses it
    assert "from os import sep\n" in text  # a quoted annotation does


def test_in_the_end_the_snapshot_is_the_program(docs: Path, tmp_path: Path) -> None:
    files = snapshot(docs, "c.md")
    assert files["boxes/__init__.py"] == PROGRAM
    assert files["boxes/__main__.py"] == "from . import Box\n\nBox().open()\n"
    written = write_snapshot(docs, "c.md", tmp_path / "out")
    assert {each.read_text() for each in written} == {*files.values()}


def test_what_is_only_imported_says_that_it_is_not_there(
    docs: Path, tmp_path: Path
) -> None:
    for page, body in {
        "b": "from . import wood\nfrom .nails import drive\n\n"
        "class Box:\n    def close(self): return wood, drive\n",
        "a": "def lid(box): ...\n",
    }.items():
        file = docs / f"{page}.md"
        kept = file.read_text().partition("```stand-in boxes\n")[0]
        file.write_text(f"{kept}```stand-in boxes\n{body}```\n")
    write_snapshot(docs, "b.md", tmp_path / "out")
    assert (tmp_path / "out" / "boxes" / "wood.py").read_text() == ""
    drive = run_path(str(tmp_path / "out" / "boxes" / "nails.py"))["drive"]
    with pytest.raises(
        NotImplementedError, match="drive is printed in a later chapter"
    ):
        drive(1)


def test_a_class_needs_somebody_who_stands_in_for_its_rest(docs: Path) -> None:
    page = docs / "b.md"
    page.write_text(page.read_text().replace("class Box", "class Bag"))
    with pytest.raises(FenceError, match="nothing stands in for the rest of class Box"):
        snapshot(docs, "b.md")


def test_a_chapter_has_to_be_there(docs: Path) -> None:
    with pytest.raises(FenceError, match=r"no chapter 'd.md'; it has b.md, a.md, c.md"):
        snapshot(docs, "d.md")


@pytest.mark.parametrize(
    ("body", "words", "page", "message"),
    [
        ("def lid(box): ...", "boxes", "c.md", "boxes.lid is unused"),
        ("def lit(box): ...", "boxes", "b.md", "replaces nothing that boxes has"),
        ("class Box:\n    def open(self): ...", "boxes", "a.md", "open is unused"),
        ("x = 1", "boxes.unknown", "b.md", "replaces nothing"),
        ("nobody = 1", "boxes.unknown", "b.md", "nobody is unused"),
        ("def lid(box):", "boxes", "b.md", "not valid Python"),
        ("def lid(box): ...", "", "b.md", "takes the name of a module"),
    ],
)
def test_an_idle_or_wrong_stand_in_is_refused(
    docs: Path, body: str, words: str, page: str, message: str
) -> None:
    with pytest.raises(FenceError, match=message):
        read_stand_in(body, {"target": words} if words else {}, Pages(docs), page)


def test_a_stand_in_says_who_prints_the_real_thing(docs: Path) -> None:
    options = {"target": "boxes"}
    assert read_stand_in("def lid(box): ...", options, Pages(docs), "b.md") == ["c.md"]
    assert read_stand_in("SIZE = 2", options, Pages(docs), "a.md") == ["c.md"]
    body = "class Box:\n    def close(self): ..."
    assert read_stand_in(body, options, Pages(docs), "b.md") == ["a.md"]
    assert read_stand_in(
        "print()", {"target": "boxes.__main__"}, Pages(docs), "b.md"
    ) == ["c.md"]
