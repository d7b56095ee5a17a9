"""Small programs on Twisted's reactor; each is given the reactor, and stops it."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from twisted.internet import defer, task, threads


def got(value: Any, reactor: Any = None) -> Any:
    if reactor is not None:
        reactor.stop()
    return value


def slow() -> None:
    time.sleep(0.02)


def calls_later(reactor: Any) -> None:
    # Asked for first and with the shorter delay: due first, however slow the machine.
    another(reactor)
    # One timer of the loop runs what is due, whoever asked for it.
    reactor.callLater(0.02, stops, reactor)


def another(reactor: Any) -> None:
    reactor.callLater(0.01, got, 1)


def stops(reactor: Any) -> None:
    reactor.stop()


def fires_later(reactor: Any) -> None:
    waited_for: Any = defer.Deferred()
    waited_for.addCallback(got, reactor)
    reactor.callLater(0.01, waited_for.callback, 1)


def fires(reactor: Any) -> None:
    waited_for: Any = defer.Deferred()
    waited_for.addErrback(got, reactor)
    waited_for.errback(ValueError("on purpose"))


def defers_to_thread(reactor: Any) -> None:
    done = threads.deferToThreadPool(reactor, reactor.getThreadPool(), slow)
    done.addCallback(got, reactor)


def calls_from_thread(reactor: Any) -> None:
    reactor.callInThread(in_thread, reactor)


def in_thread(reactor: Any) -> None:
    reactor.callFromThread(stops, reactor)


@defer.inlineCallbacks
def waits(reactor: Any) -> Generator[Any, Any, None]:
    yield task.deferLater(reactor, 0.01, got, 1)
    got(2, reactor)
