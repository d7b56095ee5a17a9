"""The load: wrk for HTTP, a small client of ours for WebSocket."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

CONNECTIONS = 32

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


def wrk(
    port: int,
    path: str,
    seconds: float,
    script: str = "",
    connections: int = CONNECTIONS,
) -> tuple[float, float]:
    """Requests a second, and the 99th percentile of the latency in milliseconds.

    Raises:
        SystemExit: wrk is not installed, or saw errors.
    """
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: on Debian, apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--latency",
        ]
        if script:
            lua = Path(folder, "load.lua")
            lua.write_text(script)
            command += ["-s", str(lua)]
        address = f"http://127.0.0.1:{port}{path}"
        told = subprocess.run(
            [*command, address], capture_output=True, text=True, check=True
        ).stdout
    if "Non-2xx" in told:
        sys.exit(f"the server answered with errors:\n{told}")
    rate = re.search(r"Requests/sec:\s*([\d.]+)", told)
    slowest = re.search(r"99%\s*([\d.]+)(us|ms|s)", told)
    assert rate and slowest
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}[slowest[2]]
    return float(rate[1]), float(slowest[1]) * unit


def slowest_at_half_load(port: int, path: str, seconds: float) -> float:
    """The 99th percentile, in milliseconds, at half the rate that the server can take.

    wrk knows no rates, but its connections can rest between two requests; each try
    teaches how long.  The best that came near to half the rate counts, because whatever
    else the machine does comes on top.
    """
    most, _ = wrk(port, path, seconds / 2)
    connections = 4 * CONNECTIONS
    rest = 2000 * connections / most  # milliseconds, on average
    seen: list[float] = []
    for _ in range(12):
        script = f"function delay() return math.random(0, {round(2 * rest)}) end"
        rate, slowest = wrk(port, path, seconds / 2, script, connections)
        if 0.3 * most < rate < 0.7 * most:
            seen.append(slowest)
        if len(seen) == 4:
            break
        rest *= (2 * rate / most) ** 0.5  # half of the way: some servers swing
    assert seen, f"no try came near to half of {most:.0f} a second"
    return min(seen)


def headers_script(count: int) -> str:
    """A wrk script that sends so many headers more."""
    lines = (f'wrk.headers["X-Header-{n}"] = "value {n}"' for n in range(count))
    return "\n".join(lines)


def upload_script(size: int) -> str:
    """A wrk script that sends a body of so many bytes."""
    return f'wrk.method = "POST"\nwrk.body = string.rep("x", {size})'


class Echo(asyncio.Protocol):
    """Sends a message, waits for its echo, and again."""

    def __init__(self, size: int, opened: asyncio.Future[None]) -> None:
        self.frame = frame(size)
        # What a server sends has no mask.
        self.expected = len(self.frame) - 4
        self.opened = opened
        self.waiting = 0
        self.head = b""
        self.count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one in all but name.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            self.head += data
            if self.head.endswith(b"\r\n\r\n"):
                assert self.head.startswith(b"HTTP/1.1 101"), self.head
                self.opened.set_result(None)
            return
        self.waiting -= len(data)
        if self.waiting <= 0:
            self.count += 1
            self.send()

    def send(self) -> None:
        self.waiting += self.expected
        self.transport.write(self.frame)


def frame(size: int) -> bytes:
    """A masked binary message of so many bytes."""
    if size < 126:
        head = bytes([0x82, 0x80 | size])
    else:
        head = bytes([0x82, 0x80 | 126]) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + bytes(size)


def echo_rate(port: int, size: int, seconds: float) -> float:
    """Echoes a second over all connections."""
    return _run(_echo_rate(port, size, seconds))


async def _echo_rate(port: int, size: int, seconds: float) -> float:
    peers = [await _open(port, size) for _ in range(CONNECTIONS)]
    for peer in peers:
        peer.send()
    await asyncio.sleep(0.3)
    before, started = sum(peer.count for peer in peers), time.perf_counter()
    await asyncio.sleep(seconds)
    done = sum(peer.count for peer in peers) - before
    passed = time.perf_counter() - started
    for peer in peers:
        peer.transport.abort()
    return done / passed


async def _open(port: int, size: int) -> Echo:
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[None] = loop.create_future()
    _, peer = await loop.create_connection(
        lambda: Echo(size, opened), "127.0.0.1", port
    )
    await asyncio.wait_for(opened, 10)
    return peer


def connect_rate(port: int, seconds: float) -> float:
    """WebSockets opened and closed a second, one after the other on eight lines."""
    return _run(_connect_rate(port, seconds))


async def _connect_rate(port: int, seconds: float) -> float:
    end = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_connect_until(port, end) for _ in range(8)))
    return sum(counts) / seconds


async def _connect_until(port: int, end: float) -> int:
    count = 0
    while time.perf_counter() < end:
        (await _open(port, 1)).transport.abort()
        count += 1
    return count


def idle_memory(port: int, pid: int, number: int) -> float:
    """KiB of memory that one idle WebSocket costs the server."""
    return _run(_idle_memory(port, pid, number))


async def _idle_memory(port: int, pid: int, number: int) -> float:
    warm = [await _open(port, 1) for _ in range(50)]
    before = resident(pid)
    peers = [await _open(port, 1) for _ in range(number)]
    await asyncio.sleep(0.5)
    cost = (resident(pid) - before) / number
    for peer in [*warm, *peers]:
        peer.transport.abort()
    return cost


def resident(pid: int) -> float:
    """KiB of memory that a process and its children have."""
    pids = [pid, *_children(pid)]
    return sum(_resident(each) for each in pids)


def _children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in told.split()]


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def _run(coroutine: Coroutine[Any, Any, float]) -> float:
    import uvloop

    return uvloop.run(coroutine)
