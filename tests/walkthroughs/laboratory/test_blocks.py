"""Which blocks of pages run in a browser: every one is tried in Pyodide, under Node."""

from pathlib import Path

from walkthroughs.laboratory.blocks import (
    DIFFERENT,
    PAGES,
    PROCESS,
    THREADS,
    Block,
    blocks,
    names_of,
)
from walkthroughs.laboratory.site import CODE
from walkthroughs.pages.markdown import fences

from .pyodide import in_pyodide

TRY = """
import json

from walkthroughs.laboratory.loop import no_other_loop
from walkthroughs.laboratory.worker_messages import _snippets

def each(text):
    asked = json.loads(text)
    passed, answers = [], []
    for body in asked["bodies"]:
        with no_other_loop():
            answer = _snippets.run(asked["page"], [*passed, body])
        answers.append(answer["output"] if answer["failed"] else "")
        if not answer["failed"]:
            passed.append(body)
    return json.dumps(answers)

each
"""
"""Runs the blocks of a page one after the other, without those that have failed."""


def on(page: str, house: Path) -> list[Block]:
    return blocks(page, (house / "docs" / page).read_text(encoding="utf-8"))


def test_what_is_offered_runs_and_what_could_run_is_offered(
    house: Path, tmp_path: Path
) -> None:
    pages = {page: on(page, house) for page in PAGES}
    asked: list[dict[str, object]] = [
        {"page": page, "bodies": [each.body for each in found]}
        for page, found in pages.items()
    ]
    # As a reader does it: what cannot run is left out, but for its imports.
    asked += [
        {"page": f"{page}, read", "bodies": [each.runs for each in found]}
        for page, found in pages.items()
    ]
    answers, _ = in_pyodide(house, tmp_path, CODE + TRY, asked)
    wrong = []
    for (page, found), whole, read in zip(
        pages.items(), answers[: len(pages)], answers[len(pages) :], strict=True
    ):
        assert isinstance(whole, list) and isinstance(read, list)
        wrong += [
            f"{page}:{block.line} is offered and fails: {said}"
            for block, said in zip(found, read, strict=True)
            if said and not block.lacks
        ]
        wrong += [
            f"{page}:{block.line} could run, and is left out: {block.lacks}"
            for block in needless(found, [bool(each) for each in whole])
        ]
    assert not wrong, "\n".join(wrong)


def needless(found: list[Block], failed: list[bool]) -> list[Block]:
    """The blocks that are left out, that run, and that no block needs which fails."""
    needed: set[str] = set()
    wrong = []
    for block, fails in reversed([*zip(found, failed, strict=True)]):
        read, bound = names_of(block.body)
        if not block.lacks:
            continue
        if fails or bound & needed:
            needed |= read
        else:
            wrong.append(block)
    return wrong


def test_every_page_of_the_first_part_with_python_is_there(house: Path) -> None:
    nav = (house / "mkdocs.yml").read_text(encoding="utf-8")
    part = nav[nav.index("words.md") : nav.index("server/index.md")]
    found = [word for word in part.split() if word.endswith(".md")]
    with_python = []
    for page in found:
        text = (house / "docs" / page).read_text(encoding="utf-8")
        if any(each.language == "python" for each in fences(text)):
            with_python.append(page)
    assert tuple(with_python) == PAGES


def test_each_difference_is_still_on_its_page(house: Path) -> None:
    for page, first in DIFFERENT:
        lines = [each.body.lstrip().partition("\n")[0] for each in on(page, house)]
        assert first in lines


def page(*bodies: str) -> list[Block]:
    text = "\n\n".join(f"```python\n{body}```" for body in bodies)
    return blocks("page.md", text)


def test_a_block_that_uses_what_a_browser_lacks_is_left_out() -> None:
    [block] = page("import time\nimport subprocess\nsubprocess.run(['ls'])\n")
    assert block.lacks == PROCESS
    assert block.runs == "import time\n"


def test_a_block_that_needs_such_a_block_is_left_out() -> None:
    found = page(
        "def start():\n    with running() as port:\n        return port\n",
        "def twice():\n    return start(), start()\n",
        ">>> twice()\n1\n",
        ">>> 1 + 1\n2\n",
    )
    assert [each.lacks for each in found] == [PROCESS, PROCESS, PROCESS, ""]


def test_a_name_that_is_bound_again_is_there() -> None:
    found = page(
        "barrier = threading.Barrier(2)\n", "barrier = 1\n", ">>> barrier\n1\n"
    )
    assert [each.lacks for each in found] == [THREADS, "", ""]


def test_a_name_that_is_only_changed_is_needed() -> None:
    found = page("total = len(subprocess.run([]))\n", "total += 1\ntotal += 1\n")
    assert [each.lacks for each in found] == [PROCESS, PROCESS]


def test_an_import_of_a_submodule_binds_the_package() -> None:
    _, bound = names_of("import os.path\nimport xml.dom as dom\n")
    assert bound == {"os", "dom"}


def test_a_name_in_a_string_or_a_parameter_is_no_use_of_it() -> None:
    found = page(
        "port = subprocess\n",
        'SITE = """import subprocess"""\n',
        "def ask(port):\n    return port\n",
    )
    assert [each.lacks for each in found] == [PROCESS, "", ""]


def test_a_block_titled_check_is_a_check() -> None:
    text = '```python title="Check"\nassert 1, "one"\n```\n\n```python\n1\n```\n'
    assert [each.check for each in blocks("page.md", text)] == [True, False]


def test_a_block_left_out_though_it_runs_is_found() -> None:
    found = page("def start():\n    running()\n", ">>> start()\n", "running\n")
    assert needless(found, [False, True, True]) == []
    assert needless(found, [False, False, True]) == [found[1], found[0]]
