"""`walkthroughs compare`."""

from __future__ import annotations

import pytest

from tests.walkthroughs.commands.test_record import SITE
from walkthroughs.cli import main
from walkthroughs.commands import FAILED, USAGE
from walkthroughs.servers import NAMES


def test_two_servers_are_laid_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    servers = ["--server", "uvicorn", "--server", "hypercorn"]
    assert main(["compare", SITE, *servers, "--request", "/raises"]) == FAILED
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].startswith("uvicorn: ") and "| hypercorn: " in lines[0]
    stages = [line for line in lines if line.startswith("---")]
    assert stages[:3] == [
        "--- the server starts",
        "--- the server listens, and the request arrives",
        "--- the application is called",
    ]
    assert "  site.application" in said.out
    problems = [line for line in said.err.splitlines() if " | " not in line]
    assert [line.split(": ")[1] for line in problems] == ["uvicorn", "hypercorn"]


@pytest.mark.parametrize("servers", [(), ("uvicorn",), ("uvicorn", "daphne", "x")])
def test_it_takes_two(
    servers: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for server in servers for word in ("--server", server)]
    assert main(["compare", SITE, *words]) == USAGE
    assert "compare takes two servers" in capsys.readouterr().err


@pytest.mark.parametrize("server", NAMES)
def test_a_server_is_no_different_from_itself(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = ["--server", server, "--server", server]
    requests = ["--request", "/one", "--request", "/two", "--websocket", "/chat"]
    assert main(["compare", SITE, *servers, *requests, "--send", "a"]) == 0
    lines = capsys.readouterr().out.splitlines()
    pairs = [line.split(" | ") for line in lines if not line.startswith("---")]
    # Which of two tasks has its turn first differs from run to run, at a WebSocket's end.
    ours, theirs = (
        [each.strip() for each in side] for side in zip(*pairs, strict=True)
    )
    assert sorted(filter(None, ours)) == sorted(filter(None, theirs))
    assert "  site.answer" in [left.rstrip() for left, _ in pairs]
