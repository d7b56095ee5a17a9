"""A clock that jumps over waiting, so that an experiment with a timeout takes no time.

Its invariant: it never goes back, and between jumps it runs like the real one.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """The time as everything in this process sees it, once `install` was called."""

    def __init__(self) -> None:
        self.skipped = 0
        self._monotonic_ns: Callable[[], int] = time.monotonic_ns

    def now(self) -> float:
        """Return the seconds since some moment in the past."""
        return (self._monotonic_ns() + self.skipped) / 1e9

    def skip(self, seconds: float) -> None:
        """Jump ahead by so many seconds; a negative number is no jump."""
        self.skipped += max(round(seconds * 1e9), 0)

    def install(self) -> None:
        """Put this clock in the place of the functions of `time`.

        Call it before Twisted and the recorder are imported: they keep the functions.
        """
        for name in ("monotonic", "perf_counter", "time"):
            setattr(time, name, self._seconds(getattr(time, name)))
            name_ns = f"{name}_ns"
            setattr(time, name_ns, self._nanoseconds(getattr(time, name_ns)))
        setattr(time, "sleep", self.skip)  # noqa: B010 - its type is wider

    def _seconds(self, original: Callable[[], float]) -> Callable[[], float]:
        return lambda: original() + self.skipped / 1e9

    def _nanoseconds(self, original: Callable[[], int]) -> Callable[[], int]:
        return lambda: original() + self.skipped
