"""What recording costs: `make bench`, or this file as a module.

Two Django requests, a small one and a page of a stock project, are answered again and
again, unrecorded and under each tool in turn; the least time of each counts, for whatever
else the machine does only adds to it.  What is told are ratios to the same work
unrecorded.  With `--write` they go into the book, with a column for each Python;
`--python` names further interpreters.  Each request has a process of its own, for Django
is set up once in a process.  No test looks at the numbers: a busy machine would fail it.
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
from typing import Any, NamedTuple

from tests.walkthroughs.trace_builder import trace
from walkthroughs.focus import Focus
from walkthroughs.listing import check, parse
from walkthroughs.recorder import Recorder

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "about" / "recording-cost.md"
MARK = "<!-- measured: written by make bench -->"

REQUESTS = 20
"""How many requests one measurement answers."""

ROUNDS = 10
"""How often everything is measured, in turn."""

CALLS = 100_000
"""How many calls are matched."""


class Request(NamedTuple):
    """What is asked, of which application, and which calls are in focus."""

    name: str
    path: str
    module: str
    attribute: str
    focus: tuple[str, ...]


REQUESTED = (
    Request(
        "The least that Django does",
        "/hello/",
        "walkthroughs.scenarios.mysite.asgi",
        "django_application",
        ("django.core.handlers.asgi", "walkthroughs.scenarios.mysite"),
    ),
    Request(
        "A page of a stock project",
        "/admin/login/",
        "tests.benchmarks.stock",
        "application",
        ("django.core.handlers.asgi", "django.contrib.auth.views"),
    ),
)

Tool = Callable[[Any, Request], AbstractContextManager[Any]]
"""What begins to look, gives the application to call, and stops looking."""

Results = dict[str, float | None]
"""Row -> how many times what it costs unrecorded; None if the tool is not there."""

Columns = dict[str, Results]
"""Version -> column of a table."""

MATCHING = f"matching {CALLS:,} calls"


def serve(application: Any, request: Request) -> None:
    """Answers the request, again and again."""

    async def requests() -> None:
        whole = {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: Any) -> None:
            pass

        for _ in range(REQUESTS):
            queue: asyncio.Queue[Any] = asyncio.Queue()
            queue.put_nowait(whole)
            scope = {
                "type": "http",
                "path": request.path,
                "method": "GET",
                "headers": [],
            }
            await application(scope, queue.get, send)

    asyncio.run(requests())


@contextmanager
def unrecorded(application: Any, request: Request) -> Iterator[Any]:
    yield application


@contextmanager
def recording(application: Any, request: Request) -> Iterator[Any]:
    with recorded(application, request.focus) as heard:
        yield heard


@contextmanager
def recording_everything(application: Any, request: Request) -> Iterator[Any]:
    packages = {name.partition(".")[0] for name in sys.modules}
    everything = packages - {"walkthroughs", "tests"}
    with recorded(application, (*everything, *request.focus)) as heard:
        yield heard


@contextmanager
def recorded(application: Any, patterns: Sequence[str]) -> Iterator[Any]:
    recorder = Recorder(Focus.of(patterns))
    recorder.start()
    try:
        yield recorder.wrap(application)
    finally:
        recorder.stop()


@contextmanager
def profiling(application: Any, request: Request) -> Iterator[Any]:
    """`sys.setprofile` with a function that does nothing: the least that it can cost."""
    sys.setprofile(lambda frame, event, arg: None)
    try:
        yield application
    finally:
        sys.setprofile(None)


@contextmanager
def noting(application: Any, request: Request) -> Iterator[Any]:
    """`sys.monitoring` with functions that note the time and which code it is, of all
    that begins and ends: the least that a recorder written in Python can do."""
    monitoring: Any = getattr(sys, "monitoring", None)
    events, tool = monitoring.events, monitoring.PROFILER_ID
    noted: list[tuple[int, Any]] = []

    def note(code: Any, *_: Any) -> None:
        noted.append((time.perf_counter_ns(), code))

    monitoring.use_tool_id(tool, "noting")
    heard = ("PY_START", "PY_RETURN", "PY_YIELD", "PY_RESUME", "PY_UNWIND")
    for each in heard:
        monitoring.register_callback(tool, getattr(events, each), note)
    monitoring.set_events(tool, sum(getattr(events, each) for each in heard))
    try:
        yield application
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


@contextmanager
def viztracer(application: Any, request: Request) -> Iterator[Any]:
    tracer = importlib.import_module("viztracer").VizTracer(
        verbose=0, tracer_entries=5_000_000
    )
    tracer.start()
    try:
        yield application
    finally:
        tracer.stop()
        tracer.clear()


@contextmanager
def hunter(application: Any, request: Request) -> Iterator[Any]:
    module = importlib.import_module("hunter")
    printer = module.CallPrinter(stream=io.StringIO())
    with module.trace(module_in=request.focus, action=printer):
        yield application


TOOLS: dict[str, tuple[str, Tool]] = {
    "walkthroughs, a focus": ("", recording),
    "hunter, a focus": ("hunter", hunter),
    "walkthroughs, everything": ("", recording_everything),
    "VizTracer, everything": ("viztracer", viztracer),
    "`sys.monitoring`, noting the time": ("sys.monitoring", noting),
    "`sys.setprofile`, doing nothing": ("", profiling),
}
"""Row -> what it takes, and the tool."""


def is_there(what: str) -> bool:
    """Whether this interpreter has what a tool takes."""
    if what == "sys.monitoring":
        return sys.version_info >= (3, 12)
    return not what or importlib.util.find_spec(what) is not None


def costs(request: Request) -> Results:
    """The table's column for this interpreter."""
    application = getattr(importlib.import_module(request.module), request.attribute)
    found = {name: tool for name, (what, tool) in TOOLS.items() if is_there(what)}
    least = dict.fromkeys(["", *found], float("inf"))
    for number in range(ROUNDS):
        for name, tool in {"": unrecorded, **found}.items():
            with tool(application, request) as heard:
                least[name] = min(least[name], seconds(heard, request))
        version = platform.python_version()
        tell(f"Python {version}, {request.path}: round {number + 1} of {ROUNDS}")
    tell("")
    return {name: least[name] / least[""] if name in found else None for name in TOOLS}


