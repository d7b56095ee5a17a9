"""The consumers of the chat, each for one question."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.backends.db import SessionStore


class Who(AsyncWebsocketConsumer):
    """Says who is connected."""

    async def receive(self, text_data: str) -> None:
        """Answer with the user's name."""
        await self.send(str(self.scope["user"]))


class Checks(AsyncWebsocketConsumer):
    """Looks again before each answer."""

    async def receive(self, text_data: str) -> None:
        """Load the session once more: the one in the scope keeps what it has read."""
        key = self.scope["session"].session_key
        user = await get_user({"session": SessionStore(key)})
        if user.is_anonymous:
            await self.close(code=4401)
        else:
            await self.send(str(user))


class Notified(AsyncWebsocketConsumer):
    """Is told that its user has logged out."""

    async def connect(self) -> None:
        """Join the group of this user."""
        self.group = f"user-{self.scope['user'].pk}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def logged_out(self, event: dict[str, Any]) -> None:
        """Close the WebSocket."""
        await self.close(code=4401)

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(self.group, self.channel_name)


def close_all(user: User, **more: object) -> None:
    """Tell every WebSocket of a user that the user has logged out."""
    group_send = async_to_sync(get_channel_layer().group_send)
    group_send(f"user-{user.pk}", {"type": "logged.out"})


user_logged_out.connect(close_all)


class Session(AsyncWebsocketConsumer):
    """Changes the session, and says what is stored."""

    async def connect(self) -> None:
        """Change the session before it accepts, when a response could still be changed."""
        self.scope["session"]["seat"] = 12
        await self.accept()

    async def receive(self, text_data: str) -> None:
        """Save if asked to, and answer with what is in the database."""
        if text_data == "save":
            await database_sync_to_async(self.scope["session"].save)()
        stored = SessionStore(self.scope["session"].session_key)
        seat = await database_sync_to_async(stored.get)("seat")
        await self.send(f"stored: {seat}")


class Before(AsyncWebsocketConsumer):
    """Rejects strangers before it accepts."""

    async def connect(self) -> None:
        """Close in place of accepting."""
        if self.scope["user"].is_anonymous:
            await self.close(code=4401)


class After(AsyncWebsocketConsumer):
    """Accepts everybody, and then rejects strangers."""

    async def connect(self) -> None:
        """Accept, and close with a reason."""
        await self.accept()
        if self.scope["user"].is_anonymous:
            await self.close(code=4401)


class Desk(WebsocketConsumer):
    """Works in the way most Django code does: no coroutine anywhere."""

    def receive(self, text_data: str) -> None:
        """Take a moment, and answer with the name of the thread."""
        print("the desk is busy")
        time.sleep(float(text_data))
        self.send(threading.current_thread().name)


class PooledDesk(AsyncWebsocketConsumer):
    """Does the same work in a pool of threads."""

    async def receive(self, text_data: str) -> None:
        """Take a moment, and answer."""
        print("the desk is busy")
        work = sync_to_async(time.sleep, thread_sensitive=False)
        await work(float(text_data))
        await self.send("done")


class Member(AsyncWebsocketConsumer):
    """Is in two groups, and sends to both."""

    async def connect(self) -> None:
        """Join both groups by hand."""
        for group in ("team", "everyone"):
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()

    async def receive(self, text_data: str) -> None:
        """Send to both groups."""
        for group in ("team", "everyone"):
            event = {"type": "news", "text": f"{text_data} for {group}"}
            await self.channel_layer.group_send(group, event)
        await self.send("sent")

    async def news(self, event: dict[str, Any]) -> None:
        """Pass on what a group was sent."""
        await self.send(event["text"])


class Census(AsyncWebsocketConsumer):
    """Counts the members of a group."""

    async def receive(self, text_data: str) -> None:
        """Look into the channel layer in memory."""
        await self.send(str(len(self.channel_layer.groups.get(text_data, ()))))


class Slow(AsyncWebsocketConsumer):
    """Is busy while its own group is sent 150 messages."""

    groups = ("numbers",)
    heard = 0

    async def receive(self, text_data: str) -> None:
        """Send them all before any of them can be handled."""
        for number in range(1, 151):
            event = {"type": "number", "number": number}
            await self.channel_layer.group_send("numbers", event)
        await asyncio.sleep(0.1)
        await self.send("sent 150")

    async def number(self, event: dict[str, Any]) -> None:
        """Count what arrives."""
        self.heard += 1
        await self.send(f"{self.heard} received, the last is number {event['number']}")
