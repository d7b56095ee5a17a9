"""The options that say what is asked, of which application, and how often."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import pytest

from walkthroughs.cli import main
from walkthroughs.clients.exchanges import Exchange, Receive, Request, WebSocket
from walkthroughs.commands import FAILED, USAGE, request_options
from walkthroughs.trace import Message, Trace

SITE = "tests.walkthroughs.commands.site"
FACTORY = "tests.walkthroughs.commands.factories"


def exchanges(*words: str) -> list[Exchange]:
    parser = ArgumentParser()
    request_options.add(parser)
    return request_options.exchanges(parser.parse_args([SITE, *words]))


def test_messages_and_subprotocols_belong_to_the_websocket_before_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "image").write_bytes(b"\x89")
    first = ["--websocket", "/a", "--subprotocol", "v2", "--subprotocol", "v1"]
    first += ["--send", "one", "two", "--send-bytes", "00 ff", f"@{tmp_path / 'image'}"]
    second = ["--websocket", "/b", "--receive", "2"]
    assert exchanges(*first, *second, "--request", "/c") == [
        WebSocket(
            "/a", ("one", "two", b"\x00\xff", b"\x89"), subprotocols=("v2", "v1")
        ),
        WebSocket("/b", (Receive(2),)),
        Request("GET", "/c"),
    ]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--subprotocol", "a"], "--subprotocol needs a WebSocket: put --websocket"),
        (["--request", "/", "--receive", "1"], "--receive needs a WebSocket"),
        (["--send-bytes", "00"], "--send-bytes needs a WebSocket"),
        (["--websocket", "/", "--subprotocol", "a b"], "takes one name, as in graphql"),
        (["--websocket", "/", "--send-bytes", "0"], "takes hexadecimal digits, as in"),
        (["--websocket", "/", "--send-bytes", "@no"], "--send-bytes @no: No such file"),
        (["--websocket", "/", "--receive", "-1"], "takes a number of messages, not"),
        (["--websocket", "/", "--receive", "9" * 5000], "takes a number of messages"),
        (["--websocket", "/", "--receive", "²"], "takes a number of messages, not"),
        (["--concurrency", "0"], "--concurrency must be between 1 and 100"),
        (["--concurrency", "101"], "--concurrency must be between 1 and 100"),
        (["--app-dir", "no-such"], "--app-dir no-such: there is no such folder"),
        (["--env-file", "no-such"], "--env-file no-such: No such file"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    words: list[str], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", SITE, "--server", "uvicorn", *words]) == USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert fault in said.err and said.err.count("\n") == 1


def test_a_factory_is_called_with_the_environment_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("GREETING=hello")
    words = [f"{FACTORY}:create", "--factory", "--env-file", str(tmp_path / ".env")]
    assert main(["record", *words, "--server", "uvicorn"]) == 0
    assert "application | hello\n" in capsys.readouterr().err


def test_a_folder_for_applications_is_looked_in_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src").mkdir()
    site = Path(__file__).with_name("site.py").read_text(encoding="utf-8")
    (tmp_path / "src" / "elsewhere.py").write_text(site)
    monkeypatch.chdir(tmp_path)
    assert main(["record", "elsewhere", "--server", "uvicorn"]) == USAGE
    hint = "No module named 'elsewhere': it is in src, so add --app-dir src\n"
    assert capsys.readouterr().err.splitlines(keepends=True)[-1].endswith(hint)
    words = ["record", "elsewhere", "--server", "uvicorn", "--app-dir", "src"]
    assert main(words) == 0
    assert "elsewhere.answer" in capsys.readouterr().out


def recorded(tmp_path: Path, *words: str) -> Trace:
    out = tmp_path / "trace.json"
    assert main(["record", SITE, "--server", "uvicorn", "-o", str(out), *words]) == 0
    return Trace.from_json(out.read_text(encoding="utf-8"))


def lanes(trace: Trace) -> list[str]:
    """The lanes in which an application answered, in order."""
    return [
        trace.lanes[event.lane].label
        for event in trace.events
        if isinstance(event, Message) and event.type == "http.response.body"
    ]


def test_several_clients_have_a_lane_each(tmp_path: Path) -> None:
    assert sorted(lanes(recorded(tmp_path, "--concurrency", "3"))) == [
        "task: application",
        "task: application 2",
        "task: application 3",
    ]


def test_a_warm_up_is_sent_and_not_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = recorded(tmp_path, "--warm-up", "--request", "/a")
    assert lanes(trace) == ["task: application"]
    assert capsys.readouterr().err.count("application | asked for /a\n") == 2
    assert "uvicorn.server.Server.startup" in map(trace.name, trace.steps)


def test_of_a_warm_up_that_fails_the_path_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["record", SITE, "--server", "uvicorn", "--time-limit", "0.5", "--warm-up"]
    assert main([*words, "--request", "/never"]) == FAILED
    said = capsys.readouterr()
    assert "GET /never: no answer within 0.5 seconds" in said.err
    assert f"{SITE}.application" in said.out


def test_an_answer_that_refuses_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["record", SITE, "--server", "uvicorn", "--request", "/500", "--warm-up"]
    assert main([*words, "--concurrency", "2"]) == FAILED
    assert capsys.readouterr().err.count("GET /500: 500, 13 bytes\n") == 1


def test_what_daphne_does_not_do_is_told_when_that_may_be_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["record", f"{FACTORY}:application", "--server", "daphne"]
    assert main([*words, "--websocket", "/", "--request", "/"]) == FAILED
    said = capsys.readouterr().err.splitlines()[-4:]
    assert said[0].startswith(
        "walkthroughs record: the application raised at /: KeyErr"
    )
    assert said[1:] == [
        "walkthroughs record: WebSocket /: refused with status 500",
        (
            "walkthroughs record: daphne runs no lifespan, so the start-up code in "
            "commands/factories.py did not run"
        ),
        "walkthroughs record: daphne's WebSocket scope has no 'scheme'",
    ]
