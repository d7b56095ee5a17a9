"""Lines of progress: at most one a second, and none for quick work."""

from __future__ import annotations

import time
from collections.abc import Callable

QUIET = 1.0
"""Seconds after the last line before there is another one."""


class Progress:
    """Says how far a piece of work is.

    Args:
        tell: is given each line.
        total: how many parts there are.
        doing: what is done with each, "Rendering page".
        clock: gives the time, in seconds.
    """

    def __init__(
        self,
        tell: Callable[[str], object],
        total: int,
        doing: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._total = total
        self._doing = doing
        self._clock = clock
        self._last = clock()
        self._done = 0

    def begin(self, name: str) -> None:
        """Say that the next part begins, if nothing was said for a while.

        Args:
            name: the part.
        """
        self._done += 1
        if self._clock() - self._last >= QUIET:
            self._last = self._clock()
            self._tell(f"{self._doing} {self._done} of {self._total}: {name}")
