"""Random small programs on Twisted's reactor: delayed calls, threads and Deferreds.

As in `random_programs`, `step` and `around` are in focus, and all the rest is not.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from tests.walkthroughs.recorder.witness import Witness

Tree = tuple[str, list[Any]]

KINDS = ("step", "around", "plain", "call_later", "in_thread", "from_thread", "fire")


def program(seed: int) -> list[Tree]:
    """A random program."""
    return _body(random.Random(seed), 3)


def _body(chance: random.Random, depth: int) -> list[Tree]:
    kinds = [chance.choice(KINDS) for _ in range(chance.randint(1, 3))]
    return [
        (kind, _body(chance, depth - 1)) if depth and kind != "step" else ("step", [])
        for kind in kinds
    ]


numbers = itertools.count()
witness = Witness()


# In focus


def step(number: int) -> None:
    witness.begins(number)
    witness.ends(number)


def around(number: int, running: Reacting, body: list[Tree]) -> None:
    witness.begins(number)
    running.all(body)
    witness.ends(number)


FOCUS = tuple(f"{__name__}.{each.__name__}" for each in (step, around))
WATCH = dict.fromkeys(FOCUS, ("number",))


# Not in focus


class Reacting:
    """One run of a program.

    Args:
        reactor: what it runs on.
    """

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.left: list[threading.Event] = []

    def main(self, body: list[Tree]) -> None:
        self.all(body)
        self.look()

    def look(self) -> None:
        """Stops the reactor when all is done."""
        if all(each.is_set() for each in self.left):
            self.reactor.stop()
        else:
            self.reactor.callLater(0.001, self.look)

    def work(self, how: str, body: list[Tree]) -> Callable[[], Any]:
        """Does all that later, and `main` waits for it."""
        done = threading.Event()
        self.left.append(done)

        def run() -> None:
            self.all(body)
            done.set()

        return witness.carried(how, run)

    def all(self, body: list[Tree]) -> None:
        for kind, below in body:
            getattr(self, kind)(below)

    def step(self, body: list[Tree]) -> None:
        step(next(numbers))

    def around(self, body: list[Tree]) -> None:
        around(next(numbers), self, body)

    def plain(self, body: list[Tree]) -> None:
        self.all(body)

    def _here(self) -> bool:
        return threading.current_thread() is threading.main_thread()

    def call_later(self, body: list[Tree]) -> None:
        if self._here():
            self.reactor.callLater(0.001, self.work("call_later", body))
        else:
            self.from_thread(body)

    def from_thread(self, body: list[Tree]) -> None:
        self.reactor.callFromThread(self.work("call_from_thread", body))

    def in_thread(self, body: list[Tree]) -> None:
        self.reactor.callInThread(self.work("executor", body))

    def fire(self, body: list[Tree]) -> None:
        if not self._here():
            self.from_thread(body)
            return
        waiting: Deferred[None] = Deferred()
        waiting.addCallback(lambda _: self.all(body))
        witness.carried("deferred", lambda: waiting.callback(None))()
