"""Settings of the example site: no database, nothing left to the default by accident."""

SECRET_KEY = "the book's example site keeps no secrets"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "walkthroughs.scenarios.mysite.urls"
INSTALLED_APPS: list[str] = ["channels"]
MIDDLEWARE: list[str] = []
USE_TZ = True
CHANNEL_LAYERS: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
