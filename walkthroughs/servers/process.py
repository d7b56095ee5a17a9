"""The recorded process, seen from the one that asked for it.

Invariants:

* orders and answers go over a socket that only the two processes have, so nothing that
  the application prints, reads, closes or passes to its own processes affects them;
* the process leads a process group, and the whole group is ended at the end, so that
  nothing the application started outlives its recording;
* every wait has a limit, whatever the application does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from ..errors import ApplicationError, RecordingError

LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes that one answer may have."""

LONGEST_OUTPUT = 1_000_000
"""Bytes of what the process printed that are read: the last ones."""

GRACE = 0.5
"""Seconds that processes of the application have to end once they are told to."""

EXIT_LIMIT = 5.0
"""Seconds that the process may take to end once it has closed its socket."""

MISSING = {
    "imported": "the application was not imported",
    "ready": "the server did not listen",
    "paused": "the recording did not come to rest after the warm-up",
    "writing": "the recording did not come to rest",
    "done": "the recording was not written",
}
"""What is said of an answer that does not come in time."""


class Process:
    """Run `walkthroughs.servers.child`; leaving the `with` ends it, come what may.

    Args:
        orders: see `walkthroughs.servers.child.Child`, all but `output`.
        printed: an open file that gets all that the process prints.
        output: an open file that gets the trace.
        python: the interpreter.
        environment: variables for it, beside those of this process.

    Raises:
        RecordingError: the interpreter cannot be started.
    """

    def __init__(
        self,
        orders: Mapping[str, object],
        printed: IO[str],
        output: IO[str],
        python: Path | str = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._what = f"{orders['scenario']} on {orders['server']}"
        self._printed = printed
        self._heard = bytearray()
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [python, "-m", "walkthroughs.servers.child", str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=printed,
                    env={**os.environ, **(environment or {})},
                    pass_fds=(theirs.fileno(), output.fileno()),
                    start_new_session=True,
                )
            except OSError as error:
                self._socket.close()
                raise RecordingError(
                    f"{self._what}: cannot start {python}: {error.strerror}"
                ) from error
        self._send({**orders, "output": output.fileno()})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()
        _end_group(self._process.pid)

    def stop(self) -> None:
        """Order the process to stop; `expect` finds out if it has ended already."""
        self._send("stop")

    def pause(self) -> None:
        """Order the process to come to rest, and to say what it has recorded so far."""
        self._send("pause")

    def expect(self, word: str, limit: float) -> dict[str, Any]:
        """Wait for that word; what the process says with it.

        Raises:
            ApplicationError: it said that there is no such application.
            RecordingError: it ended, or said that it failed, or `limit` seconds went
                by.
        """
        line = self._line(time.monotonic() + limit)
        if line is None:
            missing = MISSING[word]
            raise RecordingError(
                f"{self._what}: {missing} within {limit:g} seconds{self._last_words()}"
            )
        said, _, more = line.partition(" ")
        if said == "failed":
            fault = json.loads(more)
            kind = ApplicationError if fault["application"] else RecordingError
            raise kind(f"{self._what}: {fault['why']}")
        if said != word:
            raise RecordingError(f"{self._what}: {self._end()}{self._last_words()}")
        found: dict[str, Any] = json.loads(more)
        return found

    def printed(self) -> str:
        """Return what the process has printed so far, or only the end of it."""
        descriptor = self._printed.fileno()
        size = os.fstat(descriptor).st_size
        left_out = max(size - LONGEST_OUTPUT, 0)
        # Not `seek` and `read`: a process that still writes shares the file position.
        text = os.pread(descriptor, LONGEST_OUTPUT, left_out).decode("utf-8", "replace")
        return f"({left_out:,} bytes left out)\n{text}" if left_out else text

    def _send(self, order: object) -> None:
        with suppress(OSError):
            self._socket.settimeout(EXIT_LIMIT)
            self._socket.sendall(json.dumps(order).encode() + b"\n")

    def _line(self, deadline: float) -> str | None:
        """Return the next line; "" if the process has ended, None if it is late."""
        while b"\n" not in self._heard:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            # A process that the application started may hold a copy of the socket, so
            # its closing is not the only sign that ours has ended.
            ended = self._process.poll() is not None
            self._socket.settimeout(min(left, 0.5))
            try:
                part = self._socket.recv(65536)
            except TimeoutError:
                if ended:
                    return ""
                continue
            except OSError:
                part = b""
            if not part or len(self._heard) > LONGEST_ANSWER:
                return ""
            self._heard += part
        line, _, rest = bytes(self._heard).partition(b"\n")
        self._heard[:] = rest
        return line.decode()

    def _end(self) -> str:
        """How the process ended, in words."""
        try:
            return f"the server {how_it_ended(self._process.wait(EXIT_LIMIT))}"
        except subprocess.TimeoutExpired:
            return "the server's process broke off the recording"

    def _last_words(self) -> str:
        lines = self.printed().strip().splitlines()
        return f": {lines[-1].strip()}" if lines else ""


def how_it_ended(status: int) -> str:
    """Describe an exit status: "ended", or "was killed by SIGSEGV"."""
    if status >= 0:
        return "ended"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def _end_group(group: int) -> None:
    """End what the application has started and left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            time.sleep(0.01)
            os.killpg(group, 0)
        os.killpg(group, signal.SIGKILL)
