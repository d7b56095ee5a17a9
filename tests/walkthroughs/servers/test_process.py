"""The recorded process: whatever the application does to it, the recording ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from walkthroughs import observation
from walkthroughs.cli import main
from walkthroughs.clients import raw as clients
from walkthroughs.commands import FAILED
from walkthroughs.environment import Environment
from walkthroughs.errors import RecordingError
from walkthroughs.observation import Observation, observe
from walkthroughs.servers import NAMES
from walkthroughs.servers.process import LONGEST_OUTPUT, Process
from walkthroughs.trace import Trace

PARENTS = "tests.walkthroughs.servers.application_with_children"


class Asking:
    """A client that asks for one path, and keeps the body of the answer."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.answer = ""

    def __call__(self, port: int) -> None:
        # Not until the connection closes: a forked process may hold it open.
        connection = HTTPConnection("127.0.0.1", port, timeout=clients.TIMEOUT)
        with closing(connection):
            connection.request("GET", self.path, headers={"Connection": "close"})
            # Where the server says "close", the answer has the socket.
            with closing(connection.getresponse()) as response:
                self.answer = response.read().decode()


def look(client: Callable[[int], object], server: str = "uvicorn") -> Observation:
    orders = {"scenario": "test", "server": server, "application": PARENTS}
    seen = observe(orders, client)
    assert seen.error is None, (seen.error, seen.printed)
    return seen


ENDS = {
    "/process/fork": "0",
    "/process/spawn": "0",
    "/pool/fork": "True",
    "/pool/spawn": "True",
    "/forked": "7",
    "/thread": "started",
    "/reads": "''",
}


@pytest.mark.parametrize("where", ["", "/elsewhere"])
@pytest.mark.parametrize("path", ENDS)
def test_an_application_that_makes_processes_and_threads_is_recorded(
    path: str, where: str
) -> None:
    client = Asking(where + path)
    trace = Trace.from_json(look(client).json)
    assert client.answer == ENDS[path]
    function = DOES_IN[path.split("/")[1]]
    assert f"{PARENTS}.{function}" in map(trace.name, trace.steps)


DOES_IN = {
    "process": "process",
    "pool": "pool",
    "forked": "forked",
    "thread": "thread",
    "reads": "reads",
}


@pytest.mark.parametrize("server", NAMES)
@pytest.mark.parametrize("path", ["/left-behind", "/program"])
def test_nothing_that_the_application_started_outlives_its_recording(
    path: str, server: str
) -> None:
    client = Asking(path)
    began = time.monotonic()
    look(client, server)
    assert time.monotonic() - began < 20
    assert ended(int(client.answer))


def ended(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for has, too."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/dies", "test on uvicorn: the server was killed by SIGKILL"),
        ("/leaves", "test on uvicorn: the server ended"),
    ],
)
def test_a_server_that_ended_is_told_with_the_signal_if_there_was_one(
    path: str, words: str
) -> None:
    with pytest.raises(RecordingError) as caught:
        look(Asking(path))
    assert str(caught.value) == words


@pytest.mark.parametrize("server", NAMES)
def test_an_application_that_insists_on_uvloop_is_recorded(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["record", f"{__name__}:insists", "--server", server]
    assert main([*words, "--loop", "uvloop"]) == 0
    assert "insists" in capsys.readouterr().out
    assert main(words) == FAILED
    assert "AssertionError: uvloop is needed" in capsys.readouterr().err


async def insists(scope: Any, receive: Any, send: Any) -> None:
    """Answer on uvloop only."""
    loop = asyncio.get_running_loop()
    assert type(loop).__module__ == "uvloop", "uvloop is needed"
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def test_an_import_has_a_limit_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"import time; time.sleep(1)\nfrom {PARENTS} import application\n"
    (tmp_path / "slow.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    orders = {"scenario": "slow", "server": "uvicorn", "application": "slow"}
    waited: list[tuple[str, float]] = []
    expect = Process.expect

    def expected(process: Process, word: str, limit: float) -> dict[str, Any]:
        waited.append((word, limit))
        return expect(process, word, limit)

    monkeypatch.setattr(Process, "expect", expected)
    assert observe(orders, Asking("/forked")).error is None
    assert waited[:2] == [
        ("imported", observation.IMPORT_LIMIT),
        ("ready", observation.START_LIMIT),
    ]
    assert observation.IMPORT_LIMIT > observation.START_LIMIT
    monkeypatch.setattr(observation, "IMPORT_LIMIT", 0.5)
    with pytest.raises(RecordingError, match=r"was not imported within 0\.5 seconds"):
        observe(orders, Asking("/forked"))


def test_an_interpreter_that_is_not_there_is_told_in_one_line() -> None:
    environment = Environment(Path("no-such-python"), "")
    orders = {"scenario": "test", "server": "uvicorn", "application": PARENTS}
    with pytest.raises(RecordingError, match=r"cannot start no-such-python: No such f"):
        observe(orders, Asking("/"), environment)


def test_a_trace_has_more_time_to_be_written_the_larger_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observation, "WRITE_LIMIT", 0.0)
    monkeypatch.setattr(observation, "WRITE_EVENT_LIMIT", 0.05)
    assert look(Asking("/forked")).json
    monkeypatch.setattr(observation, "WRITE_EVENT_LIMIT", 0.0)
    with pytest.raises(
        RecordingError, match="the recording was not written within 0 s"
    ):
        look(Asking("/forked"))


def test_what_is_printed_without_end_is_read_in_part(tmp_path: Path) -> None:
    seen = observe(
        {"scenario": "loud", "server": "uvicorn", "application": f"{__name__}:loud"},
        Asking("/"),
    )
    assert seen.printed.startswith("(")
    assert seen.printed.endswith("the end\n")
    assert len(seen.printed) < LONGEST_OUTPUT + 100


async def loud(scope: Any, receive: Any, send: Any) -> None:
    """Print more than anybody reads."""
    if scope["type"] == "http":
        print("x" * LONGEST_OUTPUT)
        print("the end")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})


ASKS = f"""
import sys
from walkthroughs.observation import observe
def wait(port):
    print("waiting", flush=True)
    import time; time.sleep(600)
orders = {{"scenario": "a", "server": "uvicorn", "application": {PARENTS!r}}}
observe(orders, wait)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_who_asked_is_ended_by_a_signal(
    number: signal.Signals, tmp_path: Path, house: Path
) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(house)}
    command = [sys.executable, "-c", ASKS]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE
    ) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == b"waiting\n"
        [child] = children(asking.pid)
        asking.send_signal(number)
        assert asking.wait(10) == -number
    assert ended(child)
    assert list(tmp_path.iterdir()) == []


def children(pid: int) -> list[int]:
    """The processes that a process has started, by all of its threads."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for path in found for each in path.read_text().split()]
