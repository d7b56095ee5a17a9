"""Measures minidaphne against its peers: `make bench`, or this file as a module.

One process each, quiet logs, the same application, all in one run: in every round each
server gets each row once, so that what disturbs the machine disturbs all.  What is told
are medians and ratios.  With `--write` they go into the page of measurements.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import load
from walkthroughs.servers.serving import reserved_port

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "about" / "measurements.md"
CHART = HOUSE / "docs" / "assets" / "measurements.svg"
MARK = "<!-- measured: written by make bench -->"
APPLICATION = "tests.benchmarks.application:application"
DJANGO = "walkthroughs.scenarios.mysite.asgi:django_application"
IDLE = 5000
TIMES = "\N{MULTIPLICATION SIGN}"
STYLE = (
    "<style>text{font:11px sans-serif;fill:#555}.w{fill:#2d8a5f}.l{fill:#c26a3a}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}}</style>"
)

PYTHON = [sys.executable, "-m"]
SERVERS: dict[str, Callable[[int, str], list[str]]] = {
    "minidaphne": lambda port, app: [
        *PYTHON, "minidaphne", "-v", "0", "-p", str(port), app
    ],
    "Daphne": lambda port, app: [*PYTHON, "daphne", "-v", "0", "-p", str(port), app],
    "uvicorn": lambda port, app: [
        *PYTHON, "uvicorn", "--log-level", "warning", "--no-access-log",
        "--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio",
        "--port", str(port), app,
    ],
    "Hypercorn": lambda port, app: [
        *PYTHON, "hypercorn", "--log-level", "warning", "-k", "uvloop",
        "-b", f"127.0.0.1:{port}", app,
    ],
    "Granian": lambda port, app: [
        *PYTHON, "granian", "--interface", "asgi", "--log-level", "warning",
        "--workers", "1", "--loop", "uvloop", "--port", str(port), app,
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A server that runs: its port and its process."""

    port: int
    pid: int


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Args:
        name: what is measured.
        measure: measures it; the seconds are how long it may take.
        application: what is served.
        unit: of the numbers.
        less: whether less is better.
        fresh: whether it wants a server that has done nothing yet: memory that was
            needed before and is free again would be counted as no memory.
    """

    name: str
    measure: Callable[[Target, float], float]
    application: str = APPLICATION
    unit: str = "/s"
    less: bool = False
    fresh: bool = False


HEADERS = load.headers_script(20)
UPLOAD = load.upload_script(1024 * 1024)

ROWS = (
    Row("small GET", lambda t, s: load.wrk(t.port, "/small", s)[0]),
    Row("GET with 20 headers", lambda t, s: load.wrk(t.port, "/small", s, HEADERS)[0]),
    Row("64 KiB streamed", lambda t, s: load.wrk(t.port, "/streamed", s)[0]),
    Row("1 MiB upload", lambda t, s: load.wrk(t.port, "/upload", s, UPLOAD)[0]),
    Row("Django async view", lambda t, s: load.wrk(t.port, "/hello/", s)[0], DJANGO),
    Row(
        "99th percentile at half load",
        lambda t, s: load.slowest_at_half_load(t.port, "/small", s),
        unit=" ms",
        less=True,
    ),
    Row("WebSocket echo, 64 B", lambda t, s: load.echo_rate(t.port, 64, s)),
    Row("WebSocket echo, 16 KiB", lambda t, s: load.echo_rate(t.port, 16384, s)),
    Row("WebSockets opened", lambda t, s: load.connect_rate(t.port, s)),
    Row(
        "memory of an idle WebSocket",
        lambda t, s: load.idle_memory(t.port, t.pid, IDLE),
        unit=" KiB",
        less=True,
        fresh=True,
    ),
)

Results = dict[str, dict[str, float]]
"""Row -> server -> median."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints the table, and writes it down if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1, help="for each number")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", default="", help="only rows whose name has this")
    parser.add_argument("--write", action="store_true", help="into the book's page")
    options = parser.parse_args(arguments)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows = [row for row in ROWS if options.rows in row.name]
    results = measure(rows, options.rounds, options.seconds)
    print(table(rows, results))
    if options.write:
        write(rows, results, options)


