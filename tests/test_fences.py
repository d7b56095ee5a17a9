"""Nothing on the pages is skipped in silence: every fence runs, or is known to rest.

The fences are counted twice: here by a scanner so simple that it can be checked by eye,
and as the examples that pytest collects.  Both counts must be equal, file by file and
language by language.
"""

from collections import Counter
from pathlib import Path

import pytest

from walkthroughs.adapters.sybil import SHOWN, page_sybil
from walkthroughs.fences import KINDS
from walkthroughs.pages.markdown import fences
from walkthroughs.pages.narratives import Narrative
from walkthroughs.pages.snippets import PYTHON

HOUSE = Path(__file__).parent.parent
PAGES = sorted([*HOUSE.glob("docs/**/*.md"), HOUSE / "README.md"])

# On these, a test of their own runs every command.
RUN = {"docs/your-application.md"}

# Every command that other pages tell readers to type. No test runs them: whoever adds
# one tries it by hand on a fresh machine, and then adds it here.
COMMANDS = {
    ".venv/bin/django-admin startproject mysite .",
    ".venv/bin/mkdocs serve",
    ".venv/bin/pip install --editable '.[docs,test,channels]'",
    ".venv/bin/pytest",
    ".venv/bin/pytest docs/words.md",
    ".venv/bin/pytest --update-callpaths docs",
    ".venv/bin/python -m minidaphne mysite.asgi:application",
    ".venv/bin/python -m pip install ../inside-daphne django",
    ".venv/bin/python manage.py runserver",
    "make bench",
    "make serve",
    "make test",
    "python3 -m venv .venv",
}


def page_name(page: Path) -> str:
    return page.relative_to(HOUSE).as_posix()


def count(page: Path) -> Counter[str]:
    """The languages of the fences on a page, outer ones only."""
    languages: Counter[str] = Counter()
    closing = None
    for line in page.read_text(encoding="utf-8").splitlines():
        words = line.lstrip(" >")
        marker = words[: len(words) - len(words.lstrip(words[:1]))]
        if closing is None and marker in ("```", "````", "~~~", "~~~~"):
            closing = marker
            header = words.removeprefix(marker).strip(" {}.").split()
            languages[header[0] if header else ""] += 1
        elif words.rstrip() == closing:
            closing = None
    assert closing is None, f"{page_name(page)} ends inside a fence"
    return languages


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_fence_is_an_example(page: Path) -> None:
    counted = count(page)
    rest = Counter({name: n for name, n in counted.items() if name in SHOWN})
    examples = page_sybil().parse(page).examples()
    parsed = [example.parsed for example in examples]
    collected = Counter(
        each.language for each in parsed if not isinstance(each, Narrative)
    )
    assert counted - rest == collected
    assert set(counted) <= {*KINDS, *PYTHON, *SHOWN}


def test_every_command_is_one_that_somebody_tried() -> None:
    commands = {
        line.removeprefix("$ ")
        for page in PAGES
        for fence in fences(page.read_text(encoding="utf-8"))
        for line in fence.body.splitlines()
        if fence.language == "console" and line.startswith("$ ")
        if page_name(page) not in RUN
    }
    assert commands == COMMANDS


def test_the_simple_count_counts(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '```python title="x"\n```\n'
        "> ~~~ {.py .copy}\n> ~~~\n"
        "    ````markdown\n    ```python\n    ```\n    ````\n"
        "a `b` ```c```\n"
    )
    assert count(page) == {"python": 1, "py": 1, "markdown": 1}
