"""The example site on a channel layer that several processes share.

Where Redis is, stands in the environment, as it does on most real sites.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "walkthroughs.scenarios.mysite.redis_settings"

from .asgi import application

__all__ = ["application"]
