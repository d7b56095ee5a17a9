"""`walkthroughs check`: in Markdown, reStructuredText and docstrings, and how it repairs them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from walkthroughs.cli import main
from walkthroughs.commands import FAILED, USAGE
from walkthroughs.pages.listings import find
from walkthroughs.pages.markdown import Fence, Problem

FACTORY = "daphne.http_protocol.HTTPFactory"
RIGHT = f"{FACTORY}.doStart  # it begins\n    {FACTORY}.startFactory\n"
SWAPPED = f"{FACTORY}.startFactory\n{FACTORY}.doStart  # it begins\n"
MENDED = f"{FACTORY}.doStart  # it begins\n{FACTORY}.startFactory\n"


def indented(text: str, margin: str = "    ") -> str:
    return "".join(f"{margin}{line}\n" for line in text.splitlines())


def markdown(listing: str) -> str:
    return (
        "# A page\n\n```callpath scenario=main-loop server=daphne\n"
        f"{listing}```\n\nThe end.\n"
    )


def rest(listing: str) -> str:
    head = ".. callpath::\n   :scenario: main-loop\n   :server: daphne\n\n"
    return f"A page\n======\n\n{head}{indented(listing, '   ')}\nThe end.\n"


def rest_block(listing: str) -> str:
    return rest(listing).replace(".. callpath::", ".. code-block:: callpath")


def rest_words(listing: str) -> str:
    head = ".. sourcecode:: callpath scenario=main-loop server='daphne'\n\n"
    return f"{head}{indented(listing, '   ')}\nThe end.\n"


def python(listing: str) -> str:
    return (
        '# ```callpath in a comment is none\nTEXT = """\n```callpath\n```\n"""\n\n\n'
        f'def function():\n    """Does it.\n\n{indented(markdown(listing))}    """\n'
    )


def python_rest(listing: str) -> str:
    return f'class A:\n    """It.\n\n{indented(rest(listing))}\n    """\n'


def python_block(listing: str) -> str:
    return python_rest(listing).replace(".. callpath::", ".. code-block:: callpath")


FORMS = {
    "page.md": markdown,
    "page.rst": rest,
    "block.rst": rest_block,
    "words.rst": rest_words,
    "block.py": python_block,
    "code.py": python,
    "more.py": python_rest,
}


@pytest.mark.parametrize("name", FORMS)
def test_a_listing_that_holds_is_counted(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(FORMS[name](RIGHT))
    assert main(["check", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "1 listing of 1 in 1 file holds\n"


@pytest.mark.parametrize("name", FORMS)
def test_one_that_does_not_is_blamed_by_file_and_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name](SWAPPED))
    assert main(["check", str(path)]) == FAILED
    said = capsys.readouterr()
    lines = path.read_text().splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if "doStart" in text)
    assert said.out.startswith(f"{path}:{line}: {FACTORY}.doStart comes before")
    assert "- written, + observed:" in said.out
    assert said.err == "0 listings of 1 in 1 file hold\n"


@pytest.mark.parametrize("name", FORMS)
def test_update_writes_the_correction_and_nothing_else(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name](SWAPPED))
    assert main(["check", "--update", str(path)]) == 0
    assert path.read_text() == FORMS[name](MENDED)
    assert "repaired: " in capsys.readouterr().out
    assert main(["check", str(path)]) == 0


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("body", ["", "...\n"])
def test_update_writes_a_first_listing_where_there_is_none(
    name: str, body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name](body))
    assert main(["check", str(path)]) == FAILED
    assert "the listing is empty" in capsys.readouterr().out
    assert main(["check", "--update", str(path)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"repaired: {path}:")
    assert said.err == "1 listing of 1 in 1 file holds\n"
    assert "run_forever" in path.read_text()
    assert "The end.\n" in path.read_text()
    assert main(["check", str(path)]) == 0


def test_update_says_how_many_hold_now_and_keeps_the_ends_of_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "page.md"
    path.write_bytes(markdown(SWAPPED).replace("\n", "\r\n").encode())
    assert main(["check", "--update", ".", str(path)]) == 0
    assert capsys.readouterr().err == "1 listing of 1 in 1 file holds\n"
    assert path.read_bytes() == markdown(MENDED).replace("\n", "\r\n").encode()


def test_what_can_be_mended_beside_a_call_that_is_gone_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(markdown(f"{FACTORY}.dance\n{SWAPPED}"))
    assert main(["check", "--update", str(path)]) == FAILED
    said = capsys.readouterr()
    assert f"page.md:4: {FACTORY}.dance never happened" in said.out
    assert (
        f"\ncannot repair {FACTORY}.dance: write the new name, or take the" in said.out
    )
    assert f"repaired: {path}:3" in said.out
    assert said.err == "0 listings of 1 in 1 file hold\n"
    assert MENDED in path.read_text()


def test_a_file_that_cannot_be_read_does_not_end_the_check_of_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff ```callpath")
    (tmp_path / "b.md").write_bytes(b"\xff is all")
    (tmp_path / "c.md").write_text(markdown(RIGHT))
    assert main(["check", str(tmp_path)]) == FAILED
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'a.md'}: the text is not in UTF-8\n"
    assert said.err == "1 listing of 1 in 3 files holds\n"
    (tmp_path / "a.md").unlink()
    assert main(["check", str(tmp_path)]) == 0


@pytest.mark.parametrize("folder", [".tox", "venv", "node_modules"])
def test_what_others_wrote_is_left_out_of_a_folder(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / "venv").mkdir(exist_ok=True)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    (tmp_path / folder / "page.md").write_text(markdown(SWAPPED))
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "no listings in 0 files\n"


def test_what_cannot_be_mended_stays_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(markdown("daphne.server.Server.dance\n"))
    assert main(["check", "--update", str(path)]) == FAILED
    assert "daphne.server.Server.dance never happened" in capsys.readouterr().out
    assert "dance" in path.read_text()


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("```callpath\na.b\n```\n", "page.md:1: a callpath fence needs scenario=NAME"),
        (
            "```callpath scenario=x server=y\na b\n```\n",
            "page.md:2: 'a b' is not a dotted",
        ),
        ("```callpath scenario=x server=y\na.b\n", "page.md:1: this fence is never"),
        ("```callpath scenario=x server=y\na.b\n```\n", "there is no scenario 'x'"),
        ("- one\n\n    ```callpath scenario=x\na.b\n    ```\n", "page.md:4: this line"),
    ],
)
def test_a_listing_that_makes_no_sense_fails(
    page: str,
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("page.md").write_text(page)
    assert main(["check", "page.md"]) == FAILED
    assert fault in capsys.readouterr().out


def test_a_link_to_nowhere_in_a_folder_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.md").symlink_to("nowhere.md")
    assert main(["check", str(tmp_path)]) == FAILED
    assert "page.md: No such file or directory" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("page.txt", b"", "page.txt: only .md, .rst, .py files can have listings"),
        ("page.md", b"\xff", "the text is not in UTF-8"),
        ("code.py", b"def", "it is not Python"),
    ],
)
def test_files_that_cannot_be_read_are_bad_usage(
    name: str,
    content: bytes,
    fault: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_bytes(content)
    assert main(["check", str(tmp_path / name)]) == USAGE
    assert fault in capsys.readouterr().err


ODD = {
    ".rst": (
        ".. callpath: scenario=x",
        ".. callpath",
        ".. tool:callpath::",
        ".. highlight:: callpath",
        ".. code-tab:: callpath",
        "   :language: callpath",
        "```callpath",
    ),
    ".md": ("```{callpath}", "```{code-block} callpath", "```Callpath"),
    ".py": ("```{callpath}", ".. callpath: scenario=x"),
}


@pytest.mark.parametrize(
    ("suffix", "line"), [(suffix, line) for suffix in ODD for line in ODD[suffix]]
)
def test_a_form_that_is_not_read_is_said_with_its_line(
    suffix: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"odd{suffix}"
    text = f"Words.\n\n{line}\n\n   a.b\n\n```\n"
    path.write_text(f'"""{text}"""\n' if suffix == ".py" else text)
    assert main(["check", str(path)]) == FAILED
    assert f"{path}:3: this is not a listing, though it " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".rst", ".. index:: callpath\n.. _callpath:\n.. a callpath is none\n"),
        (".rst", ".. code-block:: callpaths\n\n   a.b\n\n:name: callpath\n"),
        (".md", '```python title="callpath"\n1\n```\n\n```callpath-like\n```\n'),
    ],
)
def test_what_only_has_the_word_is_no_listing(suffix: str, text: str) -> None:
    assert find(Path(f"a{suffix}"), text) == []


@pytest.mark.parametrize("first", ["```callpath", ".. callpath::"])
@pytest.mark.parametrize("quotes", ['"""', "r'''"])
def test_beside_the_quotes_of_a_docstring_nothing_is_passed_over(
    first: str, quotes: str
) -> None:
    close = quotes.removeprefix("r")
    text = f"class Ä:\n    {quotes}{first}\n\n       a.b\n    ```\n    {close}\n"
    found = find(Path("a.py"), text)
    assert found and found[0].line in (2, 4, 5)


