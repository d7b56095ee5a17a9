"""`walkthroughs record`: on every server, in every format, and when things go wrong."""

from __future__ import annotations

import io
import json
import os
import re
import select
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from walkthroughs.cli import main
from walkthroughs.commands import FAILED, USAGE, formats, record, request_options
from walkthroughs.observation import Observation, observe
from walkthroughs.servers import NAMES
from walkthroughs.trace import Trace

SITE = "tests.walkthroughs.commands.site"


@pytest.fixture(scope="module")
def seen() -> Observation:
    """One recording, for all tests that look at what is made of one."""
    client = request_options.client(
        Namespace(time_limit=5, max_events=1000, concurrency=1, asked=()), print
    )
    orders = {"scenario": "GET /", "server": "uvicorn", "application": SITE}
    return observe(orders, client)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch, seen: Observation) -> Observation:
    """Nothing is run: every recording is that one."""
    monkeypatch.setattr(record, "observe", lambda orders, client, tell: seen)
    return seen


@pytest.mark.parametrize("server", NAMES)
def test_every_server_shows_the_path_to_the_application_and_back(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["record", SITE, "--server", server, "--websocket", "/chat", "--send", "a"]
    assert main([*words, "--request", "/page", "--start-up"]) == 0
    said = capsys.readouterr()
    lines = [" ".join(line.split()[1:]) for line in said.out.splitlines()]
    names = [line.replace("│ ", "").split("  ")[0] for line in lines]
    path = [
        "send <- websocket.accept",
        "receive -> websocket.receive",
        "send <- websocket.send",
        "send <- websocket.send",
        f"{SITE}.answer",
        "send <- http.response.start",
        "send <- http.response.body",
    ]
    at = 0
    for step in path:
        assert any(name.startswith(step) for name in names[at:]), step
        at += next(n for n, name in enumerate(names[at:]) if name.startswith(step)) + 1
    assert any(name.startswith(f"{server}.") for name in names)
    assert "application | asked for /page\n" in said.err
    assert "application | origin http://localhost\n" in said.err


def test_requests_keep_their_headers_bodies_and_the_cookies_between_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "body").write_text('{"a": 1}')
    words = ["--header", "X-Own: all", "--request", "/one?x=1"]
    words += ["--request", "/two", "--data", "t={token}", "--header", "x-own: {token}"]
    words += ["--request", "PUT /three", "--data", f"@{tmp_path / 'body'}"]
    out = tmp_path / "trace.json"
    assert main(["record", SITE, "--server", "uvicorn", *words, "-o", str(out)]) == 0
    printed = [line for line in capsys.readouterr().err.splitlines() if "/" in line]
    form = "application/x-www-form-urlencoded"
    assert [line.partition(" | ")[2] for line in printed if line.count("|") > 2] == [
        "GET|/one|x=1||all||",
        f"POST|/two||{form}|s3cret|s3cret|t=s3cret",
        'PUT|/three||application/json|all|s3cret|{"a": 1}',
    ]
    assert Trace.from_json(out.read_text()).header.scenario == (
        "GET /one?x=1, POST /two, PUT /three"
    )
    assert "s3cret" not in out.read_text()


