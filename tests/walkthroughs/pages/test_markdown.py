"""One scanner finds every fence of a page, and what only looks like one."""

import pytest

from walkthroughs.pages.markdown import Fence, Problem, fences, scan

PAGE = """\
# Title

```python title="a b" hl_lines="2 3"
x = 1

```

=== "Tab"

    ~~~ {.pycon .copy #here title='it''s'}
    >>> x
      1
    ~~~

> ````markdown
> ```callpath
> ```
> ````

1. item

    ```callpath scenario=http-get server=daphne
    ...
    ```

``` not`a fence
"""


def test_finds_fences_wherever_they_stand() -> None:
    found = fences(PAGE)
    assert [
        (each.line, each.language, each.arguments, dict(each.options), each.body)
        for each in found
    ] == [
        (3, "python", (), {"title": "a b", "hl_lines": "2 3"}, "x = 1\n\n"),
        (10, "pycon", (), {"title": "its"}, ">>> x\n  1\n"),
        (15, "markdown", (), {}, "```callpath\n```\n"),
        (22, "callpath", (), {"scenario": "http-get", "server": "daphne"}, "...\n"),
    ]
    assert scan(PAGE) == found


def test_knows_where_a_fence_stands() -> None:
    fence = fences(PAGE)[1]
    text = PAGE[fence.start : fence.end]
    assert text.startswith("    ~~~ {.pycon")
    assert text.endswith("\n    ~~~")
    assert (fence.indent, fence.marker) == ("    ", "~~~")


@pytest.mark.parametrize(
    ("header", "language", "arguments", "options"),
    [
        ("```", "", (), {}),
        ("``` python", "python", (), {}),
        ("```.py", "py", (), {}),
        ("```python {title=x}", "python", (), {"title": "x"}),
        ("```source a.b:C lines=1", "source", ("a.b:C",), {"lines": "1"}),
        ("``` { .text #id a=1 }", "text", (), {"a": "1"}),
    ],
)
def test_reads_the_words_after_the_marker(
    header: str, language: str, arguments: tuple[str, ...], options: dict[str, str]
) -> None:
    [fence] = scan(f"{header}\n```\n")
    assert isinstance(fence, Fence)
    assert (fence.language, fence.arguments) == (language, arguments)
    assert fence.options == options


@pytest.mark.parametrize(
    ("page", "line", "message"),
    [
        ("\n```python\nx\n", 2, "this fence is never closed"),
        ("```python\nx\n````\n", 1, "this fence is never closed"),
        ("  ```python\n  x\n```\n", 3, "this line ends the fence above"),
        ("- ```python\n  ```\n", 1, "a fence beside a bullet is none"),
        ("a\n\n    >>> 1 + 1\n    2\n", 3, "`>>>` outside a fence"),
        ('```python title="x\n```\n', 1, "the words after the marker make no sense"),
    ],
)
def test_reports_what_nothing_would_render(page: str, line: int, message: str) -> None:
    first = scan(page)[0]
    assert isinstance(first, Problem)
    assert first.line == line
    assert message in first.message
