"""Settings of the example site with what most sites have: middleware and a database."""

from .settings import *

INSTALLED_APPS = ["channels", "walkthroughs.scenarios.mysite"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        # In memory, and one for all threads of the process.
        "NAME": "file:mysite?mode=memory&cache=shared",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
