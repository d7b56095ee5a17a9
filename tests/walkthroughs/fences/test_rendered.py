"""A rendered fence is kept as long as nothing that it depends on has changed."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from walkthroughs import build_memo, fence_recordings, recording
from walkthroughs.book import printed, stage_index
from walkthroughs.book.stage_names import Names
from walkthroughs.code_digest import code_of
from walkthroughs.compatibility import variants
from walkthroughs.compatibility.installing import Uninstallable
from walkthroughs.environment import Environment, installed
from walkthroughs.errors import FenceError
from walkthroughs.fences import (
    KINDS,
    Place,
    callpath,
    module_map,
    rendered,
    source,
    twins,
)
from walkthroughs.pages.markdown import Fence, fences
from walkthroughs.pages.pages import pages_of


@dataclass
class Kind:
    """A kind of fence that counts how often it is rendered."""

    own: str = "a recording"
    times: list[Fence] = field(default_factory=list)

    def depends_on(self, fence: Fence, place: Place) -> str:
        return self.own

    def check(self, fence: Fence, place: Place) -> None:
        """Everything holds."""

    def render(self, fence: Fence, place: Place) -> str:
        self.times.append(fence)
        return f"<p>{len(self.times)}\r\né</p>"


TEXT = "# Page\n\n```callpath scenario=a server=b\nx.y\n```\n"


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kind:
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    kind = Kind()
    monkeypatch.setitem(KINDS, "callpath", kind)
    return kind


def fence(text: str = TEXT) -> Fence:
    return fences(text)[-1]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text(TEXT)
    names = Names({"x": "stages.md"}, {"x.y": {"a.md"}})
    return Place("a.md", pages_of(folder), names=names)


def test_it_is_rendered_once(kind: Kind, place: Place) -> None:
    first = rendered.render(fence(), place)
    assert rendered.render(fence(), place) == first == "<p>1\r\né</p>"
    assert len(kind.times) == 1


def test_words_around_it_change_nothing(kind: Kind, place: Place) -> None:
    rendered.render(fence(), place)
    (place.folder / "a.md").write_text(TEXT.replace("\n\n", "\n\nMore words.\n\n", 1))
    pages = pages_of(place.folder)
    rendered.render(fence(pages.texts["a.md"]), replace(place, pages=pages))
    assert len(kind.times) == 1


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("x.y", "x.z"),
        TEXT.replace("x.y", "x.y  # why"),
        TEXT.replace("scenario=a", "scenario=c"),
        TEXT.replace("server=b", "server=b look=slim"),
        TEXT.replace("server=b", "server=b more"),
        "# Page\n\n- a\n\n    ```callpath scenario=a server=b\n    x.y\n    ```\n",
    ],
)
def test_a_change_of_the_fence_is_rendered(kind: Kind, place: Place, text: str) -> None:
    rendered.render(fence(), place)
    rendered.render(fence(text), place)
    assert len(kind.times) == 2


def test_a_change_of_its_place_is_rendered(kind: Kind, place: Place) -> None:
    (place.folder / "stages.md").write_text("# Stages\n")
    places = [
        place,
        replace(place, page="b.md"),
        replace(place, above=(fence(),)),
        replace(place, link="../{}".format),
        replace(place, names=Names({"x": "other.md"}, {"x.y": {"a.md"}})),
        replace(place, names=Names({"x": "stages.md"}, {"x.z": {"a.md"}})),
        replace(place, names=Names({"z": "z.md", "x": "stages.md"}, {"x.y": ()})),
    ]
    for each in places:
        rendered.render(fence(), each)
    assert len(kind.times) == len(places)


def test_another_recording_is_rendered(kind: Kind, place: Place) -> None:
    rendered.render(fence(), place)
    kind.own = "another recording"
    rendered.render(fence(), place)
    assert len(kind.times) == 2


def test_what_says_nothing_of_what_it_depends_on_is_not_kept(
    kind: Kind, place: Place
) -> None:
    kind.own = ""
    rendered.render(fence(), place)
    rendered.render(fence(), place)
    assert len(kind.times) == 2


def test_other_versions_and_another_python_are_rendered(
    kind: Kind, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sys.version.split()[0] in installed()
    assert "pytest==" in installed().lower()
    rendered.render(fence(), place)
    monkeypatch.setattr(rendered, "installed", lambda: "Daphne 9")
    rendered.render(fence(), place)
    monkeypatch.setattr(sys, "path", ["elsewhere", *sys.path])
    rendered.render(fence(), place)
    assert len(kind.times) == 3


def test_other_code_of_the_server_is_rendered(
    kind: Kind, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (rendered.SERVER / "server.py").exists()
    server = tmp_path / "minidaphne"
    (server / "deep").mkdir(parents=True)
    (server / "deep" / "a.py").write_text("1")
    monkeypatch.setattr(rendered, "SERVER", server)
    rendered.render(fence(), place)
    (server / "deep" / "a.py").write_text("22")
    rendered.render(fence(), place)
    (server / "b.py").write_text("")
    rendered.render(fence(), place)
    rendered.render(fence(), place)
    assert len(kind.times) == 3


def test_a_script_and_a_module_share_what_is_kept(
    kind: Kind, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [each for each in sys.path if each != os.path.dirname(sys.executable)]
    monkeypatch.setattr(sys, "path", [os.path.dirname(sys.executable), *folders])
    rendered.render(fence(), place)
    monkeypatch.setattr(sys, "path", folders)
    rendered.render(fence(), place)
    assert len(kind.times) == 1


def test_what_changed_while_it_was_rendered_is_not_kept(
    kind: Kind, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build asks for the code once, but never keeps what other code may have made."""
    code = tmp_path / "minidaphne.py"
    code.write_text("1")
    monkeypatch.setattr(rendered, "SERVER", code)

    def render(fence: Fence, place: Place) -> str:
        code.write_text("another code")
        kind.times.append(fence)
        return ""

    monkeypatch.setattr(kind, "render", render)
    for _ in range(2):
        build_memo.begin()
        rendered.render(fence(), place)
        build_memo.end()
        code.write_text("1")
    assert len(kind.times) == 2


