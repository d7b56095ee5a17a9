"""Excerpts: the right lines, marked; and a sentence where there are none."""

import os
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

from walkthroughs.render.source import Excerpt, Sources, highlight
from walkthroughs.trace import Function, Package

PACKAGES = (Package("Made-Up", "1.2", "MIT"), Package("pytest", "9", "MIT"))

LONG = "\n".join(f"        step({n})" for n in range(5, 43))
MODULE = f'''\
@decorate
def early(one):
    """Says
nothing much."""
    return one


class Holder:
    async def long(self):
        """Has many lines."""
{LONG}
        return self  # the end
'''


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    package = tmp_path / "made_up"
    package.mkdir()
    (package / "code.py").write_text(MODULE, encoding="utf-8")
    (package / "odd.py").write_text("def f(:\n", encoding="utf-8")
    (package / "escape.py").write_text("def f():\n    return '\\d'\n", encoding="utf-8")
    return Sources(PACKAGES, [str(tmp_path / "empty"), str(tmp_path)])


def function(qualname: str, line: int, file: str = "made_up/code.py") -> Function:
    return Function("made_up.code", qualname, file, line)


def numbers(excerpt: Excerpt) -> list[int | None]:
    return [line.number if line else None for line in excerpt.lines]


EARLY = function("early", 1)
HOLDER = function("Holder.long", 9)


def test_a_short_function_is_shown_whole_with_its_decorators(sources: Sources) -> None:
    excerpt = sources.callee(EARLY, 5)
    assert numbers(excerpt) == [1, 2, 3, 4, 5]
    assert excerpt.problem == ""


def test_a_module_in_a_zip_archive_has_its_source(tmp_path: Path) -> None:
    path = tmp_path / "library.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("made_up/code.py", MODULE)
    sources = Sources(PACKAGES, [str(tmp_path / "none.zip"), str(path)])
    assert numbers(sources.callee(EARLY, 5)) == [1, 2, 3, 4, 5]
    assert (
        "not installed" in sources.callee(function("f", 1, "made_up/no.py"), 1).problem
    )


def test_lines_after_those_shown_do_not_change_their_colours(tmp_path: Path) -> None:
    whole = highlight(MODULE)
    for count in range(1, len(whole) + 1):
        assert highlight(MODULE, count) == whole[:count]


def test_a_function_is_found_wherever_a_statement_holds_it(tmp_path: Path) -> None:
    text = """\
        try:
            if one:
                def a(): "In if."
            else:
                def b(): "In else."
        except ValueError:
            for _ in (lambda: 1, 1 if one else 2):
                def c(): "In except."
        finally:
            match one:
                case 1:
                    with one:
                        def d(): "In case."
        def e():
            def f(): "In a function."
    """
    (tmp_path / "code.py").write_text(dedent(text), encoding="utf-8")
    sources = Sources((), [str(tmp_path)])
    said = {
        name: sources.summary(function(name, line, "code.py"))
        for name, line in zip("abcdef", (3, 5, 8, 13, 14, 15), strict=True)
    }
    assert said == {
        "a": "In if.",
        "b": "In else.",
        "c": "In except.",
        "d": "In case.",
        "e": "",
        "f": "In a function.",
    }


@pytest.mark.parametrize(
    ("docstring", "said"),
    [
        ("Builds it. And more.", "Builds it."),
        ("Builds\n    it\n\n    at length", "Builds it"),
        ("Gives L{a thing<made.Thing>} and C{None}.", "Gives a thing and None."),
        ("Gives ``None``. More.", "Gives None."),
        ("is Version 1.2 of it", "is Version 1.2 of it"),
        ("Stops, e.g. on a signal. More.", "Stops, e.g. on a signal."),
        ("so long " * 30, ""),
    ],
)
def test_a_function_is_summed_up_by_the_first_sentence_of_its_docstring(
    tmp_path: Path, docstring: str, said: str
) -> None:
    (tmp_path / "one.py").write_text(f'def f():\n    """{docstring}"""\n')
    sources = Sources(PACKAGES, [str(tmp_path)])
    assert sources.summary(function("f", 1, "one.py")) == said


def test_without_a_docstring_or_a_source_there_is_no_summary(sources: Sources) -> None:
    assert sources.summary(function("f", 1, "made_up/escape.py")) == ""
    assert sources.summary(function("f", 1, "made_up/none.py")) == ""
    assert sources.summary(function("g", 2, "made_up/escape.py")) == ""


