"""An application without any framework, which does what applications do."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie
from typing import Any


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers by the path."""
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan here")
    if scope["type"] == "websocket":
        await chat(scope, receive, send)
    elif scope["path"] == "/raises":
        raise ValueError("two\nlines")
    elif scope["path"] == "/never":
        await asyncio.Event().wait()
    elif scope["path"] == "/begins":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await asyncio.Event().wait()
    else:
        await answer(scope, receive, send)


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Says what it was asked, and sets a cookie."""
    event = await receive()
    print("asked for", scope["path"])
    status = 500 if scope["path"] == "/500" else 200
    headers = [(b"set-cookie", b"token=s3cret; Path=/"), (b"set-cookie", b"b@d")]
    body = said(scope, event["body"])
    # A client may close the connection as soon as it has as much as was announced.
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def said(scope: Any, body: bytes) -> bytes:
    """The request in one line; printed, too, so that a test can see it."""
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    cookie = SimpleCookie(headers.get("cookie", "")).get("token")
    words = [
        scope["method"],
        scope["path"],
        scope["query_string"].decode(),
        headers.get("content-type", ""),
        headers.get("x-own", ""),
        cookie.value if cookie else "",
        body.decode(),
    ]
    print("|".join(words))
    return "|".join(words).encode()


async def chat(scope: Any, receive: Any, send: Any) -> None:
    """Says back twice what it hears; refuses at /refused, closes on "bye"."""
    await receive()
    if scope["path"] == "/refused":
        await send({"type": "websocket.close", "code": 4000})
        return
    print("origin", dict(scope["headers"])[b"origin"].decode().rpartition(":")[0])
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        if event["text"] == "bye":
            await send({"type": "websocket.close", "code": 1000})
            return
        for _ in range(2):
            await send({"type": "websocket.send", "text": event["text"]})


not_callable = 1