def test_a_server_may_close_the_websocket(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["record", SITE, "--server", "uvicorn", "--websocket", "/chat"]
    assert main([*words, "--send", "bye", "never sent"]) == 0
    assert "send <- websocket.close" in capsys.readouterr().out


FAULTS = {
    (
        "/raises",
    ): "the application raised at /raises: ValueError: two (commands/site.py",
    ("/500",): "GET /500: 500, 13 bytes",
    ("/never",): "GET /never: no answer within 0.5 seconds",
    ("/begins",): "GET /begins: answered 200, but was not done within 0.5 seconds",
}


@pytest.mark.parametrize("path", FAULTS)
def test_a_fault_is_one_line_after_the_path_up_to_there(
    path: tuple[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["record", SITE, "--server", "uvicorn", "--time-limit", "0.5"]
    assert main([*words, "--request", path[0]]) == FAILED
    said = capsys.readouterr()
    assert f"{SITE}.application" in said.out
    [line] = [x for x in said.err.splitlines() if not x.startswith("application | ")]
    assert line.startswith(f"walkthroughs record: {FAULTS[path]}")


def test_a_refused_websocket_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["record", SITE, "--server", "uvicorn", "--websocket", "/refused"]
    assert main(words) == FAILED
    assert "WebSocket /refused: refused with status 403\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "fault"),
    [
        (
            ["tests.walkthroughs.raises_on_import"],
            FAILED,
            "cannot import tests.walkthroughs.raises_on_import: ValueError: on purpose",
        ),
        (["no.such"], USAGE, "cannot import no.such: ModuleNotFoundError: No module"),
        ([f"{SITE}:nothing"], USAGE, f"{SITE} has no 'nothing'"),
        ([f"{SITE}:not_callable"], USAGE, "cannot be called: it is not an ASGI"),
        (
            [SITE, "--server", "dance"],
            USAGE,
            "there is no server 'dance': choose one of daphne,",
        ),
        ([SITE, "--send", "a"], USAGE, "--send needs a WebSocket"),
        (
            [SITE, "--websocket", "/", "--data", "a"],
            USAGE,
            "--data goes with a request",
        ),
        (
            [SITE, "--websocket", "chat"],
            USAGE,
            "'chat' is not a path: a path begins with / and is ASCII",
        ),
        ([SITE, "--request", "GET a b"], USAGE, "a request is 'METHOD PATH'"),
        ([SITE, "--header", "a"], USAGE, "--header is 'NAME: VALUE'"),
        ([SITE, "--header", "a b: c"], USAGE, "--header is 'NAME: VALUE'"),
        ([SITE, "--header", "a: b\nc: d"], USAGE, "--header is 'NAME: VALUE'"),
        ([SITE, "--data", "@no-such"], USAGE, "--data @no-such: No such file"),
        ([SITE, "--time-limit", "0"], USAGE, "must be greater than 0"),
        ([SITE, "--time-limit", "nan"], USAGE, "must be greater than 0"),
        ([SITE, "--steps", "0"], USAGE, "--steps must be at least 1"),
        ([SITE, "--focus", ""], USAGE, "--focus takes a dotted name, as in a.b,"),
        ([SITE, "--focus=-a"], USAGE, "--focus only leaves names out"),
        (["site.py"], USAGE, "is a dotted name, as in mysite.asgi:application, not"),
        (["./site.py:app"], USAGE, "is a dotted name"),
        ([""], USAGE, "is a dotted name"),
        ([SITE, "-o", "a.doc"], USAGE, "cannot tell the format from the name a.doc"),
    ],
)
def test_what_cannot_be_recorded_is_told_in_one_line(
    words: list[str], status: int, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", *words]) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert fault in said.err and said.err.count("\n") == 1


STARTS = {
    "out.txt": "GET / on uvicorn: ",
    "out.html": "<!doctype html>",
    "out.json": '{"header"',
    "out.svg": "<svg ",
    "out.mmd": "sequenceDiagram\n",
    "out.perfetto": '{"traceEvents"',
}


@pytest.mark.parametrize("name", STARTS)
def test_the_name_of_the_file_says_the_format(
    name: str, tmp_path: Path, recorded: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", SITE, "-o", str(tmp_path / name)]) == 0
    assert capsys.readouterr().out == ""
    written = (tmp_path / name).read_text()
    assert written.startswith(STARTS[name])
    assert main(["record", SITE, "--format", formats.SUFFIXES[Path(name).suffix]]) == 0
    assert capsys.readouterr().out == written


def test_json_is_the_whole_recording(
    recorded: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["record", SITE, "--format", "json"])
    assert capsys.readouterr().out == recorded.json


def test_the_page_stands_alone(
    recorded: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["record", SITE, "--format", "html"])
    page = capsys.readouterr().out
    assert "<link" not in page and "src=" not in page
    assert "http-equiv" not in page and "@import" not in page
    # Stepper and unpacking, both pictures and the steps that are packed, and dark mode.
    assert page.count("</script>") == 6
    assert f"{SITE}.answer" in page


def test_focus_and_steps_choose_what_is_shown(
    recorded: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["record", SITE, "--focus", SITE])
    shown = capsys.readouterr().out
    assert f"{SITE}.answer" in shown and "uvicorn.server.Server.run" not in shown
    main(["record", SITE])
    whole = capsys.readouterr().out
    main(["record", SITE, "--steps", "5"])
    assert capsys.readouterr().out.count("\n") < whole.count("\n") / 2


def test_the_first_thing_to_see_is_ones_own_code(
    recorded: Observation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["record", SITE])
    first, second, third, *path = capsys.readouterr().out.splitlines()
    assert first.startswith("GET / on uvicorn: ")
    assert second == "Your own code:" and f"{SITE}.application" in third
    assert not any("uvicorn.server.Server.startup  " in line for line in path)
    assert any("while the server started (--start-up shows" in line for line in path)
    main(["record", SITE, "-o", str(tmp_path / "it.txt")])
    assert (tmp_path / "it.txt").read_text().splitlines()[3:] == path
    main(["record", SITE, "--start-up"])
    whole = capsys.readouterr().out
    assert "Your own code" not in whole and "uvicorn.server.Server.startup  " in whole


def test_a_focus_is_all_that_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def observe(orders: Any, client: Any, tell: Any) -> Observation:
        asked.update(orders)
        raise KeyboardInterrupt

    monkeypatch.setattr(record, "observe", observe)
    assert main(["record", SITE, "--focus", "a", "--focus=-a.b"]) == 130
    assert asked["focus"] == ["a", "-a.b"]


def test_a_recording_that_was_full_says_so(
    monkeypatch: pytest.MonkeyPatch,
    seen: Observation,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = json.loads(seen.json)
    data["header"]["dropped"] = 7
    full = replace(seen, json=json.dumps(data), running=1)
    monkeypatch.setattr(record, "observe", lambda orders, client, tell: full)
    assert main(["record", SITE, "--max-events", "10"]) == FAILED
    said = capsys.readouterr().err
    assert "the recording is incomplete: --focus makes it smaller" in said
    assert "for more than 10 events after the start-up\n" in said
    assert "the application was not done after 10 seconds" in said


def test_what_is_kept_begins_when_the_server_listens(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["record", SITE, "--server", "daphne", "--max-events", "60"]
    assert main([*words, "--start-up"]) == FAILED
    said = capsys.readouterr()
    assert "daphne.server.Server.run" in said.out and f"{SITE}.answer" in said.out
    assert "send <- http.response.body" not in said.out
    assert re.search(
        r"Note: The recording was full after [\d,]+ events: the ", said.out
    )
    assert "full" not in said.err
    assert "for more than 60 events after the start-up\n" in said.err


def test_progress_is_for_a_terminal(
    recorded: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    main(["record", SITE, "--server", "uvicorn"])
    assert terminal.getvalue().startswith(f"recording {SITE} on uvicorn\n")


def test_long_work_is_announced_before_it_is_done(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time; time.sleep(600)")
    command = [sys.executable, "-m", "walkthroughs", "record"]
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*command, "slow", "--app-dir", str(tmp_path), "--server", "uvicorn"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        try:
            assert select.select([ours], [], [], 120)[0]
            assert os.read(ours, 100).startswith(b"recording slow on uvicorn")
        finally:
            process.terminate()
    os.close(ours)


def test_a_file_that_cannot_be_written_is_told(
    recorded: Observation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", SITE, "-o", str(tmp_path / "no" / "a.txt")]) == USAGE
    assert f"there is no folder {tmp_path / 'no'}" in capsys.readouterr().err
    words = ["record", SITE, "--format", "text", "-o"]
    assert main([*words, str(tmp_path)]) == USAGE
    assert f"cannot write {tmp_path}: it is a folder" in capsys.readouterr().err
    assert main([*words, "/dev/full"]) == USAGE
    assert "cannot write /dev/full: No space left" in capsys.readouterr().err


def test_a_focus_on_what_never_runs_is_told(
    recorded: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", SITE, "--focus", "no.such"]) == FAILED
    said = capsys.readouterr()
    assert "no call of no.such was recorded: either nothing there ran, or" in said.err


def test_an_answer_that_explains_why_nothing_ran_is_told(
    monkeypatch: pytest.MonkeyPatch,
    seen: Observation,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = seen.json.replace('["status", "200"]', '["status", "404"]')
    assert text != seen.json
    absent = replace(seen, json=text)
    monkeypatch.setattr(record, "observe", lambda orders, client, tell: absent)
    assert main(["record", SITE, "--focus", "no.such"]) == FAILED
    said = capsys.readouterr()
    assert "nothing there ran (the application answered 404), or the" in said.err
    assert re.search(r"send <- http.response.start +404\n", said.out)


def test_so_many_steps_are_printed_as_were_asked_for(
    recorded: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["record", SITE, "--steps", "10", "--start-up"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("GET / on uvicorn: 10 steps in ")
    assert sum(bool(re.match(r" *\d+  ", line)) for line in lines) == 10
    assert any(f"{SITE}.answer" in line for line in lines)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ("aaaba", "GET /a \u00d7 3, GET /b, GET /a"),
        # A heading of hundreds of lines hid the page below it.
        ("ab" * 400, "GET /a \u00d7 400, GET /b \u00d7 400"),
        (
            "abcdefghia",
            "GET /a \u00d7 2, GET /b, GET /c, GET /d, GET /e, GET /f, and 3 more",
        ),
    ],
)
def test_requests_are_named_in_a_line_that_fits_a_heading(
    targets: str, words: str
) -> None:
    asked = [("request", f"/{each}") for each in targets]
    client = request_options.client(
        Namespace(time_limit=5, max_events=1000, asked=asked, concurrency=1), print
    )
    assert record._describe_exchanges(client) == words


@pytest.mark.parametrize("server", ["uvicorn", "daphne", "hypercorn"])
@pytest.mark.parametrize("header", [(), ("--header", "Accept: text/plain")])
def test_a_listing_to_be_pasted_holds_with_the_scenario_beside_it(
    server: str,
    header: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "wt_pasted.py").write_text(PASTED)
    # A module of that name that another test has left is not the one that is meant.
    for name in ("paths", "wt_pasted"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    command = ("record", "wt_pasted:app", "--server", server, "--request", "/a?b=c")
    assert main([*command, *header, "--format", "callpath"]) == 0
    said = capsys.readouterr().out
    # What is private or nested in one's own code counts, as it does in a recording.
    assert PASTED_LISTING in said
    (tmp_path / "paths.py").write_text(said.partition("\n\n")[2].partition("-->")[0])
    (tmp_path / "page.md").write_text(said)
    try:
        assert main(["check", "page.md"]) == 0
        capsys.readouterr()
        assert main(["run", "paths:wt_pasted", "--format", "callpath"]) == 0
        assert capsys.readouterr().out == said.partition("-->\n\n")[2]
    finally:
        sys.modules.pop("paths", None)


def test_a_scenario_to_be_pasted_has_the_options_of_the_recording(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "wt_made.py").write_text(MADE)
    (tmp_path / "wt.env").write_text("GREETING=s3cret\n")
    monkeypatch.delitem(sys.modules, "paths", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    command = ["record", "wt_made:create", "--factory", "--app-dir", "src"]
    command += ["--env-file", "wt.env", "--warm-up", "--concurrency", "2"]
    assert main([*command, "--server", "daphne", "--format", "callpath"]) == 0
    said = capsys.readouterr().out
    assert said.count("wt_made.greet\n") == 2
    assert "s3cret" not in said
    (tmp_path / "paths.py").write_text(said.partition("\n\n")[2].partition("-->")[0])
    (tmp_path / "page.md").write_text(said)
    try:
        assert main(["check", "page.md"]) == 0
    finally:
        sys.modules.pop("paths", None)


MADE = """\
import os


def create():
    greeting = os.environ["GREETING"]

    async def app(scope, receive, send):
        if not scope["app"].get("warm"):
            scope["app"]["warm"] = warm()
        greet(greeting)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    state = {}

    async def with_state(scope, receive, send):
        await app({**scope, "app": state}, receive, send)

    return with_state


def warm():
    return True


def greet(greeting):
    return greeting
"""


PASTED_LISTING = """
wt_pasted.App.__call__
    wt_pasted.App._handle
        wt_pasted.App._handle.<locals>._nested
        wt_pasted.answer
            send <- http.response.start
"""
PASTED = """\
class Base:
    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        await self._handle(send)


class App(Base):
    async def _handle(self, send):
        def _nested():
            return answer(send)

        await _nested()


app = App()


async def answer(send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})
"""


def test_a_listing_of_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    command = ("record", SITE, "--server", "uvicorn", "--focus", "nowhere.at.all")
    assert main([*command, "--format", "callpath"]) == FAILED
    said = capsys.readouterr()
    assert "no call of nowhere.at.all was recorded: there is nothing to" in said.err
    assert said.out == ""
