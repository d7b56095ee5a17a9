"""The application that every server is measured with."""

from __future__ import annotations

from typing import Any

SMALL = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")],
}
STREAMED = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/octet-stream")],
}
PIECE = bytes(8192)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers each path as its row of the table wants it."""
    if scope["type"] == "websocket":
        await echo(receive, send)
    elif scope["type"] == "http":
        await ROUTES[scope["path"]](receive, send)
    else:
        await lifespan(receive, send)


async def small(receive: Any, send: Any) -> None:
    """Five bytes."""
    await send(SMALL)
    await send({"type": "http.response.body", "body": b"hello"})


async def streamed(receive: Any, send: Any) -> None:
    """64 KiB in eight pieces."""
    await send(STREAMED)
    for _ in range(8):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body"})


async def upload(receive: Any, send: Any) -> None:
    """Receives all, then answers."""
    while (await receive()).get("more_body"):
        pass
    await small(receive, send)


async def echo(receive: Any, send: Any) -> None:
    """Sends back every message."""
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": event["bytes"]})


async def lifespan(receive: Any, send: Any) -> None:
    """Has nothing to prepare."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


ROUTES = {"/small": small, "/streamed": streamed, "/upload": upload}
