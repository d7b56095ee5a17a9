"""Settings of `members`; the name of the database comes from the environment."""

import os

SECRET_KEY = "for tests only"
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
ROOT_URLCONF = "tests.walkthroughs.members"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("MEMBERS_DATABASE", ":memory:"),
    }
}
