"""A real Redis of one's own, on a free port of loopback, for as long as a block lasts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import RecordingError
from .serving import reserved_port

START_LIMIT = 10.0
"""Seconds that Redis may take to listen."""


@contextmanager
def redis_server(port: int | None = None) -> Iterator[int]:
    """Run Redis, which keeps nothing on disk.

    Args:
        port: where it is to listen; by default any free port.

    Yields:
        the port it listens on.

    Raises:
        RecordingError: Redis is not installed, or does not start.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise RecordingError(
            "redis-server is not installed: on Debian, apt-get install redis-server"
        )
    port = port or reserved_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder:
        process = subprocess.Popen(
            [program, *options, "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(process, port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as peer:
                peer.sendall(b"PING\r\n")
                if peer.recv(7).startswith(b"+PONG"):
                    return
        except OSError:
            time.sleep(0.02)
    raise RecordingError(f"redis-server did not start on port {port}")
