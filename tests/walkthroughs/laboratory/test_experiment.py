"""Experiments, in a Python without sockets and threads."""

from collections.abc import Iterator
from typing import Any

import pytest

from walkthroughs.laboratory.starting_points import STARTS

from .laboratory_process import GET, HELLO, Bench, bench

SERVERS = ("daphne", "minidaphne")

WEBSOCKET = """\
async def application(scope, receive, send):
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"].upper()})
    print(event)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Bench]:
    """One laboratory for all experiments here: none may leave anything to the next."""
    with bench() as found:
        yield found


@pytest.mark.parametrize("server", SERVERS)
def test_a_request_is_answered_and_recorded(lab: Bench, server: str) -> None:
    result = lab.run(server=server)
    assert result["error"] == ""
    assert "Hello" in result["connections"][0]["text"]
    assert "experiment.hello" in result["steps"]
    assert f"{server}.server.Server.handle_reply" in result["steps"]
    assert 'class="wt-listing"' in result["html"]


@pytest.mark.parametrize("server", SERVERS)
def test_an_edit_is_seen_in_the_response_and_in_the_path(
    lab: Bench, server: str
) -> None:
    edited = HELLO.replace('HttpResponse("Hello")', "HttpResponse(greeting())")
    edited += '\n\ndef greeting():\n    return "Good night"\n'
    result = lab.run(application=edited, server=server)
    assert "Good night" in result["connections"][0]["text"]
    assert "experiment.greeting" in result["steps"]
    assert "experiment.greeting" not in lab.run(server=server)["steps"]


@pytest.mark.parametrize("server", SERVERS)
def test_a_second_run_is_like_the_first(lab: Bench, server: str) -> None:
    first, second = lab.run(server=server), lab.run(server=server)
    assert first["steps"] == second["steps"]
    assert first["listing"] == second["listing"]


@pytest.mark.parametrize("server", SERVERS)
def test_a_conversation(lab: Bench, server: str) -> None:
    result = lab.run("WebSocket /\nhello\n--- close 4001\n", WEBSOCKET, server)
    said = result["connections"][0]["said"]
    assert "<- handshake answered with 101" in said
    assert "<- message 'HELLO'" in said
    assert any("'code': 4001" in line for line in result["log"])


@pytest.mark.parametrize("server", SERVERS)
def test_bytes_that_are_no_http(lab: Bench, server: str) -> None:
    result = lab.run("good morning\n\n", server=server)
    assert "400 Bad Request" in result["connections"][0]["text"]


@pytest.mark.parametrize("server", SERVERS)
def test_an_exception_is_told_with_its_line(lab: Bench, server: str) -> None:
    application = "async def application(scope, receive, send):\n    1 / 0\n"
    result = lab.run(application=application, server=server)
    assert any("ZeroDivisionError" in line for line in result["log"])
    assert result["line"] == 2
    assert "500" in result["connections"][0]["text"]


def test_an_exception_in_a_view_is_told_with_its_line(lab: Bench) -> None:
    broken = HELLO.replace('return HttpResponse("Hello")', 'raise ValueError("no")')
    log = lab.run(application=broken)["log"]
    assert any("ValueError: no (line 6)" in line for line in log)


@pytest.mark.parametrize(
    ("application", "words", "line"),
    [
        ("def f(:\n", "SyntaxError", 1),
        ("import nothing_of_the_kind\n", "ModuleNotFoundError", 1),
        ("\nraise SystemExit(3)\n", "SystemExit", 2),
        ("x = 1\n", "must define 'application' or 'urlpatterns'", 0),
        ("application = 3\n", "cannot be called", 0),
    ],
)
def test_code_that_cannot_be_loaded(
    lab: Bench, application: str, words: str, line: int
) -> None:
    result = lab.run(application=application)
    assert words in result["error"]
    assert result["line"] == line
    assert lab.run()["error"] == ""


@pytest.mark.parametrize("server", SERVERS)
def test_code_that_ends_the_process_does_not(lab: Bench, server: str) -> None:
    application = (
        "async def application(scope, receive, send):\n"
        "    if scope['type'] == 'http':\n"
        "        raise SystemExit(3)\n"
    )
    lab.run(application=application, server=server)
    assert lab.run(server=server)["error"] == ""


def test_an_order_that_is_none(lab: Bench) -> None:
    assert "line 1: no such instruction" in lab.run("--- dance\n")["error"]


@pytest.mark.parametrize("server", SERVERS)
def test_waiting_takes_no_time(lab: Bench, server: str) -> None:
    application = HELLO.replace(
        "    return", "    import asyncio\n    await asyncio.sleep(25)\n    return"
    )
    result = lab.run(application=application, server=server)
    assert "Hello" in result["connections"][0]["text"]


@pytest.mark.parametrize("server", SERVERS)
def test_a_sync_view_runs_in_place(lab: Bench, server: str) -> None:
    result = lab.run(application=HELLO.replace("async def", "def"), server=server)
    assert "Hello" in result["connections"][0]["text"]
    assert "experiment.hello" in result["steps"]


def test_a_head_without_its_empty_line_is_hinted_at(lab: Bench) -> None:
    result = lab.run("GET /hello/ HTTP/1.1\nHost: example.com\n")
    assert any("ends with an empty line" in note for note in result["notes"])


def test_a_listing_that_holds_is_shown_as_written(lab: Bench) -> None:
    listing = "...\nexperiment.hello  # here we are\n...\n"
    result = lab.run(listing=listing)
    assert result["problem"] == ""
    assert "here we are" in result["html"]


def test_a_listing_that_does_not_hold_is_told_with_the_diff(lab: Bench) -> None:
    written = lab.run()["listing"]
    assert lab.ask(do="check", listing=written)["problem"] == ""
    broken = written.replace("experiment.hello", "experiment.hallo")
    problem = lab.ask(do="check", listing=broken)["problem"]
    assert "experiment.hallo never happened" in problem
    assert "- written, + observed:" in problem


def test_a_listing_is_mended(lab: Bench) -> None:
    lines = lab.run()["listing"].splitlines()
    at = next(n for n, line in enumerate(lines) if "check_response" in line)
    result = lab.ask(do="repair", listing="\n".join([*lines[:at], *lines[at + 1 :]]))
    assert result["problem"] == ""
    assert "..." in result["listing"]


def test_nothing_can_be_checked_before_a_run() -> None:
    with bench() as fresh:
        assert "press Run first" in fresh.ask(do="check", listing="...")["error"]
        assert "press Run first" in fresh.ask(do="repair", listing="...")["error"]


@pytest.mark.parametrize("focus", ["path", "server", "application", "everything"])
def test_each_focus(lab: Bench, focus: str) -> None:
    result = lab.run(focus=focus)
    assert result["html"]
    assert ("experiment.hello" in result["steps"]) == (focus != "server")


def test_there_is_no_such_focus(lab: Bench) -> None:
    assert "no such focus: 'nowhere'" in lab.run(focus="nowhere")["error"]


def test_printing_is_bounded(lab: Bench) -> None:
    application = HELLO.replace("    return", "    print('x\\n' * 10**6)\n    return")
    assert len(lab.run(application=application)["log"]) <= 500


def test_a_client_that_stops_reading_holds_the_server_back(lab: Bench) -> None:
    application = """\
