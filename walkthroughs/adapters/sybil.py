"""Run what stands on a page: every fence, or an error that says why not.

Sybil's own Markdown parser passes over a fence with a title, an unusual name or a
deep indent, and says nothing.  This one has an answer for every fence that
`walkthroughs.pages.markdown` finds:

* its language is in `KINDS` or is Python: the fence is one example, and runs;
* its language is in `SHOWN`: it is there to be read;
* a narrative is one example too: its names are held against its walkthrough;
* anything else (no language, a misspelt one, a fence never closed): an example that
  fails, so that nobody takes it for one that runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sybil import Document, Example, Region, Sybil

from .. import fences
from ..book.narrative import bind
from ..errors import ListingError, Mismatch, VersionMismatch, WalkthroughError
from ..fences.callpath import repairs
from ..listing import is_blank
from ..pages.markdown import Fence, Problem, options_of, place, scan
from ..pages.markdown import fences as fences_of
from ..pages.narratives import Narrative, narratives
from ..pages.pages import folder_of, pages_of
from ..pages.snippets import PYTHON, close_loop, run_snippet


def page_sybil() -> Sybil:
    """Make a Sybil that runs every fence of a Markdown page."""
    return Sybil(parsers=[parse_page], patterns=["*.md"], teardown=close_loop)


def parse_page(document: Document) -> Iterator[Region]:
    """Yield one region for each fence that runs, or should: a Sybil parser."""
    for each in scan(document.text):
        if isinstance(each, Problem):
            yield Region(each.start, each.end, each, refuse)
        elif each.language in PYTHON:
            yield Region(each.start, each.end, each, run_python)
        elif each.language in fences.KINDS:
            yield Region(each.start, each.end, each, check_fence)
        elif each.language not in SHOWN:
            yield Region(each.start, each.end, each, refuse)
    for found in narratives(document.text):
        yield Region(found.start, found.end, found, check_narrative)


def check_narrative(example: Example) -> str | None:
    """Hold the bold names of a narrative against its walkthrough: a Sybil evaluator."""
    narrative: Narrative | Problem = example.parsed
    try:
        bind(narrative, fences_of(example.document.text))
    except ListingError as error:
        return f"{place(example.path, error.line)}: {error}"
    except WalkthroughError as error:
        return f"{place(example.path, narrative.line)}: {error}"
    return None


def check_fence(example: Example) -> str | None:
    """Check a fence of one of our kinds: a Sybil evaluator; text is the failure."""
    fence: Fence = example.parsed
    where = _place(example, fence)
    try:
        if repairs.wanted and fence.language == "callpath" and is_blank(fence.body):
            repairs.plan(Path(example.path), fence, options_of(fence))
            return None
        fences.KINDS[fence.language].check(fence, where)
    except Mismatch as error:
        # Where only another version differs, the page needs a variant.
        if repairs.wanted and not isinstance(error, VersionMismatch):
            return _repair(example, error)
        return where.blame(error, fence)
    except WalkthroughError as error:
        return where.blame(error, fence)
    return None


def _place(example: Example, fence: Fence) -> fences.Place:
    path = Path(example.path)
    folder = folder_of(path)
    above = (
        each for each in fences_of(example.document.text) if each.line < fence.line
    )
    return fences.Place(
        page=path.relative_to(folder).as_posix(),
        pages=pages_of(folder),
        above=tuple(above),
        shown=place(example.path, 0).rpartition(":")[0],
    )


def _repair(example: Example, error: Mismatch) -> str | None:
    fence: Fence = example.parsed
    unrepaired = repairs.plan(Path(example.path), fence, options_of(fence))
    if not unrepaired:
        return None
    cannot = ", ".join(line.text for line in unrepaired)
    where = place(example.path, fence.line + unrepaired[0].number)
    return f"{where}: cannot be repaired: {cannot}\n{error}\n{error.details}"


def run_python(example: Example) -> str | None:
    """Run a Python fence: a Sybil evaluator."""
    __tracebackhide__ = True
    return run_snippet(example.parsed, example.path, example.namespace)


def refuse(example: Example) -> str | None:
    """Say why nothing runs the example: a Sybil evaluator."""
    found: Fence | Problem = example.parsed
    if isinstance(found, Problem):
        message = found.message
    else:
        known = ", ".join(sorted({*fences.KINDS, *PYTHON, *SHOWN}))
        language = repr(found.language) if found.language else "no language"
        message = f"nothing runs a fence of {language}; known are {known}"
    return f"{place(example.path, found.line)}: {message}"


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
        "nginx",
        "rst",
        "text",
        "toml",
        "yaml",
    }
)
"""The languages of fences that are there to be read only."""
