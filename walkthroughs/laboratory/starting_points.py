"""Where experiments start: what the client sends, and the application, for each story.

A start point with a `scenario` tells one of the book's stories; its listing and its
focus are those of the chapter, with `experiment` in place of the example site's modules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..scenarios import load
from .focuses import MODULE

SERVERS = ("daphne", "minidaphne")

HELLO = """\
from django.http import HttpResponse
from django.urls import path


async def hello(request):
    return HttpResponse("Hello from a Django view\\n", content_type="text/plain")


urlpatterns = [path("hello/", hello)]
"""

GET = "GET {path} HTTP/1.1\nHost: example.com\nConnection: close\n\n"


@dataclass(frozen=True, slots=True)
class Start:
    """One start point.

    Args:
        name: as a link names it.
        title: as the page calls it.
        client: what the client sends.
        application: the text of the application.
        scenario: the book's scenario that it tells again; empty for none.
        options: of the server.
    """

    name: str
    title: str
    client: str
    application: str
    scenario: str = ""
    options: Mapping[str, object] = field(default_factory=dict)

    def focus(self, server: str) -> Sequence[str] | str:
        """Return the focus of the book's scenario there, or the usual one."""
        if not self.scenario:
            return "path"
        return [renamed(each) for each in load(self.scenario).focus[server]]


_SITE = re.compile(
    r"\bwalkthroughs\.scenarios\.mysite(\.(asgi|consumers|raising|stuck|urls|views))?\b"
)


def renamed(text: str) -> str:
    """Return a focus or a listing with the reader's module for the example site's."""
    return _SITE.sub(MODULE, text)


WORK = '''\


async def work(seconds):
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        put_in_order()
        raise


def put_in_order():
    """Stands for whatever must not be left half done."""


'''
"""What an application does that takes long, and must be put in order at its end."""

STARTS = (
    Start(
        "http-get",
        "A GET request",
        GET.format(path="/hello/?name=reader"),
        HELLO,
        "http-get",
    ),
    Start(
        "http-upload-slow",
        "A POST in two halves",
        "POST /hello/ HTTP/1.1\nHost: example.com\nConnection: close\n"
        "Content-Length: 12000\n\n--- zeros 6000\n"
        "--- connection\ngood morning\n\n---\n--- back\n--- zeros 6000\n",
        HELLO,
        "http-upload-slow",
    ),
    Start(
        "keep-alive",
        "Two requests on one connection",
        "GET /hello/ HTTP/1.1\nHost: example.com\n\n---\n" + GET.format(path="/hello/"),
        HELLO,
        "keep-alive",
    ),
    Start(
        "pipelining",
        "Two requests at once",
        "GET /hello/?n=1 HTTP/1.1\nHost: example.com\n\n"
        + GET.format(path="/hello/?n=2"),
        HELLO,
    ),
    Start(
        "http-stream",
        "A response in pieces",
        GET.format(path="/countdown/"),
        """\
import asyncio

from django.http import StreamingHttpResponse
from django.urls import path


async def countdown(request):
    async def pieces():
        for number in (3, 2, 1):
            yield f"{number}\\n"
            await asyncio.sleep(0)

    return StreamingHttpResponse(pieces(), content_type="text/plain")


urlpatterns = [path("countdown/", countdown)]
""",
        "http-stream",
    ),
    Start(
        "client-leaves",
        "The client leaves",
        "GET /slow/ HTTP/1.1\nHost: example.com\nConnection: close\n\n"
        "--- wait 0.5\n--- leave\n",
        '''\
import asyncio

from django.http import HttpResponse
from django.urls import path


async def slow(request):
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        put_in_order()
        raise
    return HttpResponse("at last\\n")


def put_in_order():
    """Stands for whatever must not be left half done."""


urlpatterns = [path("slow/", slow)]
''',
        "client-leaves",
    ),
    Start(
        "application-raises",
        "An application raises before its response",
        GET.format(path="/"),
        """\
async def application(scope, receive, send):
    await receive()
    raise ValueError("on purpose")
""",
        "application-raises",
    ),
    Start(
        "raises-late",
        "An application raises in the middle of its response",
        GET.format(path="/"),
        """\
async def application(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"so far\\n", "more_body": True})
    raise ValueError("on purpose")
""",
    ),
    Start(
        "http-timeout",
        "An application never answers",
        GET.format(path="/"),
        """\
import asyncio


async def stuck(scope, receive, send):
    assert scope["type"] == "http"
    await receive()
    await work(3600)
"""
        + WORK
        + "application = stuck\n",
        "http-timeout",
        {"http_timeout": 0.5, "application_close_timeout": 0.5},
    ),
    Start(
        "http-timeout-half",
        "An application stops in the middle of its response",
        "GET / HTTP/1.1\nHost: example.com\n\n--- wait 3\n--- leave\n",
        """\
import asyncio


async def half(scope, receive, send):
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    await work(3600)
"""
        + WORK
        + "application = half\n",
        "http-timeout-half",
        {"http_timeout": 0.5, "application_close_timeout": 0.5},
    ),
    Start(
        "websocket-echo",
        "A WebSocket that echoes",
        "WebSocket /ws/echo/\ngood morning\n",
        """\
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path


class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data=text_data, bytes_data=bytes_data)


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("ws/echo/", Echo.as_asgi())])}
)
""",
        "websocket-echo",
    ),
    Start(
        "websocket-reject",
        "A WebSocket that is rejected",
        "WebSocket /ws/\n",
        """\
async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})
""",
    ),
    Start(
        "close-codes",
        "A WebSocket closed with a code",
        "WebSocket /ws/\ngood morning\n",
        """\
async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    await send({"type": "websocket.close", "code": 4000, "reason": "enough"})
    print(await receive())
""",
    ),
    Start(
        "message-too-large",
        "A message that is too large",
        "WebSocket /ws/\n--- letters 1048577\n",
        """\
async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    print(await receive())
""",
    ),
    Start(
        "websocket-push",
        "A view tells a room (group_send)",
        "WebSocket /ws/room/\n--- connection\n"
        "GET /announce/ HTTP/1.1\nHost: example.com\n\n--- wait 0.3\n"
        "--- leave\n--- wait 0.3\n",
        """\
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path


async def announce(request):
    layer = get_channel_layer()
    await layer.group_send("room", {"type": "room.message", "text": "dinner is ready"})
    return HttpResponse("announced\\n", content_type="text/plain")


class Room(AsyncWebsocketConsumer):
    groups = ("room",)

    async def room_message(self, event):
        await self.send(text_data=event["text"])


urlpatterns = [path("announce/", announce)]
application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/room/", Room.as_asgi())]),
    }
)
""",
        "websocket-push",
    ),
)
"""The start points, in the order in which the page offers them."""
