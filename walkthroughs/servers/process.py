"""The recorded process, seen from the one that asked for it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TextIO

from ..errors import RecordingError


class Process:
    """Runs `walkthroughs.servers.child`; leaving the `with` ends it, come what may.

    Args:
        orders: see `walkthroughs.servers.child.Child`.
        output: an open file that gets all that the process prints.
        python: the interpreter.
        environment: variables for it, beside those of this process.
    """

    def __init__(
        self,
        orders: Mapping[str, object],
        output: TextIO,
        python: Path | str = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._what = f"{orders['scenario']} on {orders['server']}"
        self._output = output
        self._process = subprocess.Popen(
            [python, "-m", "walkthroughs.servers.child", json.dumps(orders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def say(self, word: str) -> None:
        """Sends a line; a process that has ended is found out by `expect`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{word}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def expect(self, word: str, limit: float) -> dict[str, Any]:
        """Waits for that word; what the process says with it.

        Raises:
            RecordingError: it ended, or said that it failed, or `limit` seconds went
                by.
        """
        try:
            answer = self._answers.get(timeout=limit)
        except queue.Empty:
            raise RecordingError(
                f"{self._what}: the server did not say {word!r} within {limit:g} "
                f"seconds{self._last_words()}"
            ) from None
        said, _, more = answer.partition(" ")
        if said == "failed":
            raise RecordingError(f"{self._what}: {json.loads(more)['why']}")
        if said != word:
            self._process.wait()
            raise RecordingError(f"{self._what}: the server ended{self._last_words()}")
        found: dict[str, Any] = json.loads(more)
        return found

    def printed(self) -> str:
        """All that it has printed so far."""
        self._output.flush()
        self._output.seek(0)
        return self._output.read()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line.strip())
        self._answers.put("")

    def _last_words(self) -> str:
        lines = self.printed().strip().splitlines()
        return f": {lines[-1].strip()}" if lines else ""
