"""How many instructions a server spends, in memory: `make bench`, or this as a module.

A request's time changes with whatever else the machine does; the number of instructions
does not.  valgrind counts them.  Each server's own connection object gets its bytes from
a loop without sockets, and writes to a transport that forgets.  Two runs, one longer than
the other, tell what one request costs.  With `--write` the table goes into the book.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import httptools
import uvloop

from minidaphne.server import Server
from tests.benchmarks.application import application
from tests.benchmarks.load import HANDSHAKE, frame

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "about" / "measurements.md"
MARK, END = "<!-- counted: written by make bench -->", "<!-- counted: the end -->"

WARM, COUNTED = 300, 1000
"""Requests before the counted ones, and those; the interpreter adapts to the first."""

HEADERS = b"".join(b"X-Header-%d: value %d\r\n" % (n, n) for n in range(20))
ROWS = {
    "small GET": b"GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET with 20 headers": b"GET /small HTTP/1.1\r\nHost: a\r\n%b\r\n" % HEADERS,
    "64 KiB streamed": b"GET /streamed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "WebSocket echo, 64 B": frame(64),
}
"""What is measured, and the bytes of one request or message."""


class Transport:
    """Counts what is written, and forgets it."""

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.writes += 1

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_extra_info(self, name: str, default: object = None) -> object:
        names = {"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)}
        return names.get(name, default)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""

    pause_reading = resume_reading = close


class Bare(asyncio.Protocol):
    """The least that can be called a server: a parser, a scope, a task, an answer."""

    def __init__(self) -> None:
        self.parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        path, _, query = self.url.partition(b"?")
        method = self.parser.get_method().decode()
        scope: dict[str, Any] = {"type": "http", "method": method}
        scope |= {"path": path.decode(), "query_string": query}
        scope |= {"headers": self.headers}
        asyncio.get_running_loop().create_task(application(scope, None, self.send))

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            lines = [b"%b: %b\r\n" % header for header in message["headers"]]
            self.transport.write(b"".join([b"HTTP/1.1 200 OK\r\n", *lines, b"\r\n"]))
        else:
            self.transport.write(message.get("body", b""))


def build_minidaphne() -> Any:
    """A connection of minidaphne."""
    server = Server(application, ["tcp:port=0"])
    server.prepare(asyncio.get_running_loop())
    return server.http_factory.build_protocol()


def build_uvicorn() -> Any:
    """A connection of uvicorn, with httptools and websockets-sansio."""
    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState

    config = Config(
        application, log_level="warning", access_log=False, ws="websockets-sansio"
    )
    config.load()
    return HttpToolsProtocol(config, ServerState(), app_state={})


SERVERS: dict[str, Callable[[], Any]] = {
    "minidaphne": build_minidaphne,
    "uvicorn": build_uvicorn,
    "bare": Bare,
}


class Cost(NamedTuple):
    """What one request costs: instructions, and writes to the transport."""

    instructions: int
    writes: int


Results = dict[str, dict[str, Cost]]
"""Row -> server -> what one request of it costs."""


async def drive(server: str, row: str, number: int) -> None:
    """Has one connection answer so many requests or messages."""
    protocol = SERVERS[server]()
    transport = Transport(protocol)
    protocol.connection_made(transport)
    if "WebSocket" in row:
        protocol.data_received(HANDSHAKE)
        await asyncio.sleep(0.1)
    loop, data = asyncio.get_running_loop(), ROWS[row]
    done: asyncio.Future[None] = loop.create_future()
    left = number

    def feed() -> None:
        nonlocal left
        left -= 1
        transport.protocol.data_received(data)
        if left:
            loop.call_soon(feed)  # behind the application, which is on the list now
        else:
            done.set_result(None)

    feed()
    await done
    await asyncio.sleep(0)
    if transport.writes < number:
        sys.exit(f"{server} has written {transport.writes} times, not {number}")
    print(transport.writes // number)


def count(server: str, row: str) -> Cost:
    """What one request or message costs."""
    runs = [start(server, row, number) for number in (WARM, WARM + COUNTED)]
    few, many = [collected(run) for run in runs]
    return Cost((many.instructions - few.instructions) // COUNTED, many.writes)


def start(server: str, row: str, number: int) -> subprocess.Popen[str]:
    """A process that `drive`\\ s a server under valgrind."""
    words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    words += [sys.executable, "-m", __spec__.name if __spec__ else __name__]
    return subprocess.Popen(
        [*words, "--drive", server, row, str(number)],
        cwd=HOUSE,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def collected(run: subprocess.Popen[str]) -> Cost:
    """What valgrind tells of a whole run, and what the run says of its writes."""
    writes, told = run.communicate()
    found = re.search(r"Collected : (\d+)", told)
    if run.returncode or found is None:
        sys.exit(f"valgrind has counted nothing:\n{told}")
    return Cost(int(found[1]), int(writes))


def table(results: Results) -> str:
    """A Markdown table."""
    lines = [
        f"| instructions / writes | {' | '.join(SERVERS)} |",
        f"|---|{'---:|' * len(SERVERS)}",
    ]
    for row, counts in results.items():
        cells = [cell(counts[each]) if each in counts else "" for each in SERVERS]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(cost: Cost) -> str:
    """What the table says of it."""
    return f"{cost.instructions:,} / {cost.writes}"


def write(results: Results) -> None:
    """Writes the table into the book."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(MARK)
    versions = f"Python {platform.python_version()}, uvicorn {version('uvicorn')}"
    conditions = f"Counted on {time.strftime('%Y-%m-%d')} with {versions}."
    body = f"{MARK}\n\n{conditions}\n\n{table(results)}\n\n{END}"
    PAGE.write_text(head + body + rest.partition(END)[2], encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Counts, prints the table, and writes it down if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="into the book's page")
    parser.add_argument("--drive", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.drive:
        server, row, number = options.drive
        uvloop.run(drive(server, row, int(number)))
        return
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed: on Debian, apt-get install valgrind")
    results: Results = {}
    for row in ROWS:
        for server in SERVERS:
            if server != "bare" or "WebSocket" not in row:
                results.setdefault(row, {})[server] = count(server, row)
                if sys.stderr.isatty():
                    told = cell(results[row][server])
                    print(f"{row}: {server} {told}", file=sys.stderr)
    print(table(results))
    if options.write:
        write(results)


def test_count_the_instructions() -> None:
    """What `make bench` runs."""
    main(["--write"])


if __name__ == "__main__":
    main()
