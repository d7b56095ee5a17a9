"""An application with a page that takes a while, and a style sheet that does not."""

from __future__ import annotations

import asyncio

from ...recorder.asgi_wrapper import Receive, Scope, Send

SECONDS = 0.2
"""How long the report takes."""


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `/report/` after a while, and everything else at once."""
    await receive()
    if scope["path"] == "/report/":
        await respond(send, await write_report())
    else:
        await respond(send, b"body { color: black }\n")


async def write_report() -> bytes:
    """Take a while."""
    await asyncio.sleep(SECONDS)
    return b"All is well.\n"


async def respond(send: Send, body: bytes) -> None:
    """Send a response in one piece."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