def seconds(application: Any, request: Request) -> float:
    """The processor's time for the requests, once the tool has seen such requests."""
    serve(application, request)
    start = time.process_time()
    serve(application, request)
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


def measure(pythons: Sequence[str]) -> dict[str, Columns]:
    """Heading -> version -> column, for this interpreter and the given ones."""
    tables: dict[str, Columns] = {each.name: {} for each in REQUESTED}
    tables["Holding a listing against a recording"] = {}
    for python in (sys.executable, *pythons):
        for number, heading in enumerate(tables):
            said = subprocess.run(
                [python, "-m", __spec__.name, "--json", str(number)],
                cwd=HOUSE,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            tables[heading].update(json.loads(said.stdout))
    return tables


def column(number: int) -> Results:
    """The column of one of the tables."""
    if number < len(REQUESTED):
        return costs(REQUESTED[number])
    return {MATCHING: matching()}


def sections(tables: dict[str, Columns]) -> str:
    """The tables in Markdown, each under its heading."""
    return "\n\n".join(
        f"### {heading}\n\n{table(columns)}" for heading, columns in tables.items()
    )


def table(columns: Columns) -> str:
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
        return "not there"
    return (
        f"{value:.2f} s" if row == MATCHING else f"{value:.2f} \N{MULTIPLICATION SIGN}"
    )


def write(tables: dict[str, Columns]) -> None:
    """Writes the tables into the book."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    made = (
        f"Measured on {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores; the least of "
        f"{ROUNDS} rounds of {REQUESTS} requests."
    )
    PAGE.write_text(f"{head}{MARK}\n\n{made}\n\n{sections(tables)}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints the tables, and writes them down if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", default=[], help="measured too")
    parser.add_argument("--write", action="store_true", help="into the book's page")
    parser.add_argument("--json", type=int, help="one table's column, for another")
    options = parser.parse_args(arguments)
    if options.json is not None:
        print(json.dumps({platform.python_version(): column(options.json)}))
        return
    tables = measure(options.python)
    print(f"\n{sections(tables)}")
    if options.write:
        write(tables)


def test_measure_recording() -> None:
    """What `make bench` runs: here, and where `make test-versions` has installed."""
    others = sorted(HOUSE.glob(".venv-3.*/bin/python"))
    main(["--write", *(word for each in others for word in ("--python", str(each)))])


if __name__ == "__main__":
    main()