def test_of_fences_that_are_rendered_together_only_the_unchanged_are_kept(
    kind: Kind, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    on: dict[str, str] = {}
    monkeypatch.setattr(kind, "depends_on", lambda one, _: on.get(one.body, "as ever"))
    other = fence(TEXT.replace("x.y", "x.z"))
    for _ in range(2):
        with rendered.writing_at_end():
            rendered.render(fence(), place)
            rendered.render(other, place)
            on[other.body] = "changed"
        on.clear()
    assert [each.body for each in kind.times] == ["x.y\n", "x.z\n", "x.z\n"]


def test_what_was_rendered_before_the_page_failed_is_kept(
    kind: Kind, place: Place
) -> None:
    def page() -> None:
        with rendered.writing_at_end():
            rendered.render(fence(), place)
            raise OSError("a bug")

    with pytest.raises(OSError, match="a bug"):
        page()
    rendered.render(fence(), place)
    assert len(kind.times) == 1


def test_a_dependency_shared_by_a_page_is_checked_once_before_and_once_after(
    kind: Kind, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    @build_memo.remembered
    def whole_book() -> str:
        asked.append("")
        return "the book"

    monkeypatch.setattr(kind, "depends_on", lambda *_: whole_book())
    build_memo.begin()
    try:
        with rendered.writing_at_end():
            for name in "abc":
                rendered.render(fence(TEXT.replace("x.y", name)), place)
    finally:
        build_memo.end()
    assert len(asked) == 2  # before all, and after


def test_code_that_changed_after_it_was_loaded_is_not_trusted(
    kind: Kind, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process runs the old code: what it makes is not what the new code makes."""
    assert (rendered.PACKAGE / "render" / "html.py").exists()
    rendered.render(fence(), place)
    package = tmp_path / "package"
    package.mkdir()
    with monkeypatch.context() as changed:
        changed.setattr(rendered, "PACKAGE", package)
        rendered.render(fence(), place)
        rendered.render(fence(), place)
        # As a new process sees it.
        changed.setattr(rendered, "_LOADED", code_of(package))
        rendered.render(fence(), place)
        rendered.render(fence(), place)
    rendered.render(fence(), place)
    assert len(kind.times) == 4


def test_what_is_damaged_is_rendered(kind: Kind, place: Place, tmp_path: Path) -> None:
    rendered.render(fence(), place)
    [file] = (tmp_path / "cache" / "fences").iterdir()
    for broken in (file.read_bytes()[:-1], b"", b"\xff"):
        file.write_bytes(broken)
        rendered.render(fence(), place)
    assert len(kind.times) == 4


def test_no_more_are_kept_than_the_limit(
    kind: Kind, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendered, "LIMIT", 4)
    for number in range(20):
        kind.own = f"recording {number}"
        rendered.render(fence(), place)
    assert len([*(tmp_path / "cache" / "fences").iterdir()]) <= 4
    rendered.render(fence(), place)
    assert len(kind.times) == 20


def test_what_failed_is_not_kept(
    kind: Kind, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise FenceError("no")

    monkeypatch.setattr(kind, "render", fail)
    with pytest.raises(FenceError):
        rendered.render(fence(), place)
    assert not (tmp_path / "cache" / "fences").exists()


def test_the_kind_itself_says_what_is_wrong(place: Place) -> None:
    with pytest.raises(FenceError, match="needs scenario"):
        rendered.render(fence(TEXT.replace("scenario=a ", "")), place)


# What each kind says of itself.


def test_a_listing_depends_on_its_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    file = tmp_path / "recording.json"
    monkeypatch.setattr(recording, "_place", lambda *_: file)
    monkeypatch.setattr(recording, "_is_kept", lambda _: True)
    listing = fence(TEXT.replace("=a", "=main-loop").replace("=b", "=daphne"))
    assert callpath.depends_on(listing, place) == ""
    file.write_text("one")
    one = callpath.depends_on(listing, place)
    file.write_text("two")
    assert one != callpath.depends_on(listing, place) != ""


def test_a_listing_depends_on_its_recordings_with_other_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    """It is held on them, and what it says of them is part of the HTML."""
    seen: set[str] = set()
    here = installed()
    there = Environment(Path(sys.executable), "Django 6.1.3")
    monkeypatch.setattr(variants, "installed_version", lambda name: "5.2.19")
    monkeypatch.setattr(fence_recordings, "environment", lambda version: there)
    monkeypatch.setattr(recording, "_is_kept", lambda _: True)

    def place_of(*words: object) -> Path:
        where = words[-1]
        assert isinstance(where, Environment)
        return tmp_path / ("here" if where.installed == here else where.installed)

    def now(text: str = TEXT) -> str:
        listing = text.replace("=a", "=main-loop").replace("=b", "=daphne")
        (place.folder / "a.md").write_text(listing)
        pages = pages_of(place.folder)
        return callpath.depends_on(fence(listing), replace(place, pages=pages))

    monkeypatch.setattr(recording, "_place", place_of)
    (tmp_path / "here").write_text("one")
    seen.add(now())
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.walkthroughs.versions]\ndjango = ["5.2", "6.1"]\n')
    assert now() == ""
    (tmp_path / "Django 6.1.3").write_text("one")
    seen.add(now())
    (tmp_path / "Django 6.1.3").write_text("two")
    seen.add(now())
    there = replace(there, installed="Django 6.1.4")
    (tmp_path / "Django 6.1.4").write_text("two")
    seen.add(now())
    variant = TEXT.replace("server=b", "server=b django=6.1")
    seen.add(now(variant))
    # Another variant on the page: this one may no longer be alone.
    seen.add(now(variant + variant.removeprefix("# Page\n")))
    assert "" not in seen
    assert len(seen) == 6


def test_a_listing_depends_on_what_is_kept_where_a_version_cannot_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    def nowhere(version: object) -> None:
        raise Uninstallable("no Python can have it")

    monkeypatch.setattr(variants, "installed_version", lambda name: "5.2.19")
    monkeypatch.setattr(fence_recordings, "environment", nowhere)
    monkeypatch.setenv("WALKTHROUGHS_RECORDINGS", str(tmp_path / "recordings"))
    monkeypatch.delenv("WALKTHROUGHS_NO_KEPT", raising=False)
    text = TEXT.replace("=a", "=main-loop").replace("=b", "=daphne django=6.1")
    listing = fence(text)
    seen = [callpath.depends_on(listing, place)]
    file = tmp_path / "recordings" / "django-6.1" / "main-loop-daphne.trace"
    file.parent.mkdir(parents=True)
    for kept in ("one", "two"):
        file.write_text(kept)
        seen.append(callpath.depends_on(listing, place))
    monkeypatch.setenv("WALKTHROUGHS_NO_KEPT", "1")
    seen.append(callpath.depends_on(listing, place))
    assert "" not in seen
    assert len(set(seen)) == 4


STAGES = "# Stages\n\n```twins left=daphne right=shown\n```\n"


def test_the_stages_of_the_book_depend_on_all_listings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    docs, shown = tmp_path / "docs", tmp_path / "shown.py"
    docs.mkdir()
    shown.write_text("")
    (docs / "a.md").write_text(TEXT)
    (docs / "stages.md").write_text(STAGES)
    made = ["a recording"]
    monkeypatch.setattr(stage_index, "digests_of", lambda *_: tuple(made))

    def now() -> str:
        return twins.depends_on(fence(STAGES), Place("stages.md", pages_of(docs)))

    seen = [now()]
    (docs / "a.md").write_text(f"{TEXT}\nWords.\n")
    assert now() == seen[0]
    for text in (TEXT.replace("x.y", "x.z"), TEXT.replace("# Page", "# Another page")):
        (docs / "a.md").write_text(text)
        seen.append(now())
    (docs / "b.md").write_text(TEXT)
    seen.append(now())
    made[:] = ["another recording"]
    seen.append(now())
    shown.write_text("def z(): ...\n")
    seen.append(now())
    assert len(set(seen)) == len(seen) == 6
    made[:] = ["a recording", ""]
    assert now() == ""


MAP = "# Map\n\n```module-map daphne\n```\n"


def test_a_module_map_depends_on_the_recordings_of_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    made = {"main-loop": "one", "http-get": "one"}

    def digests_of(options: Mapping[str, str], _: object) -> tuple[str]:
        assert options["server"] == "daphne"
        return (made[options["scenario"]],)

    monkeypatch.setattr(module_map, "digests_of", digests_of)

    def now(listing: str) -> str:
        (docs / "a.md").write_text(listing)
        return module_map.depends_on(fence(MAP), Place("maps.md", pages_of(docs)))

    one = TEXT.replace("=a", "=main-loop").replace("=b", "=daphne")
    other = one.replace("main-loop", "http-get")
    seen = [now(one), now(one + other)]
    assert now(one + TEXT) == now(f"{one}\nWords.\n") == seen[0]
    made["http-get"] = "two"
    assert now(one) == seen[0]
    seen.append(now(one + other))
    assert len(set(seen)) == 3
    made["http-get"] = ""
    assert now(one + other) == ""


SOURCE = "# Source\n\n```source shown.a\n```\n"
MODULE = "def a():\n    return helper\n"


def test_source_depends_on_all_that_the_pages_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package, docs = tmp_path / "shown", tmp_path / "docs"
    package.mkdir()
    docs.mkdir()
    (package / "__init__.py").write_text(MODULE)
    (docs / "a.md").write_text(SOURCE)

    def now() -> str:
        printed.book_of.cache_clear()
        place = Place("a.md", pages_of(docs))
        return source.depends_on(fence(SOURCE), place)

    seen = [now()]
    assert now() == seen[0]
    (docs / "a.md").write_text(f"{SOURCE}\nWords.\n")
    assert now() == seen[0]
    (package / "__init__.py").write_text(MODULE.replace("helper", "other"))
    seen.append(now())
    # Above the piece: it is the same, and stands at another line.
    (package / "__init__.py").write_text(f"import os\n{MODULE}")
    seen.append(now())
    (package / "more.py").write_text("")
    seen.append(now())
    (docs / "b.md").write_text("# Rest\n\n```source shown parts=rest\n```\n")
    seen.append(now())
    (docs / "b.md").write_text("# Else\n\n```source shown parts=rest\n```\n")
    seen.append(now())
    (tmp_path / "mkdocs.yml").write_text("nav: [b.md, a.md]")
    seen.append(now())
    assert len(set(seen)) == len(seen) == 7
