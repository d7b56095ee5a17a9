"""Settings of the example site with Redis between its processes."""

import os

from .settings import *

INSTALLED_APPS = ["channels", "walkthroughs.scenarios.mysite"]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ["MYSITE_REDIS"]]},
    }
}
