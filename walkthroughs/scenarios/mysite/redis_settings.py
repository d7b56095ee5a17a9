"""Settings of the example site with Redis between its processes."""

import os

from .settings import *

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ["MYSITE_REDIS"]]},
    }
}
