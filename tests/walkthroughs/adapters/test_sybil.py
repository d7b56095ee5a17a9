"""Pages are tests: all that stands on them runs, and what is wrong fails."""

import textwrap
from pathlib import Path

import pytest

from tests.walkthroughs.page_builder import failures
from walkthroughs.adapters.sybil import SHOWN, page_sybil
from walkthroughs.fences import KINDS
from walkthroughs.pages.snippets import PYTHON

GOOD = """\
# A page

```python title="names.py" hl_lines="1"
import asyncio

turns = asyncio.Queue()
await turns.put("first")
```

=== "A tab"

    ``` {.python .copy}
    loop = asyncio.get_running_loop()
    await turns.put("second")
    ```

    !!! note

        ~~~pycon
        >>> turns.qsize()  # names are shared
        2
        >>> await turns.get()  # and so is the loop
        'first'
        >>> print("a long line")
        a ... line
        >>> [][0]
        Traceback (most recent call last):
            ...
        IndexError: list index out of range
        >>> for turn in range(2):
        ...     print(turn)
        0
        1

        ~~~

1. item

    ```py
    assert await turns.get()
    ```

```source walkthroughs.errors.FenceError
```

```text
>>> nothing
```

````markdown
```python
1 / 0
```
````
"""


def test_runs_every_form_of_fence(tmp_path: Path) -> None:
    assert failures(tmp_path, GOOD) == []
    examples = page_sybil().parse(tmp_path / "page.md").examples()
    found = [(each.line, each.parsed.language) for each in examples]
    assert found == [
        (3, "python"),
        (12, "python"),
        (19, "pycon"),
        (39, "py"),
        (43, "source"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\n>>> 1 + 1\n3\n```\n", ":2: >>> 1 + 1\nExpected:\n    3\nGot:"),
        ("```py\n>>> 1\n\n>>> 1/0\n```\n", "ZeroDivisionError: division by zero"),
        (
            "```py\n>>> 1/0\nTraceback (most recent call last):\nOSError\n```\n",
            "Got:\n    ZeroDivisionError",
        ),
        ("```py\n>>> 1\n1\n\nmore\n```\n", ":2: nothing compares 'more'"),
        ("```py\n>>> 1 # doctest: +SKIP\n2\n```\n", ":2: nothing on a page may be"),
        ("\n```Python3\nx = 1\n```\n", ":2: nothing runs a fence of 'Python3'; known"),
        ("```\nx = 1\n```\n", ":1: nothing runs a fence of no language"),
        ("a\n\n```python\nx = 1\n", ":3: this fence is never closed"),
        ("- ```python\n  x = 1\n  ```\n", ":1: a fence beside a bullet is none"),
        ("```source json.dump_\n```\n", ":1: 'json' has no 'dump_'; the nearest"),
        ("```source\n```\n", ":1: a source fence needs the name"),
    ],
)
def test_says_what_is_wrong_and_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = "\n".join(failures(tmp_path, text))
    assert told.startswith("page.md:")
    assert message in told


def test_a_traceback_has_the_lines_of_the_page(tmp_path: Path) -> None:
    text = "# Page\n\n```python\ndef fail():\n    raise OSError\n```\n"
    told = failures(tmp_path, text + "\n```py\n>>> fail()\n```\n")
    assert 'page.md", line 9, in <module>' in told[0]
    assert 'page.md", line 5, in fail' in told[0]


def test_a_language_is_either_run_or_shown() -> None:
    assert not {*KINDS, *PYTHON} & SHOWN


def run(pytester: pytest.Pytester, page: str) -> pytest.RunResult:
    """pytest on a project whose one page is `page`."""
    pytester.makeini("[pytest]\nwalkthroughs_pages = docs\nfilterwarnings = error\n")
    docs = pytester.mkdir("docs")
    (docs / "page.md").write_text(textwrap.dedent(page))
    (pytester.path / "other.md").write_text("```python\n1 / 0\n```\n")
    return pytester.runpytest_subprocess("-p", "no:asyncio", ".")


def test_pytest_runs_the_pages(pytester: pytest.Pytester) -> None:
    run(pytester, GOOD).assert_outcomes(passed=5)


def test_pytest_names_page_and_line_of_a_wrong_answer(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, "# Page\n\n```python\n>>> 1 + 1\n3\n```\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*docs/page.md:4: >>> 1 + 1", "*3", "*Got:", "*2"])


def test_pytest_names_page_and_line_of_an_error(pytester: pytest.Pytester) -> None:
    result = run(pytester, "# Page\n\n```python\nx = 1\nx / 0\n```\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*x / 0", "*docs/page.md:5: ZeroDivisionError"])


def test_pytest_without_pages_runs_none(pytester: pytest.Pytester) -> None:
    pytester.makefile(".md", page="```python\n1 / 0\n```\n")
    result = pytester.runpytest_subprocess("-p", "no:asyncio", ".")
    result.assert_outcomes()


def test_pytest_says_in_one_line_that_sybil_is_missing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makefile(".md", page="# Page")
    pytester.makeini("[pytest]\nwalkthroughs_pages = page.md")
    pytester.makepyfile(sitecustomize="import sys\nsys.modules['sybil'] = None")
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    result = pytester.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in result.errlines if line]
    assert said == [
        "ERROR: walkthroughs_pages needs Sybil: run `python -m pip install sybil`"
    ]
