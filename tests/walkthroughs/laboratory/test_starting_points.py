"""Each start point tells what the book's recording of the same story tells.

`DIFFERENCES` and `TURNS` have all that differs, and why; the page says the same.
"""

import re
from collections.abc import Iterator
from difflib import ndiff
from pathlib import Path

import pytest

from walkthroughs.laboratory.starting_points import SERVERS, STARTS, Start, renamed
from walkthroughs.recording import record

from .laboratory_process import Bench, bench

STARTED = (".listen_success", ".Port.getHost")
"""Where the start of a server ends."""

TOLD = [each for each in STARTS if each.scenario]

# (start point, server) -> the steps that may be missing, too many, or at another moment.
# Django closes a request in a thread in the book and in place here.  When that thread is
# done differs from run to run, and with it whether the application ends before its
# client does the next thing.
ENDING = {
    "minidaphne.http_protocol.WebRequest.application_finished",
    "minidaphne.http_protocol.WebRequest.connection_lost",
    "minidaphne.http_protocol.WebRequest.put_nowait",
    "minidaphne.http_protocol.WebRequest.send_disconnect",
    "minidaphne.http_protocol.WebRequest.stop_timer",
    "minidaphne.server.Server.application_checker",
    "minidaphne.server.Server.close_application",
    "minidaphne.server.Server.kill_later",
    "minidaphne.server.Server.maybe_drained",
    "minidaphne.server.Server.protocol_disconnected",
}
DIFFERENCES: dict[tuple[str, str], set[str]] = {
    ("keep-alive", "minidaphne"): ENDING,
    ("websocket-push", "minidaphne"): ENDING,
}
# The same steps in another order: the kernel decides whether the book's second connection
# or the bytes of the first are ready before the other.
TURNS = {("http-upload-slow", server) for server in SERVERS}


@pytest.fixture(scope="module")
def lab() -> Iterator[Bench]:
    """One laboratory for all start points."""
    with bench() as found:
        yield found


def steps(lab: Bench, start: Start, server: str) -> list[str]:
    result = lab.run(
        start.client,
        start.application,
        server,
        focus=start.focus(server),
        options=dict(start.options),
    )
    assert result["error"] == ""
    assert result["html"]
    found: list[str] = result["steps"]
    return found


def listening(book: list[str]) -> list[str]:
    """The steps after the server listens, with which the book's recordings begin."""
    ready = [n for n, name in enumerate(book) if name.endswith(STARTED)]
    last = next(n for n in ready if n + 1 not in ready)
    return book[last + 1 :]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
def test_it_runs(lab: Bench, start: Start, server: str) -> None:
    assert steps(lab, start, server)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("start", TOLD, ids=lambda start: start.name)
def test_it_takes_the_steps_of_the_book(lab: Bench, start: Start, server: str) -> None:
    trace = record(start.scenario, server)
    book = [renamed(trace.name(each)) for each in trace.steps]
    ours = steps(lab, start, server)
    if (start.name, server) in TURNS:
        assert sorted(listening(book)) == sorted(ours)
        return
    differs = {line[2:] for line in ndiff(listening(book), ours) if line[0] in "-+"}
    assert differs <= DIFFERENCES.get((start.name, server), set())


def test_the_page_names_each_difference_and_no_other(house: Path) -> None:
    page = (house / "docs" / "laboratory.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| (daphne|minidaphne|both) \|", page, re.MULTILINE)
    named = {
        (start.name, server)
        for title, which in rows
        for start in STARTS
        if start.title == title
        for server in (SERVERS if which == "both" else (which,))
    }
    assert named == {*DIFFERENCES, *TURNS}
