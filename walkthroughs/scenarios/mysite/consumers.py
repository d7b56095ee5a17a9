"""The WebSocket side of the example site."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer


class Echo(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """Says back what it hears."""

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Answer each message of the browser."""
        await self.send(text_data=text_data, bytes_data=bytes_data)


class Room(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """Passes on what other parts of the site tell the room."""

    groups = ("room",)

    async def room_message(self, event: dict[str, Any]) -> None:
        """Pass on each event of type `room.message` sent to the group."""
        await self.send(text_data=event["text"])
