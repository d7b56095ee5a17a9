"""Runs a server through its own command line, for a page or a test to talk to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

from ..errors import RecordingError
from .process import how_it_ended

START_LIMIT = 20.0
"""Seconds that a server may take to listen."""

TIMEOUT = 30.0
"""Seconds to wait for any other thing that a server is to do."""

ADDRESS: Mapping[str, tuple[str, ...]] = {
    "granian": ("--interface", "asgi", "--port", "{port}"),
    "gunicorn": ("--bind", "127.0.0.1:{port}"),
    "hypercorn": ("--bind", "127.0.0.1:{port}"),
    "uvicorn": ("--port", "{port}"),
}
"""Server -> how its command line says where to listen, if not as Daphne's does."""

QUIET = ("-v", "0", "--log-fmt", "%(levelname)s %(message)s")
"""For the command line of either server: log warnings and errors only, and no times."""


class Running:
    """A server that runs.

    Args:
        process: the process it runs in.
        port: the port of the loopback address it listens on.
        terminal: the file that has all it says, as a terminal would show it.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, terminal: Path
    ) -> None:
        self.process = process
        self.port = port
        self.terminal = terminal
        self.forgotten = 0

    def said(self) -> list[str]:
        """All whole lines so far: what the application prints, and the server logs.

        A line that is still being written is left for the next time: `print` writes each
        of its arguments by itself.
        """
        whole, _, _ = self.terminal.read_text(encoding="utf-8").rpartition("\n")
        return whole.splitlines()[self.forgotten :]

    def forget(self) -> None:
        """From here on, what was said so far is not told again."""
        self.forgotten += len(self.said())

    def wait_for(self, words: str, times: int = 1) -> list[str]:
        """All lines so far, as soon as `times` of them have `words`.

        Raises:
            RecordingError: they do not come; with what was said instead.
        """
        deadline = time.monotonic() + TIMEOUT
        while True:
            said = self.said()
            if sum(words in line for line in said) >= times:
                return said
            if time.monotonic() > deadline:
                last = "\n".join(said[-10:])
                raise RecordingError(f"it never printed {words!r}, but {last!r}")
            time.sleep(0.01)

    def stop(self, signal: Signals = SIGTERM) -> int:
        """Send a signal, and return the exit status of the server that ends by it.

        Raises:
            subprocess.TimeoutExpired: it does not end.
        """
        self.process.send_signal(signal)
        return self.process.wait(TIMEOUT)


@contextmanager
def running(
    server: str,
    application: str,
    source: str = "",
    *arguments: str,
    pass_fds: Collection[int] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run a server on loopback as long as the block lasts.

    At the end of the block the server is killed, if it was not stopped before: what it
    would do on its way out is not waited for.

    Args:
        server: the server's package, which `python -m` can run: "daphne", "uvicorn".
        application: "module:name"; with `source`, a bare name in it.
        source: text of a module that has the application.
        arguments: more words for the server's command line.
        pass_fds: open files that the server gets, under the same numbers.
        environment: variables for it, beside those of this process.

    Yields:
        the server, which listens.

    Raises:
        RecordingError: it does not listen in time; with its last words.
    """
    with tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder:
        if source:
            Path(folder, "page_site.py").write_text(source, encoding="utf-8")
            application = f"page_site:{application}"
        port = reserved_port()
        address = ADDRESS.get(server, ("-p", "{port}"))
        with Path(folder, "terminal").open("ab") as terminal:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    server,
                    *(word.format(port=port) for word in address),
                    *arguments,
                    application,
                ],
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
                stdout=terminal,
                stderr=terminal,
                pass_fds=pass_fds,
                # Some servers start processes of their own, which end with the group.
                process_group=0,
            )
        found = Running(process, port, Path(terminal.name))
        try:
            _wait(found, server)
            yield found
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, SIGKILL)
            process.wait()


@contextmanager
def serving(
    server: str, application: str, source: str = "", *arguments: str
) -> Iterator[int]:
    """Like `running`, for those who need no more of a server than its port.

    Raises:
        RecordingError: it does not listen in time; with its last words.
    """
    with running(server, application, source, *arguments) as found:
        yield found.port


def reserved_port() -> int:
    """Reserve a port of the loopback address for a minute.

    It is for a server that has to be told its port, since it does not say which one the
    system has chosen.  A connection to the port has just been closed.  While Linux
    remembers it (RFC 9293, TIME-WAIT; a minute, which cannot be set), it gives the port to
    no socket that binds to any free port, and to none that connects.  A server that names
    the port and sets `SO_REUSEADDR`, as all that are started here do, can listen on it.

    So no other program gets the port in between: whoever starts a server on it gives up
    before the minute is over (`START_LIMIT`).
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address: tuple[str, int] = listener.getsockname()
        with socket.create_connection(address) as client:
            # The side that closes first is the one in TIME-WAIT: it must be this one.
            listener.accept()[0].close()
            client.recv(1)
        # If another thread is starting a process right now, the child holds a copy of
        # this socket until it calls exec.  Shut the socket down, so that nobody can
        # connect to the copy.
        with suppress(OSError):  # not supported on every system
            listener.shutdown(socket.SHUT_RDWR)
    return address[1]


def _wait(found: Running, name: str) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        status = found.process.poll()
        if status is not None:
            last = "".join(found.said()[-1:])
            how = f"it {how_it_ended(status)} before it listened"
            raise RecordingError(f"{name}: {how}: {last}")
        try:
            socket.create_connection(("127.0.0.1", found.port), timeout=1).close()
            return
        except OSError:
            # Starting takes a second or so; nothing tells us when it is done.
            time.sleep(0.02)
    raise RecordingError(f"{name}: it did not listen within {START_LIMIT:g} seconds")
