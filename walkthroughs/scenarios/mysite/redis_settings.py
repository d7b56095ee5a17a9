"""Settings of the example site with Redis between its processes."""

import os

from .settings import *

INSTALLED_APPS = ["channels", "walkthroughs.scenarios.mysite"]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": os.environ["MYSITE_REDIS"],
                    # The layer waits five seconds for a message, and redis-py 8 gives
                    # up after five: a consumer that hears nothing would raise.
                    "socket_timeout": 60,
                }
            ]
        },
    }
}
