"""Listings that speak for versions: held where those are, or against what is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from importlib.metadata import version as installed
from pathlib import Path

import pytest
from mkdocs.exceptions import Abort

from tests.walkthroughs.page_builder import failures, site
from walkthroughs.commands.check import run as run_check
from walkthroughs.compatibility import variants
from walkthroughs.compatibility.environments import versions
from walkthroughs.compatibility.installing import Uninstallable
from walkthroughs.compatibility.interpreters import interpreters
from walkthroughs.compatibility.variants import (
    Claim,
    Version,
    environment,
    fault,
    supported,
    version_of,
)
from walkthroughs.environment import Environment
from walkthroughs.errors import FenceError
from walkthroughs.fences.callpath import not_recorded
from walkthroughs.recording import cache_folder, record
from walkthroughs.verification import verify

BOOKS = (Version("django", "5.2"), Version("django", "6.1"))
# One of them is here, and this machine can have the other: Django 6.1 needs Python 3.12.
# Where a request has its lane is another in Django 5.2 than in both others.
BOTH = BOOKS if len(interpreters()) > 1 else (Version("django", "4.2"), BOOKS[0])
OLD, NEW = (each.prefix for each in BOTH)
TABLE = f'[tool.walkthroughs.versions]\ndjango = ["{OLD}", "{NEW}"]\n'
HERE = ".".join(installed("django").split(".")[:2])
ELSEWHERE = next(each for each in BOTH if not each.is_here)

LISTING = "daphne.server.Server.run\n...\n"


def fence(options: str = "", listing: str = LISTING) -> str:
    return f"```callpath scenario=main-loop server=daphne {options}\n{listing}```\n\n"


def variants_of(*versions: Version, listing: str = LISTING) -> str:
    """A listing for each of these versions."""
    return "".join(fence(f"{each.name}={each.prefix}", listing) for each in versions)


SETTINGS = (
    "WALKTHROUGHS_PYTHONS",
    "WALKTHROUGHS_ENVIRONMENTS",
    "WALKTHROUGHS_NO_KEPT",
)


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of pages of a project that supports two versions of Django."""
    monkeypatch.setenv("WALKTHROUGHS_RECORDINGS", str(tmp_path / "recordings"))
    monkeypatch.delenv("WALKTHROUGHS_NO_KEPT", raising=False)
    (tmp_path / "mkdocs.yml").touch()
    (tmp_path / "pyproject.toml").write_text(TABLE)
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No Python can have what is not installed here; kept recordings are empty."""
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "")
    monkeypatch.delenv("WALKTHROUGHS_ENVIRONMENTS", raising=False)
    monkeypatch.setenv("WALKTHROUGHS_RECORDINGS", str(tmp_path / "recordings"))
    monkeypatch.delenv("WALKTHROUGHS_NO_KEPT", raising=False)
    monkeypatch.setattr(variants, "_environments", {})
    monkeypatch.setattr(variants, "_failures", {})
    not_recorded.clear()
    yield
    not_recorded.clear()


@pytest.mark.parametrize(
    ("prefix", "number", "is_one"),
    [
        ("6.1", "6.1", True),
        ("6.1", "6.1.3", True),
        ("6", "6.1.3", True),
        ("6.1", "6.10", False),
        ("6.1", "6", False),
        ("6.2", "6.2rc1", False),
    ],
)
def test_a_prefix_is_of_whole_numbers(
    prefix: str, number: str, is_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variants, "installed_version", lambda name: number)
    assert Version("django", prefix).is_here is is_one


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"when": "1"}, "a callpath fence takes no when"),
        ({"django": "latest"}, "django=latest is not a version: write digits and dots"),
        ({"django": "6.1", "twisted": "26"}, "of one distribution, not django and tw"),
    ],
)
def test_what_is_no_version_is_said(options: dict[str, str], words: str) -> None:
    with pytest.raises(FenceError, match=words):
        version_of(options)


def test_a_table_that_makes_no_sense_is_said(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    assert supported(tmp_path) == ()
    file.write_text("[tool.walkthroughs.versions]\nnone-such = ['1']\n")
    with pytest.raises(FenceError, match=r"tool\.walkthroughs\.versions .* none-such"):
        supported(tmp_path)
    file.write_text("[tool")
    os.utime(file, ns=(1, 1))
    with pytest.raises(FenceError, match=r"cannot read pyproject\.toml"):
        supported(tmp_path)


def claims(*prefixes: str) -> list[Claim]:
    """Listings of one recording, in the lines 1, 2, ...; "" speaks for no version."""
    return [
        Claim(line, ("a", "b"), Version("django", each) if each else None)
        for line, each in enumerate(prefixes, 1)
    ]


@pytest.mark.parametrize(
    ("prefixes", "faults"),
    [
        (("5.2", "6.1"), {}),
        (("6.1", "5.2", "", "5.2", "6.1", "5.2", "6"), {}),
        (("5.2",), {1: "no variant of this listing speaks for Django 6.1"}),
        (("5.2", "", "6.1"), {1: "for Django 6.1", 3: "for Django 5.2"}),
        (("6.1", "6.1.3", "5.2"), {2: "line 1 speaks for Django 6.1 already"}),
        (("5.2", "5.2"), {1: "speaks for Django 6.1", 2: "line 1 speaks for"}),
        (("4.2",), {1: "speaks for Django 5.2, Django 6.1"}),
    ],
)
def test_variants_speak_for_each_version_once(
    prefixes: tuple[str, ...], faults: dict[int, str]
) -> None:
    found = claims(*prefixes)
    said = {each.line: fault(found, each.line, BOOKS) for each in found}
    assert {line for line, words in said.items() if words} == set(faults)
    assert all(words in said[line] for line, words in faults.items())


def test_a_page_whose_variants_are_whole_holds(docs: Path) -> None:
    assert failures(docs, variants_of(*BOTH) + fence()) == []


def test_bad_variants_fail_with_page_and_line(docs: Path) -> None:
    [left_out] = failures(docs, "# Page\n\n" + variants_of(BOTH[0]))
    assert f"page.md:3: no variant of this listing speaks for {BOTH[1]}" in left_out
    [twice] = failures(docs, variants_of(BOTH[0], *BOTH))
    words = f"the listing in line 1 speaks for {BOTH[0]} already"
    assert f"page.md:6: {words}" in twice


def test_a_version_that_nobody_has_fails_with_page_and_line(
    tmp_path: Path, nowhere: None
) -> None:
    [said] = failures(tmp_path, "\n" + fence("django=99"))
    assert "page.md:2: Django 99 is not available here: there is no Python to " in said


@pytest.mark.parametrize(
    ("prefixes", "words"),
    [
        (
            ["99"],
            "docs/index.md:1: Django 99 is not available here: there is no Python to",
        ),
        ([HERE], f"docs/index.md:1: no variant of this listing speaks for {ELSEWHERE}"),
        (
            [HERE, HERE],
            f"docs/index.md:6: the listing in line 1 speaks for Django {HERE}",
        ),
    ],
)
def test_bad_variants_end_the_build(
    prefixes: list[str],
    words: str,
    tmp_path: Path,
    nowhere: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "pyproject.toml").write_text(TABLE)
    with pytest.raises(Abort):
        site(tmp_path, "".join(fence(f"django={each}") for each in prefixes))
    assert words in caplog.text


def test_an_environment_has_the_version(house: Path) -> None:
    where = environment(ELSEWHERE)
    assert where is not None
    assert versions(where)["django"].startswith(ELSEWHERE.prefix)
    assert environment(Version("django", HERE)) is None


def test_a_listing_without_a_version_holds_on_all(docs: Path) -> None:
    view = "walkthroughs.scenarios.mysite.views.hello\n"
    lane = "process_request" if HERE == "5.2" else "application"
    page = fence("", f"--- task: {lane}\n{view}").replace("main-loop", "http-get")
    [said] = failures(docs, page)
    assert f"page.md:3: with {ELSEWHERE}: {view.strip()} runs in 'task: " in said
    # It is not the listing that is wrong, so nothing mends it.
    (docs.parent / "pytest.ini").write_text("[pytest]\nwalkthroughs_pages = docs\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--update-callpaths", "docs"],
        cwd=docs.parent,
        env={**os.environ, "WALKTHROUGHS_CACHE": str(cache_folder().absolute())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"page.md:3: with {ELSEWHERE}: " in done.stdout
    assert (docs / "page.md").read_text() == page


@pytest.mark.parametrize("patched", BOTH, ids=str)
def test_a_patched_django_fails_its_own_variant_alone(
    tmp_path: Path, patched: Version
) -> None:
    handler = "django.core.handlers.asgi.ASGIHandler"
    names = ("get_response_async", "resolve_request", "make_view_atomic")
    listing = "".join(f"{handler}.{name}\n" for name in names)
    page = variants_of(*BOTH, listing=listing)
    assert failures(tmp_path, page.replace("main-loop", "http-get")) == []
    scenario = f"in_{patched.prefix.replace('.', '_')}"
    module = "tests.walkthroughs.patched_django"
    [said] = failures(tmp_path, page.replace("main-loop", f"{module}:{scenario}"))
    line = 3 + 6 * BOTH.index(patched)
    assert f"page.md:{line}: " in said
    assert f"Django {patched.prefix}." in said


def keep(docs: Path, page: str) -> None:
    """Write the recordings of a page as another machine would have."""
    (docs / "page.md").write_text(page)
    options = {"update": False, "fresh": False, "keep": True}
    assert run_check(Namespace(files=[docs / "page.md"], **options)) == 0


def test_a_kept_recording_is_enough_and_said(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = variants_of(*BOTH)
    keep(docs, page)
    [file] = (tmp_path / "recordings").rglob("*.trace")
    assert file.name == "main-loop-daphne.trace"
    assert str(Path.cwd()) not in file.read_text()
    # As on a machine with no other Python.
    monkeypatch.setenv("WALKTHROUGHS_PYTHONS", "")
    monkeypatch.delenv("WALKTHROUGHS_ENVIRONMENTS", raising=False)
    monkeypatch.setattr(variants, "_environments", {})
    monkeypatch.setattr(variants, "_failures", {})
    not_recorded.clear()
    assert failures(docs, page + fence()) == []
    assert len(not_recorded) == 2
    assert (
        f"Not recorded on this machine, where {ELSEWHERE} is not available"
        in not_recorded[0]
    )
    assert "This is the recording of " in not_recorded[0]
    not_recorded.clear()
    monkeypatch.setenv("WALKTHROUGHS_NO_KEPT", "1")
    said = failures(docs, page + fence())
    assert len(said) == 2
    assert all("WALKTHROUGHS_NO_KEPT rules out" in each for each in said)


def test_a_kept_recording_with_other_steps_is_said(docs: Path, tmp_path: Path) -> None:
    page = variants_of(*BOTH)
    assert failures(docs, page) == [], "a project may keep none"
    (tmp_path / "recordings" / f"django-{ELSEWHERE.prefix}").mkdir(parents=True)
    [said] = failures(docs, page)
    assert f"recordings/django-{ELSEWHERE.prefix}/main-loop-daphne.trace: `walk" in said
    keep(docs, page)
    assert failures(docs, page) == []
    [file] = (tmp_path / "recordings").rglob("*.trace")
    file.write_text(file.read_text().replace('"Server.run"', '"Server.start"'))
    [said] = failures(docs, page)
    assert "has other steps than what was recorded now" in said
    file.write_text("nothing")
    [said] = failures(docs, page)
    assert "is not a kept recording" in said


def test_pytest_names_what_was_not_recorded(docs: Path, tmp_path: Path) -> None:
    (docs / "page.md").write_text(fence())
    (tmp_path / "pytest.ini").write_text("[pytest]\nwalkthroughs_pages = docs\n")
    for more in ((), ("-n", "1")):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more],
            cwd=tmp_path,
            env={**os.environ, **dict.fromkeys(SETTINGS, "")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "listings not recorded on this machine" in done.stdout, done.stdout
        words = f"docs/page.md:1: Not held on {ELSEWHERE} on this machine"
        assert words in done.stdout


def test_what_is_shown_of_the_source_is_what_was_recorded() -> None:
    options = {"scenario": "http-get", "server": "daphne"}
    body = "daphne.server.Server.run\n...\n"
    there = verify(body, {**options, ELSEWHERE.name: ELSEWHERE.prefix})
    folders = there.view.folders
    assert folders is not None
    found = (Path(each, "django", "__init__.py") for each in folders)
    source = next(file for file in found if file.exists())
    assert f"VERSION = ({ELSEWHERE.prefix.replace('.', ', ')}, " in source.read_text()
    assert verify(body, options).view.folders is None


def test_a_failure_is_remembered_for_a_while_and_not_for_ever(
    nowhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a package index that did not answer once, while a site is served."""
    with pytest.raises(Uninstallable) as first:
        environment(ELSEWHERE)
    made = Environment(Path(sys.executable), "")
    monkeypatch.setattr(variants, "make_with", lambda *words: made)
    with pytest.raises(Uninstallable) as second:
        environment(ELSEWHERE)
    assert second.value is first.value
    monkeypatch.setattr(variants, "TRY_AGAIN", 0)
    assert environment(ELSEWHERE) == made


def test_nothing_to_make_it_with_is_uninstallable(nowhere: None) -> None:
    for _ in range(2):
        with pytest.raises(Uninstallable, match="there is no Python to install it for"):
            environment(ELSEWHERE)
    assert record("main-loop", "daphne")
