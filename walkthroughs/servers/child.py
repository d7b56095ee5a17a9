"""The process in which a server is recorded: `python -m walkthroughs.servers.child`.

Reads its orders, one JSON object, from the command line; says `ready` on standard
output once the server listens; on the line `stop` on standard input waits for calm,
writes the trace to the file it was given, says `done`, and ends at once, since a server
that is being looked at need not be shut down.  A closed standard input ends it too, so
that no server outlives the process that asked for it.  What it says is a word and, as
JSON, what there is to know.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import RecordingError
from ..focus import Focus
from ..recorder import Recorder
from ..recorder.door import Application, Receive, Scope, Send
from . import load
from .application import Roles, told
from .application import load as load_application

START_UP = 100_000
"""How many events of a server's start-up take no room from what it is told to keep."""


class Child:
    """The recorded process.

    Args:
        orders: the keys `scenario`, `server`, `application` ("module:name"), `focus`
            (None for all code but the machinery below it), `watch`, `port`,
            `own` (whether the reader's own files are told apart), `max_events`, `options` (of the server), `patience` (seconds to wait at the
            end for an application that still runs) and `output` (the trace's file).
    """

    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.failures: list[str] = []
        self.running: set[int] = set()
        self.listened = False
        # Whatever prints, in any way, must not be taken for our answers.
        self.answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        # We end at once, with no time to write out what waits in a buffer.
        sys.stdout.flush()
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)

    def main(self) -> None:
        """Serves and records as ordered."""
        obeying = threading.Thread(target=self.obey, daemon=True)
        obeying.start()
        orders = self.orders
        server = load(orders["server"])
        try:
            application = load_application(orders["application"])
        except RecordingError as error:
            self.say("failed", {"why": str(error)})
            os._exit(1)
        shown = (*server.FOCUS, *server.TRANSPORT)
        roles = Roles.of(application, orders["application"], shown)
        self.recorder = Recorder(
            self.focus(roles),
            {name: tuple(args) for name, args in orders["watch"].items()},
            server.LOOP,
            orders["max_events"],
            start_up=START_UP,
        )
        door = self.recorder.door(self.noting(application), server.QUEUES)
        self.recorder.start()
        options = orders["options"]
        server.run(door, orders["port"], lambda: self.ready(roles), **options)
        if self.listened:
            obeying.join()  # it was stopped from inside: the trace is still to be told

    def focus(self, roles: Roles) -> Focus:
        """The focus that was ordered: as it is, or with the reader's own code known."""
        names = self.orders["focus"]
        own = names is None or self.orders["own"]
        return roles.focused(names) if own else Focus.of(names)

    def ready(self, roles: Roles) -> None:
        """Says that the server listens, and whose code is whose."""
        self.listened = True
        known = asdict(roles)  # before `begin`, for what this calls may be recorded
        self.recorder.begin()
        self.say("ready", {"roles": known, "so_far": self.recorder.so_far})

    def say(self, word: str, more: dict[str, Any]) -> None:
        """Says one thing to the process that asked for this one."""
        print(word, json.dumps(more), file=self.answers, flush=True)

    def noting(self, application: Application) -> Application:
        """The same application; what it raises is noted, and how long it runs."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            # Frameworks that know no lifespan say so by raising: that is no failure.
            if scope["type"] == "lifespan":
                return await application(scope, receive, send)
            self.running.add(id(scope))
            try:
                await application(scope, receive, send)
            except Exception as error:
                self.failures.append(f"{scope.get('path', '')}: {told(error)}")
                raise
            finally:
                self.running.discard(id(scope))

        return noted

    def obey(self) -> None:
        """Waits for the order to stop."""
        order = sys.stdin.readline().strip()
        if order != "stop":
            os._exit(1)
        try:
            self.finish()
        except BaseException as error:
            # In a thread, nobody else would hear of it.
            self.say("failed", {"why": told(error)})
            raise
        finally:
            sys.stderr.flush()
            os._exit(0)

    def finish(self) -> None:
        """Waits for calm, and writes the trace."""
        deadline = time.monotonic() + self.orders["patience"]
        while self.running and time.monotonic() < deadline:
            time.sleep(0.01)
        self.recorder.settle()
        self.recorder.stop()
        trace = self.recorder.trace(self.orders["scenario"], self.orders["server"])
        Path(self.orders["output"]).write_text(trace.to_json(), encoding="utf-8")
        self.say("done", {"failures": self.failures, "running": len(self.running)})


if __name__ == "__main__":
    Child(json.loads(sys.argv[1])).main()
