"""A program of its own, as a management command would be: tells the room something.

MYSITE_REDIS=redis://127.0.0.1:6379 python -m walkthroughs.scenarios.mysite.announce
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "walkthroughs.scenarios.mysite.redis_settings"

import django
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer


def main(text: str) -> None:
    """Sends `text` to the group `room`, whoever is in it, wherever they are connected."""
    django.setup()
    layer = get_channel_layer()
    async_to_sync(layer.group_send)("room", {"type": "room.message", "text": text})


if __name__ == "__main__":
    main("dinner is ready")
