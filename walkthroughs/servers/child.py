"""The process in which a server is recorded: `python -m walkthroughs.servers.child`.

Reads its orders, one JSON object, from the command line; says `ready` on standard
output once the server listens; on the line `stop` on standard input waits for calm,
writes the trace to the file it was given, says `done`, and ends at once, since a server
that is being looked at need not be shut down.  A closed standard input ends it too, so
that no server outlives the process that asked for it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from ..focus import Focus
from ..recorder import Recorder
from . import load


def main(orders: dict[str, Any]) -> None:
    """Serves and records as ordered.

    Args:
        orders: the keys `scenario`, `server`, `application` ("module:name"), `focus`,
            `watch`, `port` and `output` (the trace's file).
    """
    # The application may print: that must not be taken for our answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    server = load(orders["server"])
    watch = {name: tuple(args) for name, args in orders["watch"].items()}
    recorder = Recorder(Focus.of(orders["focus"]), watch, server.LOOP)
    listener = threading.Thread(
        target=_obey, args=(orders, recorder, answers), daemon=True
    )
    listener.start()
    application = recorder.door(_application(orders["application"]))
    recorder.start()
    server.run(application, orders["port"], lambda: _say(answers, "ready"))


def _application(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name or "application")


def _say(answers: TextIO, word: str) -> None:
    print(word, file=answers, flush=True)


def _obey(orders: dict[str, Any], recorder: Recorder, answers: TextIO) -> None:
    order = sys.stdin.readline().strip()
    if order != "stop":
        os._exit(1)
    recorder.settle()
    recorder.stop()
    trace = recorder.trace(orders["scenario"], orders["server"])
    Path(orders["output"]).write_text(trace.to_json(), encoding="utf-8")
    _say(answers, "done")
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
