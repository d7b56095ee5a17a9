"""The ASGI applications of the example site: Django alone, and Django with Channels."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", "walkthroughs.scenarios.mysite.settings"
)

django_application = get_asgi_application()

# The consumers are imported after Django is set up, as Channels asks.
from .consumers import Echo, Room

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter(
            [path("ws/echo/", Echo.as_asgi()), path("ws/room/", Room.as_asgi())]
        ),
    }
)