@pytest.mark.parametrize("suffix", [".rst", ".py"])
def test_what_is_found_is_told_in_the_order_of_the_file(suffix: str) -> None:
    text = "\n```callpath\na.b\n```\n\n.. callpath::\n\n   a.b\n\n```{callpath}\n```\n"
    found = find(Path(f"a{suffix}"), f'"""{text}"""' if suffix == ".py" else text)
    assert [each.line for each in found] == [2, 7, 10]


def test_a_page_without_listings_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.md").write_text("```python\n1\n```\n\n```\n")
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "no listings in 1 file\n"


def test_directives_end_where_the_text_goes_back() -> None:
    text = dedent(
        """\
        * a list

          .. callpath:: bare
             :scenario: one

             a.b

                 c.d

          after

        .. callpath::
           :server: two

        next
        .. callpath::"""
    )
    first, second, third = find(Path("a.rst"), text)
    assert isinstance(first, Fence)
    assert (first.arguments, first.options) == (("bare",), {"scenario": "one"})
    assert first.body == "a.b\n\n    c.d\n"
    assert first.line == 5
    assert text[first.start : first.end].strip() == "a.b\n\n         c.d"
    assert isinstance(second, Fence) and (second.line, second.body) == (12, "")
    assert isinstance(third, Problem) and third.line == 16
