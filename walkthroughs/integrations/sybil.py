"""Run what stands on a page: every fence, or an error that says why not.

Sybil's own Markdown parser passes over a fence with a title, an unusual name or a
deep indent, and says nothing.  This one has an answer for every fence that
`walkthroughs.integrations.fences` finds:

* its language is in `RUNNERS`: the fence is one example, and runs;
* its language is in `SHOWN`: it is there to be read;
* anything else (no language, a misspelt one, a fence never closed): an example that
  fails, so that nobody takes it for one that runs.

To add a fence that runs: write an `Evaluator` and enter it in `RUNNERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sybil import Document, Example, Region, Sybil

from ..errors import ListingError, Mismatch, WalkthroughError
from ..listing import is_blank
from . import callpath, drawings, stages
from .compare import sides
from .cut import read_stand_in
from .fences import Fence, Problem, fences, place, scan
from .snippets import close_loop, run_snippet
from .source import read_source, words

Evaluator = Callable[[Example], str | None]
"""Runs one example, whose `parsed` is its `Fence`; text it returns is the failure."""


def page_sybil() -> Sybil:
    """A Sybil that runs every fence of a Markdown page."""
    return Sybil(parsers=[parse_page], patterns=["*.md"], teardown=close_loop)


def parse_page(document: Document) -> Iterator[Region]:
    """A Sybil parser: one region for each fence that runs, or should."""
    for each in scan(document.text):
        if isinstance(each, Problem):
            yield Region(each.start, each.end, each, refuse)
        elif each.language not in SHOWN:
            evaluator = RUNNERS.get(each.language, refuse)
            yield Region(each.start, each.end, each, evaluator)


def check_callpath(example: Example) -> str | None:
    """An evaluator: the listing of a `callpath` fence is what was recorded."""
    fence: Fence = example.parsed
    try:
        if callpath.mending.wanted and is_blank(fence.body):
            callpath.mending.plan(Path(example.path), fence, words(fence))
            return None
        callpath.hold(fence.body, words(fence))
    except Mismatch as error:
        if callpath.mending.wanted:
            return _mend(example, error)
        return (
            f"{place(example.path, fence.line + error.line)}: {error}\n{error.details}"
        )
    except ListingError as error:
        return f"{place(example.path, fence.line + error.line)}: {error}"
    except WalkthroughError as error:
        return f"{place(example.path, fence.line)}: {error}"
    return None


def _mend(example: Example, error: Mismatch) -> str | None:
    fence: Fence = example.parsed
    stuck = callpath.mending.plan(Path(example.path), fence, words(fence))
    if not stuck:
        return None
    cannot = ", ".join(line.text for line in stuck)
    where = place(example.path, fence.line + stuck[0].number)
    return f"{where}: cannot be mended: {cannot}\n{error}\n{error.details}"


def run_python(example: Example) -> str | None:
    """An evaluator: run a Python fence."""
    __tracebackhide__ = True
    return run_snippet(example.parsed, example.path, example.namespace)


def check_source(example: Example) -> str | None:
    """An evaluator: the name in a `source` fence can be found."""
    fence: Fence = example.parsed
    try:
        read_source(fence.body, words(fence))
    except WalkthroughError as error:
        return f"{place(example.path, fence.line)}: {error}"
    return None


def check_compare(example: Example) -> str | None:
    """An evaluator: both walkthroughs that a `compare` fence shows are on the page."""
    fence: Fence = example.parsed
    page = fences(example.document.text)
    above = [each for each in page if each.start < fence.start]
    try:
        sides(fence.body, words(fence), above)
    except WalkthroughError as error:
        return f"{place(example.path, fence.line)}: {error}"
    return None


def check_stand_in(example: Example) -> str | None:
    """An evaluator: a `stand-in` fence stands for what a later chapter prints."""

    def judge(docs: Path, fence: Fence) -> None:
        page = Path(example.path).relative_to(docs).as_posix()
        read_stand_in(fence.body, words(fence), docs, page)

    return _judge(example, judge)


def check_stages(example: Example) -> str | None:
    """An evaluator: the book names stages of the package in a `stages` fence."""
    return _judge(example, lambda docs, fence: _stages(docs, words(fence)))


def check_states(example: Example) -> str | None:
    """An evaluator: the arrows of a `states` fence are those of the module's tables."""

    def judge(docs: Path, fence: Fence) -> None:
        drawings.check_states(fence.body, words(fence).get("target", ""))

    return _judge(example, judge)


def check_house(example: Example) -> str | None:
    """An evaluator: the book has recordings of the server in a `house` fence."""

    def judge(docs: Path, fence: Fence) -> None:
        drawings.draw_house(words(fence).get("target", ""), docs)

    return _judge(example, judge)


def check_twins(example: Example) -> str | None:
    """An evaluator: each stage has its twin, or a reason why there is none."""

    def judge(docs: Path, fence: Fence) -> None:
        stages.twins(fence.body, words(fence), [*stages.stages(docs)])

    return _judge(example, judge)


def _stages(docs: Path, options: Mapping[str, str]) -> None:
    stages.render_stages(options.get("target", ""), docs, str)


def _judge(example: Example, judge: Callable[[Path, Fence], None]) -> str | None:
    fence: Fence = example.parsed
    try:
        judge(book_folder(Path(example.path)), fence)
    except WalkthroughError as error:
        return f"{place(example.path, fence.line)}: {error}"
    return None


def book_folder(page: Path) -> Path:
    """The folder of all pages: the one beside the site's configuration."""
    beside = (each for each in page.parents if (each.parent / "mkdocs.yml").exists())
    return next(beside, page.parent)


def refuse(example: Example) -> str | None:
    """An evaluator: say why nothing runs the example."""
    found: Fence | Problem = example.parsed
    if isinstance(found, Problem):
        message = found.message
    else:
        known = ", ".join(sorted({*RUNNERS, *SHOWN}))
        language = repr(found.language) if found.language else "no language"
        message = f"nothing runs a fence of {language}; known are {known}"
    return f"{place(example.path, found.line)}: {message}"


RUNNERS: dict[str, Evaluator] = {
    "callpath": check_callpath,
    "compare": check_compare,
    "house": check_house,
    "py": run_python,
    "pycon": run_python,
    "python": run_python,
    "source": check_source,
    "stages": check_stages,
    "stand-in": check_stand_in,
    "states": check_states,
    "twins": check_twins,
}
"""The languages of fences that run: language -> what runs them."""

SHOWN = frozenset(
    {
        "console",
        "css",
        "diff",
        "html",
        "http",
        "ini",
        "json",
        "make",
        "markdown",
        "rst",
        "text",
        "toml",
        "yaml",
    }
)
"""The languages of fences that are there to be read only."""