def test_a_file_that_has_changed_is_read_again(
    sources: Sources, tmp_path: Path
) -> None:
    assert sources.callee(EARLY, 5).lines[4] is not None
    file = tmp_path / "made_up" / "code.py"
    file.write_text(MODULE.replace("return one", "return two"), encoding="utf-8")
    os.utime(file, ns=(1, 1))
    last = sources.callee(EARLY, 5).lines[4]
    assert last and last.text == "    return two"


def test_the_line_where_a_call_ended_is_marked(sources: Sources) -> None:
    marks = [line and line.mark for line in sources.callee(EARLY, 5).lines]
    assert marks == ["", "", "", "", "return"]
    raised = sources.callee(EARLY, 5, "raise").lines[-1]
    assert raised is not None
    assert raised.mark == "raise"


def test_the_beginning_and_the_end_of_a_long_function_are_shown(
    sources: Sources,
) -> None:
    assert numbers(sources.callee(HOLDER, 49)) == [*range(9, 19), None, 48, 49]


def test_a_call_that_has_not_ended_has_no_marked_line(sources: Sources) -> None:
    assert numbers(sources.callee(HOLDER, None)) == [*range(9, 19), None]


def test_the_calling_line_stands_amid_its_neighbours(sources: Sources) -> None:
    excerpt = sources.caller(HOLDER, 30)
    assert numbers(excerpt) == [9, None, *range(25, 36), None]
    marked = [line for line in excerpt.lines if line and line.mark]
    assert [(line.number, line.text, line.mark) for line in marked] == [
        (30, "    step(24)", "call")
    ]


def test_a_gap_of_one_line_is_no_gap(sources: Sources) -> None:
    assert numbers(sources.caller(HOLDER, 16)) == [*range(9, 22), None]


def test_lines_lose_the_indentation_of_the_function(sources: Sources) -> None:
    first = sources.caller(HOLDER, 10).lines[0]
    assert first is not None
    assert first.text == "async def long(self):"


def test_text_that_stands_left_of_the_function_is_kept(sources: Sources) -> None:
    texts = [line and line.text for line in sources.callee(EARLY, None).lines]
    assert texts[3] == 'nothing much."""'


def test_an_excerpt_names_its_package(sources: Sources) -> None:
    assert sources.package(EARLY) == PACKAGES[0]
    assert sources.caller(EARLY, 5).package == PACKAGES[0]


def test_a_package_is_found_by_what_it_installs(sources: Sources) -> None:
    inside = Function("_pytest.main", "main", "_pytest/main.py", 1)
    assert sources.package(inside) == PACKAGES[1]


def test_code_of_no_package_is_nobodys(sources: Sources) -> None:
    assert sources.package(Function("mysite.views", "hello", "x.py", 1)) is None


def test_sys_path_is_searched_without_importing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boom.py").write_text("def f():\n    pass\n\n1 / 0\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    excerpt = Sources(()).callee(Function("boom", "f", "boom.py", 1), 2)
    assert numbers(excerpt) == [1, 2]
    assert "boom" not in sys.modules


def test_a_missing_file_is_said(sources: Sources) -> None:
    excerpt = sources.callee(function("f", 1, "made_up/gone.py"), 1)
    assert excerpt.lines == ()
    assert "made_up/gone.py, is not installed" in excerpt.problem


@pytest.mark.parametrize(
    "other",
    [
        function("late", 1),
        function("early", 2),
        function("f", 1, "made_up/odd.py"),
    ],
)
def test_another_version_of_a_file_is_said(sources: Sources, other: Function) -> None:
    excerpt = sources.callee(other, None)
    assert excerpt.lines == ()
    assert "not the one that was recorded" in excerpt.problem


def test_a_line_outside_the_function_is_said(sources: Sources) -> None:
    assert "not the one that was recorded" in sources.caller(EARLY, 30).problem


def test_odd_escapes_in_a_file_warn_nobody(sources: Sources) -> None:
    assert numbers(sources.callee(function("f", 1, "made_up/escape.py"), 2)) == [1, 2]


def test_highlighting_keeps_lines_and_leaves_out_what_has_no_colour() -> None:
    lines = highlight('def f(a):\n    """One\n    two."""\n\n    return a < 1')
    assert len(lines) == 5
    assert lines[0] == '<span class="k">def</span> <span class="nf">f</span>(a):'
    assert lines[2].endswith("</span>")
    assert "&lt;" in lines[4]


def test_without_pygments_source_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygments", None)
    assert highlight("a < 1\n\nb") == ["a &lt; 1", "", "b"]
