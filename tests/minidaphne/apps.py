"""Applications for servers that are started from the command line."""

import asyncio
import atexit
import time
from typing import Any

from .memory import echo, reply, start

refused = reply({"type": "lifespan.startup.failed", "message": "no database"})
not_an_application = 1


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Echo, with a lifespan that leaves its mark in the state."""
    if scope["type"] != "lifespan":
        await (said if scope["path"] == "/state" else echo)(scope, receive, send)
        return
    await receive()
    scope["state"]["mark"] = "up"
    await send({"type": "lifespan.startup.complete"})
    await receive()
    print("lifespan is over", flush=True)
    await send({"type": "lifespan.shutdown.complete"})


async def said(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the state."""
    await send(start())
    await send({"type": "http.response.body", "body": scope["state"]["mark"].encode()})


async def starting(scope: Any, receive: Any, send: Any) -> None:
    """Take for ever to start, and tidy up."""
    print("application is starting", flush=True)
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0.1)
        print("tidied up", flush=True)


async def stuck_in_a_thread(scope: Any, receive: Any, send: Any) -> None:
    """Wait for a thread, which nobody can cancel."""
    if scope["type"] == "http":
        await asyncio.to_thread(time.sleep, 60)


async def slow_at_exit(scope: Any, receive: Any, send: Any) -> None:
    """Leave something that Python does at its end, and that takes its time."""
    atexit.register(print, "tidied up", flush=True)
    atexit.register(time.sleep, 2)
    await echo(scope, receive, send)
