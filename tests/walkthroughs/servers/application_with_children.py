"""An application that makes other processes, and threads, in every way there is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('stubborn', flush=True); time.sleep(600)"
)
"""A program that holds on to what it inherits, and does not end when told to."""


def work() -> int:
    """What another process does: says which one it is."""
    return os.getpid()


def sleep_on() -> None:
    """Ignore what asks for an end, and never come to one."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def process(method: str) -> str:
    """Run and join a process."""
    context: Any = multiprocessing.get_context(method)
    made = context.Process(target=work)
    made.start()
    made.join(10)
    return str(made.exitcode)


def pool(method: str) -> str:
    """Have a pool of processes do something, and end it."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        return str(executor.submit(work).result(10) != os.getpid())


def forked() -> str:
    """Fork, as the operating system has it."""
    child = os.fork()
    if child == 0:
        os._exit(7)
    return str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def left_behind() -> str:
    """Leave a process that no signal but one ends, by fork."""
    made = multiprocessing.get_context("fork").Process(target=sleep_on, daemon=True)
    made.start()
    return str(made.pid)


def program() -> str:
    """Leave another program running that holds all our output, and is as stubborn."""
    made = subprocess.Popen([sys.executable, "-c", STUBBORN], close_fds=False)
    made.returncode = 0  # nobody waits for it
    return str(made.pid)


def thread() -> str:
    """Leave a thread behind for which Python would wait at its end."""
    threading.Thread(target=time.sleep, args=(600,)).start()
    return "started"


def reads() -> str:
    """Read what the standard input has."""
    return repr(sys.stdin.read())


def dies() -> str:
    """Be killed in the middle of it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def leaves() -> str:
    """End the process as a program does that knows nothing of a server."""
    os._exit(3)


def elsewhere(do: Callable[[], str]) -> str:
    """Do it in a thread of its own."""
    # One of a pool will not do: a process that is forked from such a thread cannot end
    # in order, with or without a recorder.
    found: list[str] = []
    made = threading.Thread(target=lambda: found.append(do()))
    made.start()
    made.join()
    return found[0]


DOES: dict[str, Callable[[], str]] = {
    "/process/fork": lambda: process("fork"),
    "/process/spawn": lambda: process("spawn"),
    "/pool/fork": lambda: pool("fork"),
    "/pool/spawn": lambda: pool("spawn"),
    "/forked": forked,
    "/left-behind": left_behind,
    "/program": program,
    "/thread": thread,
    "/reads": reads,
    "/dies": dies,
    "/leaves": leaves,
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Do what the path says, in the loop's own thread or in another."""
    assert scope["type"] == "http"
    path = scope["path"]
    if path.startswith("/elsewhere"):
        answer = elsewhere(DOES[path.removeprefix("/elsewhere")])
    else:
        answer = DOES[path]()
    body = answer.encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
