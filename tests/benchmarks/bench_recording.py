"""What recording costs: `make bench`, or this file as a module.

A Django request is answered again and again, unrecorded and under each tool in turn; the
least time of each counts, for whatever else the machine does only adds to it.  What is
told are ratios to the same work unrecorded.  With `--write` they go into the book, with
a column for each Python; `--python` names further interpreters, which measure
themselves.  No test looks at the numbers: a busy machine would fail it.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import io
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.walkthroughs.making import trace
from walkthroughs.focus import Focus
from walkthroughs.listing import check, parse
from walkthroughs.recorder import Recorder
from walkthroughs.scenarios.mysite.asgi import django_application

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "about" / "recording-cost.md"
MARK = "<!-- measured: written by make bench -->"

REQUESTS = 20
"""How many requests one measurement answers."""

ROUNDS = 10
"""How often everything is measured, in turn."""

CALLS = 100_000
"""How many calls are matched."""

FOCUS = ("django.core.handlers.asgi", "walkthroughs.scenarios.mysite")

EVERYTHING = tuple(
    {name.partition(".")[0] for name in sys.modules} - {"walkthroughs", "tests"}
)

Tool = Callable[[], AbstractContextManager[Any]]
"""What begins to look, gives the application to call, and stops looking."""

Results = dict[str, float | None]
"""Row -> how many times what it costs unrecorded; None if the tool is not there."""

MATCHING = f"matching {CALLS:,} calls"


def serve(application: Any) -> None:
    """Answers requests for the example site's asynchronous view."""

    async def requests() -> None:
        whole = {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: Any) -> None:
            pass

        for _ in range(REQUESTS):
            queue: asyncio.Queue[Any] = asyncio.Queue()
            queue.put_nowait(whole)
            scope = {"type": "http", "path": "/hello/", "method": "GET", "headers": []}
            await application(scope, queue.get, send)

    asyncio.run(requests())


@contextmanager
def unrecorded() -> Iterator[Any]:
    yield django_application


@contextmanager
def recording(*patterns: str) -> Iterator[Any]:
    recorder = Recorder(Focus.of(patterns))
    recorder.start()
    try:
        yield recorder.door(django_application)
    finally:
        recorder.stop()


@contextmanager
def profiling() -> Iterator[Any]:
    """`sys.setprofile` with a function that does nothing: the least that it can cost."""
    sys.setprofile(lambda frame, event, arg: None)
    try:
        yield django_application
    finally:
        sys.setprofile(None)


@contextmanager
def viztracer() -> Iterator[Any]:
    tracer = importlib.import_module("viztracer").VizTracer(
        verbose=0, tracer_entries=5_000_000
    )
    tracer.start()
    try:
        yield django_application
    finally:
        tracer.stop()
        tracer.clear()


@contextmanager
def hunter() -> Iterator[Any]:
    module = importlib.import_module("hunter")
    printer = module.CallPrinter(stream=io.StringIO())
    with module.trace(module_in=FOCUS, action=printer):
        yield django_application


TOOLS: dict[str, tuple[str, Tool]] = {
    "walkthroughs, a focus": ("", lambda: recording(*FOCUS)),
    "hunter, a focus": ("hunter", hunter),
    "walkthroughs, everything": ("", lambda: recording(*EVERYTHING, *FOCUS)),
    "VizTracer, everything": ("viztracer", viztracer),
    "`sys.setprofile`, doing nothing": ("", profiling),
}
"""Row -> the package that it takes, and the tool."""


def costs() -> Results:
    """The table's column for this interpreter."""
    found = {
        name: tool
        for name, (package, tool) in TOOLS.items()
        if not package or importlib.util.find_spec(package)
    }
    least = dict.fromkeys(["", *found], float("inf"))
    for number in range(ROUNDS):
        for name, tool in {"": unrecorded, **found}.items():
            least[name] = min(least[name], seconds(tool))
        tell(f"Python {platform.python_version()}: round {number + 1} of {ROUNDS}")
    tell("")
    ratios = {
        name: least[name] / least[""] if name in found else None for name in TOOLS
    }
    return {**ratios, MATCHING: matching()}


def seconds(tool: Tool) -> float:
    """The processor's time for the requests, once the tool has seen such requests."""
    with tool() as application:
        serve(application)
        start = time.process_time()
        serve(application)
        return time.process_time() - start


def matching() -> float:
    """Seconds to hold a listing against a long recording."""
    story = "\n".join(["app.One.run", *["    app.One.step"] * CALLS, "app.One.end"])
    recorded = trace(story)
    listing = parse("app.One.run\n...\n    app.One.step\napp.One.end\n")
    start = time.process_time()
    check(listing, recorded)
    return time.process_time() - start


def tell(line: str) -> None:
    """Shows progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def measure(pythons: Sequence[str]) -> dict[str, Results]:
    """Version -> column, for this interpreter and the given ones."""
    columns = {platform.python_version(): costs()}
    for python in pythons:
        said = subprocess.run(
            [python, "-m", __spec__.name, "--json"],
            cwd=HOUSE,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        columns.update(json.loads(said.stdout))
    return columns


def table(columns: dict[str, Results]) -> str:
    """A Markdown table."""
    lines = [
        f"| measured | {' | '.join(f'Python {version}' for version in columns)} |",
        f"|---|{'---:|' * len(columns)}",
    ]
    for row in next(iter(columns.values())):
        cells = [cell(row, column[row]) for column in columns.values()]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(row: str, value: float | None) -> str:
    """A number as people write it."""
    if value is None:
        return "not installed"
    return (
        f"{value:.2f} s" if row == MATCHING else f"{value:.2f} \N{MULTIPLICATION SIGN}"
    )


def write(columns: dict[str, Results]) -> None:
    """Writes the table into the book."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    made = (
        f"Measured on {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores; the least of "
        f"{ROUNDS} rounds of {REQUESTS} requests."
    )
    PAGE.write_text(f"{head}{MARK}\n\n{made}\n\n{table(columns)}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints the table, and writes it down if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", default=[], help="measured too")
    parser.add_argument("--write", action="store_true", help="into the book's page")
    parser.add_argument("--json", action="store_true", help="for another of these")
    options = parser.parse_args(arguments)
    if options.json:
        print(json.dumps({platform.python_version(): costs()}))
        return
    columns = measure(options.python)
    print(f"\n{table(columns)}")
    if options.write:
        write(columns)


def test_measure_recording() -> None:
    """What `make bench` runs: here, and where `make test-versions` has installed."""
    others = sorted(HOUSE.glob(".venv-3.*/bin/python"))
    main(["--write", *(word for each in others for word in ("--python", str(each)))])


if __name__ == "__main__":
    main()
