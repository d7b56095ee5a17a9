"""What an experiment prints and logs, which is caught while it runs."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from .application import describe_error

LOG_LINES = 500
"""How many lines of logged and printed text are kept."""


class _Log(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write down one record."""
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f" ({describe_error(record.exc_info[1])[0]})"
        if len(self.lines) < LOG_LINES:
            self.lines.append(line)


class _Printed(io.TextIOBase):
    """Keeps what is printed, line by line."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.rest = ""

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write down whole lines; keep the rest for later."""
        *whole, rest = (self.rest + text).split("\n")
        self.rest = rest[:10_000]
        room = max(LOG_LINES - len(self.lines), 0)
        self.lines += whole[:room]
        return len(text)


@contextmanager
def caught_output(lines: list[str]) -> Iterator[None]:
    """Capture what is printed and logged inside the block.

    About the first `LOG_LINES` lines are kept.

    Args:
        lines: where it goes, a line each.
    """
    handler, printed = _Log(lines), _Printed(lines)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        if printed.rest:
            lines.append(printed.rest)
