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
