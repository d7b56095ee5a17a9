"""The rest of the world: it acts when the server has nothing to do.

Its invariant: one experiment ends.  When the client is done and the application too, or time
is up, `Over` leaves the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .client import QUIET, Client, Until
from .clock import Clock

PATIENCE = 30.0
"""Seconds that an application may go on after the client is done."""

LONGEST = 86400.0
"""Seconds on the clock that one experiment may take."""


class Over(BaseException):
    """The experiment is over; no loop and no framework may catch it."""


class World:
    """What goes on outside one server.

    Args:
        clock: the clock that jumps.
        client: who talks to the server.
        running: whether an application still runs.
    """

    def __init__(
        self, clock: Clock, client: Client, running: Callable[[], bool]
    ) -> None:
        self._clock = clock
        self._client = client
        self._running = running
        self._program: Iterator[Until] | None = None
        self._next = Until(0)
        self._due = self._end = clock.now()

    def begin(self) -> None:
        """Begin with the client: the server listens."""
        self._program = self._run()
        self._due = self._clock.now()
        self._end = self._due + LONGEST

    def look(self) -> None:
        """Let the client take what has come."""
        self._client.look()

    def wait(self, seconds: float | None) -> None:
        """Let the client act if it is time; else jump to the next moment.

        Raises:
            Over: nothing more is to come.
        """
        if self._program is None:  # the server is still starting
            self._clock.skip(0.01 if seconds is None else seconds)
            return
        now = self._clock.now()
        if now > self._end:
            raise Over
        left = self._due - now
        if left > 0 and not self._next.true():
            self._clock.skip(left if seconds is None else min(left, seconds))
            return
        try:
            self._next = next(self._program)
        except StopIteration:
            raise Over from None
        self._due = self._clock.now() + self._next.seconds

    def _run(self) -> Iterator[Until]:
        yield from self._client.run()
        yield Until(PATIENCE, lambda: not self._running())
        yield Until(QUIET)


class Nobody:
    """The world between two experiments: time passes, and nothing happens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def look(self) -> None:
        """See nothing."""

    def wait(self, seconds: float | None) -> None:
        """Jump ahead."""
        self._clock.skip(1 if seconds is None else seconds)
