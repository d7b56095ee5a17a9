"""The management command `announce`: a program of its own, with no server in it."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand


class Command(BaseCommand):  # type: ignore[misc]  # Django has no types
    """Tells everybody in the room, wherever they are connected."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run `python manage.py announce`."""
        layer = get_channel_layer()
        message = {"type": "room.message", "text": "dinner is ready"}
        async_to_sync(layer.group_send)("room", message)
