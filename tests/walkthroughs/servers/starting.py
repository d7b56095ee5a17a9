"""Applications that start up in different ways."""

from __future__ import annotations

import asyncio
from typing import Any


async def answer(send: Any) -> None:
    """An empty response."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Takes a while to start up."""
    if scope["type"] == "lifespan":
        await receive()
        await asyncio.sleep(0.3)
        await send({"type": "lifespan.startup.complete"})
        await receive()
    else:
        await answer(send)


async def raises(scope: Any, receive: Any, send: Any) -> None:
    """Knows no lifespan."""
    if scope["type"] == "lifespan":
        raise ValueError
    await answer(send)


async def returns(scope: Any, receive: Any, send: Any) -> None:
    """Starts up, and does not wait for the end."""
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
    else:
        await answer(send)


async def fails(scope: Any, receive: Any, send: Any) -> None:
    """Does not start up."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
