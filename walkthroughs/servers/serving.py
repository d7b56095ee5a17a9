"""Runs a server through its own command line, for a page or a test to talk to."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import RecordingError

START_LIMIT = 20.0
"""Seconds that a server may take to listen."""


@contextmanager
def serving(
    server: str, application: str, source: str = "", *arguments: str
) -> Iterator[int]:
    """Serves an application on loopback as long as the block lasts.

    Args:
        server: the server's package, which `python -m` can run: "daphne".
        application: "module:name"; with `source`, a bare name in it.
        source: text of a module that has the application.
        arguments: more words for the server's command line.

    Yields:
        the port it listens on.

    Raises:
        RecordingError: it does not listen in time; with its last words.
    """
    with (
        tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        if source:
            Path(folder, "page_site.py").write_text(source, encoding="utf-8")
            application = f"page_site:{application}"
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", server, "-p", str(port), *arguments, application],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            _wait(process, port)
            yield port
        except RecordingError as error:
            errors.seek(0)
            last = errors.read().strip().rpartition("\n")[2]
            raise RecordingError(f"{server}: {error}: {last}") from None
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """A port of the loopback address on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RecordingError("it ended before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            # Starting takes a second or so; nothing tells us when it is done.
            time.sleep(0.05)
    raise RecordingError(f"it did not listen within {START_LIMIT:g} seconds")
