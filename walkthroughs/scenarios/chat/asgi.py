"""The chat, ready to serve."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "walkthroughs.scenarios.chat.settings"

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import connection
from django.urls import path

pages = get_asgi_application()

# The models and consumers are imported after Django is set up.
from django.contrib.auth.models import User

from . import consumers

CONSUMERS = (
    consumers.Who,
    consumers.Checks,
    consumers.Notified,
    consumers.Session,
    consumers.Before,
    consumers.After,
    consumers.Desk,
    consumers.PooledDesk,
    consumers.Member,
    consumers.Census,
    consumers.Slow,
)
guarded = AllowedHostsOriginValidator(consumers.After.as_asgi())
routes = [path(each.__name__.lower(), each.as_asgi()) for each in CONSUMERS]

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AuthMiddlewareStack(
            URLRouter([*routes, path("guarded", guarded)])
        ),
    }
)

call_command("migrate", verbosity=0)
User.objects.get_or_create(username="ada")

# A database in memory lasts as long as somebody is connected to it: we are.
keeper = connection.connection
