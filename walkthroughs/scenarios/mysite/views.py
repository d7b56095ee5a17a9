"""The views of the example site."""

from __future__ import annotations

from channels.layers import get_channel_layer
from django.http import HttpRequest, HttpResponse


async def hello(request: HttpRequest) -> HttpResponse:
    """Greets, in one piece."""
    return HttpResponse("Hello from a Django view\n", content_type="text/plain")


async def announce(request: HttpRequest) -> HttpResponse:
    """Tells everybody in the room, whatever connection they are on."""
    layer = get_channel_layer()
    await layer.group_send("room", {"type": "room.message", "text": "dinner is ready"})
    return HttpResponse("announced\n", content_type="text/plain")


def guests(request: HttpRequest) -> HttpResponse:
    """Counts the guests: a plain function, which waits for the database."""
    from .models import Guest

    return HttpResponse(f"{Guest.objects.count()} guests\n", content_type="text/plain")


async def guests_async(request: HttpRequest) -> HttpResponse:
    """Counts the guests: a coroutine, which lets others run while it waits."""
    from .models import Guest

    number = await Guest.objects.acount()
    return HttpResponse(f"{number} guests\n", content_type="text/plain")
