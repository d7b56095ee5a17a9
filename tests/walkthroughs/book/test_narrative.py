"""Narratives: each bold name is held against the walkthrough that the prose is beside."""

from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pytest
from markdown import Markdown

from tests.walkthroughs.page_builder import failures
from walkthroughs.adapters.markdown import converting, refuse
from walkthroughs.book.narrative import bind
from walkthroughs.cli import main
from walkthroughs.commands import FAILED
from walkthroughs.errors import FenceError, ListingError
from walkthroughs.pages.markdown import Problem, fences
from walkthroughs.pages.narratives import Mention, Narrative, narratives
from walkthroughs.verification import verify

EXTENSION = "walkthroughs.adapters.markdown"

PAGE = """\
# A page

```callpath scenario=main-loop server=daphne
daphne.server.Server.run
...
    daphne.http_protocol.HTTPFactory.doStart
        daphne.http_protocol.HTTPFactory.startFactory
```

<div class="beside" data-path="main-loop daphne" markdown="1">

First **`Server.run`** begins.
A second line, and **bold** words.

```python
text = "**`nothing`**"
```

Then the factory: **`doStart`**, and inside of it **`startFactory`**{: nth=1 }.

</div>

**`NoStep`** is outside.
"""

FAULTS = {
    "a name that is no step": (
        "**`doStart`**",
        "**`doStop`**",
        "page.md:19: the listing above has no step 'doStop'",
    ),
    "another order": (
        "**`startFactory`**{: nth=1 }",
        "**`Server.run`**",
        "page.md:19: 'Server.run' is out of order: it is step 1, and the prose is at step 2",
    ),
    "too few of the name": ("nth=1", "nth=2", "has 'startFactory' only 1 time"),
    "no walkthrough": (
        "main-loop daphne",
        "http-get daphne",
        "page.md:10: there is no callpath of http-get on daphne above",
    ),
    "no path": (' data-path="main-loop daphne"', "", 'data-path="SCENARIO SERVER"'),
    "not Markdown": (' markdown="1"', "", 'without markdown="1"'),
    "never closed": ("</div>", "", "</div> is missing"),
    "not at the margin": ("<div class", " <div class", "at the left margin"),
}


def test_bold_names_are_mentions_with_their_lines() -> None:
    [narrative] = narratives(PAGE)
    assert isinstance(narrative, Narrative)
    assert (narrative.scenario, narrative.server, narrative.line) == (
        "main-loop",
        "daphne",
        10,
    )
    assert narrative.mentions == (
        Mention("Server.run", 12),
        Mention("doStart", 19),
        Mention("startFactory", 19, nth=1),
    )


def test_a_narrative_in_a_fence_is_text() -> None:
    assert not [*narratives(f"````markdown\n{PAGE}````\n")]


def test_a_page_that_holds_passes(tmp_path: Path) -> None:
    assert failures(tmp_path, PAGE) == []


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_fails_with_its_line(
    tmp_path: Path, fault: tuple[str, str, str]
) -> None:
    right, wrong, message = fault
    [failure] = failures(tmp_path, PAGE.replace(right, wrong, 1))
    assert message in failure


VERSIONS = """\
```callpath scenario=main-loop server=daphne django=5.2
daphne.server.Server.run
...
```

```callpath scenario=main-loop server=daphne django=6.1
daphne.server.Server.run
...
    daphne.http_protocol.HTTPFactory.doStart
    ...
```

<div class="beside" data-path="main-loop daphne django=WHICH" markdown="1">

**`Server.run`** begins.

</div>
"""


