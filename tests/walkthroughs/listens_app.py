"""An ASGI application that waits for the disconnect while it answers."""

import asyncio
from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Listen in a task, as Django 5.2 does."""
    assert scope["type"] == "http"
    await receive()
    listener = asyncio.create_task(receive())
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})
    await listener
