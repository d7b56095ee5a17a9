"""What recording costs: ratios to the same work unrecorded, beside other tools.

`make bench` runs it; hunter and VizTracer are measured where they are installed.  No
test looks at the numbers: a machine that does something else would fail it.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import io
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from statistics import median
from typing import Any

from tests.walkthroughs.making import trace
from walkthroughs.focus import Focus
from walkthroughs.listing import check, parse
from walkthroughs.recorder import Recorder
from walkthroughs.scenarios.mysite.asgi import django_application

REQUESTS = 100
"""How many requests one measurement answers."""

ROUNDS = 9
"""How often everything is measured, in turn; the median counts."""

FOCUS = ("django.core.handlers.asgi", "walkthroughs.scenarios.mysite")

EVERYTHING = tuple(
    {name.partition(".")[0] for name in sys.modules} - {"walkthroughs", "tests"}
)

Tool = Callable[[], AbstractContextManager[object]]


async def _serve() -> None:
    whole = {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        pass

    for _ in range(REQUESTS):
        queue: asyncio.Queue[Any] = asyncio.Queue()
        queue.put_nowait(whole)
        scope = {"type": "http", "path": "/hello/", "method": "GET", "headers": []}
        await django_application(scope, queue.get, send)


@contextmanager
def recording(*patterns: str) -> Iterator[None]:
    recorder = Recorder(Focus.of(patterns))
    recorder.start()
    try:
        yield
    finally:
        recorder.stop()


@contextmanager
def profiling() -> Iterator[None]:
    """`sys.setprofile` with a function that does nothing: the least that it can cost."""
    sys.setprofile(lambda frame, event, arg: None)
    try:
        yield
    finally:
        sys.setprofile(None)


def viztracer() -> AbstractContextManager[object]:
    tracer: AbstractContextManager[object] = importlib.import_module(
        "viztracer"
    ).VizTracer(verbose=0, tracer_entries=5_000_000, output_file=os.devnull)
    return tracer


def hunter(**query: Any) -> AbstractContextManager[object]:
    module = importlib.import_module("hunter")
    printer = module.CallPrinter(stream=io.StringIO())
    tracer: AbstractContextManager[object] = module.trace(action=printer, **query)
    return tracer


def tools() -> dict[str, Tool]:
    found: dict[str, Tool] = {
        "unrecorded": nullcontext,
        "walkthroughs, a focus": lambda: recording(*FOCUS),
        "walkthroughs, everything": lambda: recording(*EVERYTHING, *FOCUS),
        "sys.setprofile, doing nothing": profiling,
    }
    if importlib.util.find_spec("viztracer"):
        found["VizTracer, everything"] = viztracer
    if importlib.util.find_spec("hunter"):
        found["hunter, a focus"] = lambda: hunter(module_in=FOCUS)
    return found


def measure(tool: Tool) -> float:
    with tool():
        start = time.process_time()
        asyncio.run(_serve())
        return time.process_time() - start


def test_recording_a_django_request() -> None:
    measured = tools()
    asyncio.run(_serve())
    rounds = [
        {name: measure(tool) for name, tool in measured.items()} for _ in range(ROUNDS)
    ]
    print(f"\nA Django request, on Python {platform.python_version()}:")
    for name in measured:
        ratio = median(each[name] / each["unrecorded"] for each in rounds)
        print(f"    {name:32}{ratio:8.2f} times")


def test_matching_100_000_calls() -> None:
    story = "\n".join(["app.One.run", *["    app.One.step"] * 100_000, "app.One.end"])
    recorded = trace(story)
    listing = parse("app.One.run\n...\n    app.One.step\napp.One.end\n")
    start = time.process_time()
    check(listing, recorded)
    print(f"\nMatching 100,000 calls: {time.process_time() - start:.2f} seconds")