@pytest.mark.parametrize("which", [1, 2])
def test_a_narrative_may_name_the_version_of_its_listing(which: int) -> None:
    version = ("5.2", "6.1")[which - 1]
    page = VERSIONS.replace("WHICH", version)
    # Both are recorded with what is installed: only the choice between them is held here.
    listed = [
        replace(each, options={**each.options, "django": installed("django")})
        if each.options["django"] == version
        else each
        for each in fences(page)
    ]
    [narrative] = narratives(
        page.replace(f'django={version}"', f'django={installed("django")}"')
    )
    bound = bind(narrative, listed)
    assert (bound.listing, bound.steps) == (listed[which - 1], (1,))
    assert bound.ident == ("main-loop-daphne" if which == 1 else "main-loop-daphne-2")


def test_it_follows_the_paths_of_other_versions_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def with_what_is_installed(body: str, options: dict[str, str]) -> Any:
        return verify(body, {**options, "django": installed("django")})

    monkeypatch.setattr("walkthroughs.book.narrative.verify", with_what_is_installed)
    page = VERSIONS.replace("WHICH", "6.1").replace("begins.", "begins. **`doStart`**")
    [narrative] = narratives(page)
    bound = bind(narrative, fences(page))
    assert (bound.ident, bound.steps) == ("main-loop-daphne-2", (1, 2))
    [other] = bound.others
    # The listing of the other version leaves that call out.
    assert (other.ident, other.steps) == ("main-loop-daphne", (1, 0))


def test_a_version_that_no_listing_speaks_for_is_a_fault() -> None:
    page = VERSIONS.replace("WHICH", "4.2")
    [narrative] = narratives(page)
    with pytest.raises(ListingError, match=r"on daphne with django=4\.2 above"):
        bind(narrative, fences(page))


def test_the_command_holds_narratives_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert main(["check", str(page)]) == 0
    page.write_text(PAGE.replace("doStart`**", "doStop`**"))
    assert main(["check", str(page)]) == FAILED
    assert (
        "page.md:19: the listing above has no step 'doStop'" in capsys.readouterr().out
    )


def test_no_mention_at_all_is_a_fault(tmp_path: Path) -> None:
    page = PAGE.replace("**`Server.run`**", "it").replace("**`doStart`**", "it")
    page = page.replace("**`startFactory`**{: nth=1 }", "it")
    [failure] = failures(tmp_path, page)
    assert "names no step" in failure


@pytest.fixture
def converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Markdown:
    monkeypatch.setattr(converting, "page", "")
    monkeypatch.setattr(converting, "skipped", 0)
    monkeypatch.setattr(converting, "report", refuse)
    (tmp_path / "page.md").write_text(PAGE)
    return _converter(tmp_path, "md_in_html")


def _converter(folder: Path, *more: str) -> Markdown:
    return Markdown(
        extensions=[EXTENSION, "attr_list", "pymdownx.superfences", *more],
        extension_configs={EXTENSION: {"docs": str(folder)}},
    )


def test_each_name_links_to_its_step(converter: Markdown) -> None:
    html = converter.convert(PAGE)
    assert 'data-walk="main-loop-daphne-walk"' in html
    for number, name in enumerate(("Server.run", "doStart", "startFactory"), 1):
        address = f'<a class="wt-go" href="#main-loop-daphne-{number}">'
        assert f"{address}<strong><code>{name}</code></strong></a>" in html
    assert "<strong>bold</strong> words" in html
    assert "nth" not in html.partition("wt-go")[2]


def test_the_build_fails_with_file_and_line(
    tmp_path: Path, converter: Markdown
) -> None:
    page = PAGE.replace("doStart`**", "doStop`**")
    (tmp_path / "page.md").write_text(page)
    with pytest.raises(FenceError, match=r"page\.md:19: .*no step 'doStop'"):
        converter.convert(page)


def test_prose_that_is_not_converted_is_reported(
    tmp_path: Path, converter: Markdown
) -> None:
    with pytest.raises(FenceError, match=r"page\.md:10: .*md_in_html"):
        _converter(tmp_path).convert(PAGE)


def test_a_problem_says_what_to_write() -> None:
    [problem] = narratives('<div class="beside">\n</div>\n')
    assert isinstance(problem, Problem)
    assert "data-path" in problem.message
