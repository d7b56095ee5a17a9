"""`walkthroughs list`: the book's scenarios."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..scenarios import load, names

HELP = "list the scenarios of the book"


def add(parser: ArgumentParser) -> None:
    """`list` takes no options."""


def run(args: Namespace) -> int:
    """Print name, story and servers of each scenario."""
    stories = [load(name) for name in names()]
    width = max(len(story.name) for story in stories)
    for story in stories:
        print(f"{story.name:{width}}  {story.story} ({', '.join(story.focus)})")
    return 0
