"""The process in which a server is recorded: `python -m walkthroughs.servers.child 3`.

The number is that of a socket, for orders and answers.  The first line holds the orders,
one JSON object.  It answers `imported` once the application is there and `ready`
once the server listens; on `stop` it waits for calm, says `writing`, writes the trace to
the file it was given, says `done`, and ends at once, since a server that is being looked
at need not be shut down.  What it says is a word and, as JSON, what there is to know.

If the other end of the socket closes, it ends itself and everything that the application
has started, so that nothing outlives the process that asked for the recording.  Processes
that the application forks are not recorded, and close their copy of the socket.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from typing import Any, NoReturn

from ..errors import ApplicationError, RecordingError
from ..focus import Focus
from ..own_sources import Watch
from ..recorder import Recorder
from ..recorder.asgi_wrapper import Application, Receive, Scope, Send
from . import load
from .application import describe_error
from .application import load as load_application
from .roles import Roles
from .set_up import clean_up, prepare
from .shortcomings import missing, raiser, unoffered, without_lifespan, without_uvloop

START_UP = 100_000
"""How many events of a server's start-up take no room from what it is told to keep."""

MOST_REASONS = 10
"""How many reasons are kept why something may have failed."""


class Child:
    """The recorded process.

    Args:
        control: the socket on which it hears and answers.

    Its orders have the keys `scenario`, `server`, `application` ("module:name"), `focus`
    (None for all code but the machinery below it), `own` (whether the reader's own files
    are told apart), `watch`, `max_events`, `options` (of
    the server), `patience` (seconds to wait at the end for an application that still
    runs), `began` (when this process was started, in seconds since the epoch),
    `output` (an open file for the trace), `factory` (whether the application is what the
    named function returns), `app_dir` (a folder to import it from), `set_up`
    ("module:function", called before the server starts) and `database` (whether Django
    gets a test database).
    """

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.incoming = control.makefile("rb")
        self.orders: dict[str, Any] = json.loads(self.incoming.readline())
        self.watch = Watch(self.orders["began"])
        self.failures: list[str] = []
        self.reasons: set[str] = set()
        # The modules in which the application's exceptions were raised.
        self.raisers: set[str] = set()
        self.running: set[int] = set()
        self.listened = False
        self.recorder: Recorder | None = None
        # They came to us through an `exec`, and go no further.
        os.set_inheritable(control.fileno(), False)
        os.set_inheritable(self.orders["output"], False)
        os.register_at_fork(after_in_child=self.detach_after_fork)
        # We end at once, with no time to write out what waits in a buffer.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)

    def main(self) -> None:
        """Serve and record as ordered."""
        orders_thread = threading.Thread(target=self.handle_orders, daemon=True)
        orders_thread.start()
        try:
            self.serve()
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
        except BaseException:  # noqa: BLE001 - a server may raise anything
            traceback.print_exc()
        if self.listened:
            orders_thread.join()  # it was stopped from inside: the trace is still to be written
        # Python would wait for the application's threads, which may never end.
        _end_at_once(1)

    def serve(self) -> None:
        """Import the application, and serve it under the recorder."""
        orders = self.orders
        server = load(orders["server"])
        try:
            application = load_application(
                orders["application"], orders["factory"], orders["app_dir"]
            )
            prepare(orders["set_up"], orders["database"])
        except RecordingError as error:
            wrong = isinstance(error, ApplicationError)
            self.say("failed", {"why": str(error), "application": wrong})
            _end_at_once(1)
        self.say("imported", {})
        shown = (*server.FOCUS, *server.TRANSPORT)
        roles = self.roles = Roles.of(application, orders["application"], shown)
        # Not before: what is there by now counts as the application's.
        with suppress(ImportError):  # `run` says what is missing
            for module in server.MODULES:
                import_module(module)
        self.recorder = Recorder(
            self.focus(roles),
            {name: tuple(args) for name, args in orders["watch"].items()},
            server.LOOP,
            orders["max_events"],
            start_up=START_UP,
        )
        wrapped = self.recorder.wrap(self.watch_application(application), server.QUEUES)
        self.recorder.start()
        server.run(wrapped, lambda port: self.ready(port, roles), **orders["options"])

    def focus(self, roles: Roles) -> Focus:
        """Return the focus that was ordered, with the reader's own code if asked."""
        names = self.orders["focus"]
        own = names is None or self.orders["own"]
        return roles.focused(names) if own else Focus.of(names)

    def ready(self, port: int, roles: Roles) -> None:
        """Say that the server listens, where, and whose code is whose."""
        assert self.recorder is not None
        self.listened = True
        known = asdict(roles)  # before `begin`, for what this calls may be recorded
        self.recorder.begin()
        event_count = self.event_count = self.recorder.event_count
        self.say("ready", {"port": port, "roles": known, "event_count": event_count})

    def say(self, word: str, more: dict[str, Any]) -> None:
        """Say one thing to the process that asked for this one."""
        self.control.sendall(f"{word} {json.dumps(more)}\n".encode())

    def detach_after_fork(self) -> None:
        """Of a process that the application has forked off, make one of its own."""
        # Not `close`, which leaves a socket open while anybody has its `makefile`.
        os.close(self.control.detach())
        if self.recorder is not None:
            self.recorder.stop()

    def watch_application(self, application: Application) -> Application:
        """Wrap the application, to note what it raises and how long it runs."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            # Frameworks without lifespan raise: that is not a failure.
            if scope["type"] == "lifespan":
                return await application(scope, receive, send)
            self.running.add(id(scope))
            accept = self.watch_accept(scope, send)
            try:
                await application(scope, receive, accept)
            except Exception as error:
                self.failures.append(
                    f"{scope.get('path', '')}: {describe_error(error)}"
                )
                self.add_reason(missing(self.orders["server"], scope, error))
                self.raisers.add(raiser(error))
                raise
            finally:
                self.running.discard(id(scope))

        return watched

    def watch_accept(self, scope: Scope, send: Send) -> Send:
        """Wrap `send`, to note what a WebSocket accepts that it must not."""
        if scope["type"] != "websocket":
            return send

        async def watched(message: MutableMapping[str, Any]) -> None:
            self.add_reason(unoffered(scope, message))
            await send(message)

        return watched

    def add_reason(self, reason: str | None) -> None:
        """Keep a reason why something may fail."""
        if reason is not None and len(self.reasons) < MOST_REASONS:
            self.reasons.add(reason)

    def failure_reasons(self) -> list[str]:
        """Return possible reasons why something failed."""
        if self.failures:
            self.add_reason(
                without_lifespan(self.orders["server"], self.roles.own, self.raisers)
            )
            self.add_reason(without_uvloop(self.orders["options"].get("loop", "")))
        return sorted(self.reasons)

    def handle_orders(self) -> None:
        """Do as ordered, up to the order to stop."""
        try:
            while (order := self.incoming.readline()) == b'"pause"\n':
                self.pause()
            if order:
                self.finish()
            else:
                _end_all()
        except BaseException as error:  # noqa: BLE001 - in a thread, it would be lost
            traceback.print_exc()
            self.say("failed", {"why": describe_error(error), "application": False})
        finally:
            _end_at_once(0)

    def pause(self) -> None:
        """Wait for calm; say what was recorded so far, and forget what failed."""
        self.wait_until_idle()
        assert self.recorder is not None
        self.failures.clear()
        self.reasons.clear()
        self.raisers.clear()
        self.say("paused", {"event_count": self.recorder.event_count})

    def wait_until_idle(self) -> None:
        """Wait until the application is done, or the time for that is over."""
        assert self.recorder is not None
        deadline = time.monotonic() + self.orders["patience"]
        while self.running and time.monotonic() < deadline:
            time.sleep(0.01)
        self.recorder.settle()

    def finish(self) -> None:
        """Wait for calm, and write the trace."""
        self.wait_until_idle()
        assert self.recorder is not None
        self.recorder.stop()
        self.say("writing", {"events": self.recorder.event_count})
        with open(self.orders["output"], "w", encoding="utf-8") as output:
            self.recorder.write(
                output,
                self.orders["scenario"],
                self.orders["server"],
                own=self.roles.own,
                framework=self.roles.framework,
                listening=self.event_count,
            )
        sources = self.watch.report()
        clean_up()
        self.say(
            "done",
            {
                "failures": self.failures,
                "running": len(self.running),
                "reasons": self.failure_reasons(),
                "sources": asdict(sources) if sources else None,
            },
        )


def _end_at_once(status: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the application may have put anything there
            stream.flush()
    os._exit(status)


def _end_all() -> None:
    """End this process and all that it has started, if it leads a group of its own."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    Child(socket.socket(fileno=int(sys.argv[1]))).main()