def measure(rows: Sequence[Row], rounds: int, seconds: float) -> Results:
    """The median of each row for each server, over interleaved rounds."""
    seen: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        for application in (APPLICATION, DJANGO):
            own = [row for row in rows if row.application == application]
            with ExitStack() as stack:
                running = {
                    name: stack.enter_context(started(name, application))
                    for name in SERVERS
                    if own
                }
                for row in own:
                    for name, target in running.items():
                        value = once(row, name, target, seconds)
                        seen.setdefault((row.name, name), []).append(value)
                        tell(f"{number + 1}/{rounds} {row.name}: {name} {value:.1f}")
    tell("")
    return {
        row.name: {n: statistics.median(seen[row.name, n]) for n in SERVERS}
        for row in rows
    }


def once(row: Row, name: str, target: Target, seconds: float) -> float:
    """One number."""
    if not row.fresh:
        return row.measure(target, seconds)
    with started(name, row.application) as fresh:
        return row.measure(fresh, seconds)


@contextmanager
def started(name: str, application: str) -> Iterator[Target]:
    """A server that runs as long as the block lasts."""
    port = reserved_port()
    process = subprocess.Popen(
        SERVERS[name](port, application),
        cwd=HOUSE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait(name, process, port)
        yield Target(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def wait(name: str, process: subprocess.Popen[bytes], port: int) -> None:
    """Waits until the server listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{name} does not start")


def tell(line: str) -> None:
    """Shows progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def table(rows: Sequence[Row], results: Results) -> str:
    """A Markdown table: minidaphne's number, and how it compares with each peer."""
    peers = [name for name in SERVERS if name != "minidaphne"]
    lines = [
        f"| measured | minidaphne | {' | '.join(f'against {peer}' for peer in peers)} |",
        f"|---|---:|{'---:|' * len(peers)}",
    ]
    for row in rows:
        own = results[row.name]["minidaphne"]
        ratios = [ratio(row, results, peer) for peer in peers]
        told = " | ".join(f"{each:.2f} {TIMES}" for each in ratios)
        lines.append(f"| {row.name} | {number(own)}{row.unit} | {told} |")
    return "\n".join(lines)


def ratio(row: Row, results: Results, peer: str) -> float:
    """How many times better minidaphne is than the peer."""
    own, other = results[row.name]["minidaphne"], results[row.name][peer]
    # A server that needs no measurable memory would be infinitely better.
    return other / max(own, 0.01) if row.less else own / max(other, 0.01)


def number(value: float) -> str:
    """A number as people write it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def write(rows: Sequence[Row], results: Results, options: argparse.Namespace) -> None:
    """Writes table and chart into the book."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    body = f"{MARK}\n\n{conditions(options)}\n\n{table(rows, results)}\n"
    PAGE.write_text(head + body, encoding="utf-8")
    CHART.write_text(chart(rows, results), encoding="utf-8")


def conditions(options: argparse.Namespace) -> str:
    """With what the numbers were made."""
    packages = ("daphne", "uvicorn", "hypercorn", "granian", "uvloop", "websockets")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"Measured on {time.strftime('%Y-%m-%d')} with Python "
        f"{platform.python_version()} on {os.cpu_count()} cores, load and server on the "
        f"same machine; medians of {options.rounds} rounds, {options.seconds:g} s each. "
        f"Peers: {versions}."
    )


def chart(rows: Sequence[Row], results: Results) -> str:
    """Bars: how many times better minidaphne is, on a scale that doubles."""
    import math

    peers = [name for name in SERVERS if name != "minidaphne"]
    height = len(rows) * (len(peers) * 12 + 26) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {height}" role="img">',
        "<title>minidaphne against its peers</title>",
        "<desc>For each row of the table, how many times better it is.</desc>",
        STYLE,
    ]
    y = 18
    for row in rows:
        parts.append(f'<text x="0" y="{y}" font-weight="bold">{row.name}</text>')
        for peer in peers:
            y += 12
            times = ratio(row, results, peer)
            length = min(abs(math.log2(max(times, 0.01))) * 40, 200)
            x, kind = (300, "w") if times >= 1 else (300 - length, "l")
            parts.append(
                f'<text x="12" y="{y + 3}">{peer}</text><rect class="{kind}" x="{x:.0f}" '
                f'y="{y - 5}" width="{length:.0f}" height="8"/>'
                f'<text x="{510}" y="{y + 3}">{times:.2f} {TIMES}</text>'
            )
        y += 26
    return "\n".join([*parts, "</svg>"]) + "\n"


def test_measure_the_servers() -> None:
    """What `make bench` runs."""
    main(["--write"])


if __name__ == "__main__":
    main()
