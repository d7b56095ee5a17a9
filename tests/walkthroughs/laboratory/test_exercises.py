"""Exercises are solved in the page: right answers pass, wrong ones are told why."""

import ast
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from walkthroughs.laboratory.blocks import PAGES, Block, blocks, is_check
from walkthroughs.pages.markdown import fences

from .bench import Bench, bench

WRONG: dict[tuple[str, str], dict[str, str]] = {
    ("words.md", "async def echo"): {
        "": "The box is still empty.",
        "async def ecko(scope, receive, send):\n    pass\n": (
            "Your answer does not define echo."
        ),
        "async def echo(scope, receive, send:\n": (
            "SyntaxError: '(' was never closed (line 1 of your answer)"
        ),
        "async def echo(scope, receive):\n    pass\n": (
            "TypeError: echo() takes 2 positional arguments but 3 were given"
        ),
        "async def echo(scope, receive, send):\n    pass\n": (
            "The events sent are []."
        ),
        """\
        async def echo(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
        """: "No body was sent.",
        """\
        async def echo(scope, receive, send):
            event = await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": event["body"]})
        """: "The body is b'good ', not b'good morning'.",
        """\
        async def echo(scope, receive, send):
            while True:
                event = await receive()
        """: "Your answer was still waiting when the check gave up.",
        """\
        async def echo(scope, receive, send):
            while True:
                event = await receive()
                body = event["bodies"]
        """: "KeyError: 'bodies' (line 4 of your answer)",
    },
    ("words.md", "counts = {"): {
        "def counted(application):\n    return application\n": (
            "Your answer does not define counts."
        ),
        """\
        counts = {"in": 0, "out": 0}


        def counted(application):
            return application
        """: "The counts are {'in': 0, 'out': 0}, not {'in': 2, 'out': 2}.",
        """\
        counts = {"in": 0, "out": 0}


        def counted(application):
            async def wrapped(scope, receive, send):
                counts["in"] += 1
                await application(scope, receive, send)
                counts["out"] += 1

            return wrapped
        """: "The counts are {'in': 1, 'out': 1}, not {'in': 2, 'out': 2}.",
        """\
        counts = {"in": 0, "out": 0}


        def counted(application):
            async def wrapped(scope, receive, send):
                async def counted_send(event):
                    counts["out"] += 1

                await application(scope, receive, counted_send)

            return wrapped
        """: "Of the two events of the answer, 0 came through.",
    },
    ("when-things-go-wrong.md", "async def view"): {
        "async def view():\n    await pay()\n": (
            "The payment was cancelled with the view."
        ),
        "async def view():\n    asyncio.create_task(pay())\n": (
            "view() is done before pay() is."
        ),
    },
}
"""An exercise, by its page and the start of the page's answer -> wrong answer -> words."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Bench]:
    """One laboratory for all exercises."""
    with bench() as found:
        yield found


def exercises(house: Path) -> dict[tuple[str, str], tuple[list[str], Block, Block]]:
    """An exercise -> what runs above it, the page's answer, and the check."""
    found = {}
    for page in PAGES:
        on_page = blocks(page, (house / "docs" / page).read_text(encoding="utf-8"))
        for n, check in enumerate(on_page):
            if check.check:
                answer = on_page[n - 1]
                above = [each.runs for each in on_page[: n - 1] if each.runs.strip()]
                keys = [key for key in WRONG if key[0] == page]
                key = next(
                    (key for key in keys if answer.body.startswith(key[1])),
                    (page, answer.body.partition("\n")[0]),
                )
                found[key] = above, answer, check
    return found


def test_each_exercise_is_known_with_answers_that_are_wrong(house: Path) -> None:
    assert exercises(house).keys() == WRONG.keys()


@pytest.mark.parametrize("key", WRONG, ids=lambda key: f"{key[0]}: {key[1]}")
def test_the_own_answer_of_the_page_is_right(
    lab: Bench, key: tuple[str, str], house: Path
) -> None:
    above, answer, check = exercises(house)[key]
    said = lab.ask(
        do="exercise", page=key[0], bodies=above, answer=answer.body, check=check.body
    )
    assert said == {"output": "", "failed": False}


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        (key, each, words)
        for key, found in WRONG.items()
        for each, words in found.items()
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(
    lab: Bench, key: tuple[str, str], answer: str, words: str, house: Path
) -> None:
    above, _, check = exercises(house)[key]
    said = lab.ask(
        do="exercise",
        page=key[0],
        bodies=above,
        answer=dedent(answer),
        check=check.body,
    )
    assert said["failed"]
    assert said["output"].startswith(words)


def test_what_ran_further_down_does_not_count(lab: Bench, house: Path) -> None:
    above, answer, check = exercises(house)["words.md", "async def echo"]
    whole = [*above, answer.body, check.body]
    assert not lab.ask(do="snippet", page="words.md", bodies=whole)["failed"]
    said = lab.ask(
        do="exercise", page="words.md", bodies=above, answer="1\n", check=check.body
    )
    assert said["output"] == "Your answer does not define echo."


def test_one_answer_leaves_no_name_to_the_next(lab: Bench) -> None:
    check = 'assert mine == 1, "no"\n'
    asked = {"do": "exercise", "page": "p", "bodies": ["x = 1\n"], "check": check}
    assert lab.ask(**asked, answer="mine = x\nprint(mine)\n") == {
        "output": "1",
        "failed": False,
    }
    said = lab.ask(**asked, answer="x\n")
    assert said["output"] == "Your answer does not define mine."


@pytest.mark.parametrize(
    ("answer", "check", "words"),
    [
        ("def f():\n    assert 0\n", "f()\n", "AssertionError"),
        (">>> 1 + 1\n3\n", "1\n", "Expected:\n    3"),
        ("1\n", "raise NameError('hm')\n", "NameError: hm"),
        ("def f():\n    return nothing\n", "f()\n", "NameError: name 'nothing'"),
    ],
)
def test_no_error_is_taken_for_a_right_answer(
    lab: Bench, answer: str, check: str, words: str
) -> None:
    asked = {"do": "exercise", "page": "p", "bodies": ["x = 1\n"]}
    said = lab.ask(**asked, answer=answer, check=check)
    assert said["failed"]
    assert words in said["output"]


def test_each_check_has_words_for_all_it_asserts(house: Path) -> None:
    for _, _, check in exercises(house).values():
        tree = compile(
            check.body,
            "check",
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        asserts = [each for each in ast.walk(tree) if isinstance(each, ast.Assert)]
        assert asserts
        assert all(each.msg for each in asserts)


def test_a_check_is_only_where_it_can_be_run(house: Path) -> None:
    docs = house / "docs"
    with_checks = {
        page.relative_to(docs).as_posix()
        for page in docs.rglob("*.md")
        if any(map(is_check, fences(page.read_text(encoding="utf-8"))))
    }
    assert with_checks == {page for page, _ in WRONG}
