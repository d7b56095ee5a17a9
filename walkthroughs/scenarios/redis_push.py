"""A program in another process makes a browser hear of something, through Redis."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..clients import raw as clients
from ..servers.redis import redis_server
from . import Scenario, expect, websocket_push


@contextmanager
def with_redis() -> Iterator[None]:
    """Run Redis, and say in the environment where it is."""
    with redis_server() as port:
        os.environ["MYSITE_REDIS"] = f"redis://127.0.0.1:{port}"
        try:
            yield
        finally:
            del os.environ["MYSITE_REDIS"]


def client(port: int) -> None:
    """Wait in the room; run the other program; hear what it announces."""
    with clients.websocket(port, "/ws/room/") as browser:
        settings = "--settings=walkthroughs.scenarios.mysite.redis_settings"
        command = [sys.executable, "-m", "django", "announce", settings]
        subprocess.run(command, check=True, timeout=30)
        heard = browser.recv(clients.TIMEOUT)
        expect(heard == "dinner is ready", heard)


LAYER = (
    "channels_redis.core.RedisChannelLayer",
    "-channels_redis.core.RedisChannelLayer.connection",
    "-channels_redis.core.RedisChannelLayer.consistent_hash",
    "-channels_redis.core.RedisChannelLayer.non_local_name",
    "-channels_redis.core.RedisChannelLayer.require_valid_channel_name",
    "-channels_redis.core.RedisChannelLayer.require_valid_group_name",
    "-channels_redis.core.RedisChannelLayer.match_type_and_length",
)

scenario = Scenario(
    name="redis-push",
    story="A program in another process tells a room; the browser in it hears it.",
    application="walkthroughs.scenarios.mysite.redis_asgi:application",
    client=client,
    background=with_redis,
    focus={
        server: (*names, *LAYER)
        for server, names in websocket_push.scenario.focus.items()
    },
)
