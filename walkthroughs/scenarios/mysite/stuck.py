"""ASGI applications that are still at work when their server has had enough."""

import asyncio
import os
import signal
from typing import Any

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"done"}
HALF = {"type": "http.response.body", "body": b"half", "more_body": True}


async def stuck(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Take the request, and wait for what never comes."""
    assert scope["type"] == "http"
    await receive()
    await work(3600)


async def half(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Take the request, send half a response, and wait for what never comes."""
    assert scope["type"] == "http"
    await receive()
    await send(START)
    await send(HALF)
    await work(3600)


async def stopped(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Take the request, and have its process told to end while it works."""
    assert scope["type"] == "http"
    await receive()
    loop = asyncio.get_running_loop()
    loop.call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)
    await work(0.3)
    await send(START)
    await send(BODY)


async def work(seconds: float) -> None:
    """Works, and puts things in order if it is not to go on."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        put_in_order()
        raise


def put_in_order() -> None:
    """Where an application would close its files and roll back what it has begun."""
