"""The views of the example site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from channels.layers import get_channel_layer
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse


async def hello(request: HttpRequest) -> HttpResponse:
    """Greets, in one piece."""
    return HttpResponse("Hello from a Django view\n", content_type="text/plain")


async def announce(request: HttpRequest) -> HttpResponse:
    """Tells everybody in the room, whatever connection they are on."""
    layer = get_channel_layer()
    await layer.group_send("room", {"type": "room.message", "text": "dinner is ready"})
    return HttpResponse("announced\n", content_type="text/plain")


def guests(request: HttpRequest) -> HttpResponse:
    """Count the guests: a plain function, which waits for the database."""
    from .models import Guest

    return HttpResponse(f"{Guest.objects.count()} guests\n", content_type="text/plain")


async def guests_async(request: HttpRequest) -> HttpResponse:
    """Count the guests: a coroutine, which lets others run while it waits."""
    from .models import Guest

    number = await Guest.objects.acount()
    return HttpResponse(f"{number} guests\n", content_type="text/plain")


async def slow(request: HttpRequest) -> HttpResponse:
    """Wait for something that takes long; put things in order if it may not go on."""
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        put_in_order()
        raise
    return HttpResponse("at last\n")


def put_in_order() -> None:
    """Stands for whatever must not be left half done."""


def broken(request: HttpRequest) -> HttpResponse:
    """Fails."""
    raise ValueError("on purpose")


async def countdown(request: HttpRequest) -> StreamingHttpResponse:
    """Answers piece by piece."""

    async def pieces() -> AsyncIterator[str]:
        for number in (3, 2, 1):
            yield f"{number}\n"
            await asyncio.sleep(0)

    return StreamingHttpResponse(pieces(), content_type="text/plain")