async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for n in range(100):
        await send({"type": "http.response.body", "body": bytes(20000), "more_body": True})
    await send({"type": "http.response.body"})
    print("all sent")
"""
    client = GET + "--- stop reading\n--- wait 5\n"
    daphne = lab.run(client, application, "daphne")
    assert "all sent" in daphne["log"]
    minidaphne = lab.run(client, application, "minidaphne")
    assert "all sent" not in minidaphne["log"]


def test_a_changed_header_is_found_in_the_listing(lab: Bench) -> None:
    """What the page promises of its first experiment."""
    start = next(each for each in STARTS if each.name == "http-get")
    asked: dict[str, Any] = {
        "application": start.application,
        "focus": start.focus("daphne"),
    }
    listing = lab.run(start.client, **asked)["listing"]
    changed = start.client.replace("Connection: close", "Connection: keep-alive")
    problem = lab.run(changed, listing=listing, **asked)["problem"]
    assert "twisted.web.http.HTTPChannel.loseConnection never happened" in problem
    signs = {
        line.split()[0]: line.split()[-1]
        for line in problem.splitlines()
        if "loseConnection" in line and line.startswith("    ")
    }
    assert signs == {"-": "twisted.web.http.HTTPChannel.loseConnection"}
    repaired = lab.ask(do="repair", listing=listing)
    assert any("cannot be repaired" in note for note in repaired["notes"])
    lines = repaired["listing"].splitlines()
    kept = [line for line in lines if "loseConnection" not in line]
    assert lab.ask(do="repair", listing="\n".join(kept))["problem"] == ""
