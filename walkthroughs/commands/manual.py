"""`walkthroughs manual`: the page on the command line, made from the parser itself.

A test holds the book's page to it.  It is made by hand and not by argparse, whose words
differ from one Python to the next.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from . import FAILED, USAGE

HELP = "print this page"

HEAD = f"""\
---
description: Every command of walkthroughs, with all that it takes.
search:
  boost: 0.00001
---

# Command line

`walkthroughs` is one command with several below it; `python -m walkthroughs` is the same.
Each is told in a chapter: [Your own application](../your-application.md) has `record`,
`check` and `run`.

The exit status is 0 if all went well. It is {FAILED} if something does not hold, or could
not be recorded, or did not do what it should. It is {USAGE} if the command makes no
sense. What is wrong stands in one line on standard error.

`daphne`, `minidaphne`, `uvicorn` and `hypercorn` are recorded with their own steps.
`granian` reads, parses and writes in Rust: a recording has the application's steps and
what Granian has Python do, and says so.

This page is made from the program itself.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """`manual` takes no options."""


def run(args: argparse.Namespace) -> int:
    """Print the page."""
    print(manual(args.parser), end="")
    return 0


def manual(parser: argparse.ArgumentParser) -> str:
    """Return the page, in Markdown.

    Args:
        parser: that of the whole command line.
    """
    [commands] = [each for each in _arguments(parser) if each.choices]
    assert isinstance(commands.choices, dict)
    sections = (
        line for name, each in commands.choices.items() for line in _section(name, each)
    )
    return f"{HEAD}\n" + "".join(f"{line}\n" for line in sections).rstrip("\n") + "\n"


def _section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield f"`{_usage(parser)}`"
    yield ""
    yield str(parser.description)
    yield ""
    for action in _taken(parser):
        yield _heading(action)
        yield f":   {_sentence(action)}"
        yield ""


def _taken(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [each for each in _arguments(parser) if each.dest != "help"]


def _arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 - argparse lists them in no public way


def _usage(parser: argparse.ArgumentParser) -> str:
    taken = _taken(parser)
    options = ["[OPTIONS]"] if any(each.option_strings for each in taken) else []
    places = [_value(each) for each in taken if not each.option_strings]
    return " ".join([parser.prog, *places, *options])


def _heading(action: argparse.Action) -> str:
    value = _value(action)
    names = action.option_strings or [value]
    beside = f" {value}" if action.option_strings and value else ""
    return ", ".join(f"`{name}{beside}`" for name in names)


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices:
        return "|".join(action.choices)
    value = str(action.metavar or action.dest.upper())
    dots = {"+": f"{value} ...", "*": f"[{value} ...]"}
    return dots.get(str(action.nargs), value)


def _sentence(action: argparse.Action) -> str:
    words = (action.help or "") % {"default": action.default}
    return f"{words[0].upper()}{words[1:]}."
