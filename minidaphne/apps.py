"""minidaphne as a Django application: it has a ``runserver``, and checks its position."""

from typing import Any

from django.apps import AppConfig, apps
from django.core import checks


class MinidaphneConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """Add ``minidaphne`` to INSTALLED_APPS, before ``django.contrib.staticfiles``."""

    name = "minidaphne"

    def ready(self) -> None:
        """Have Django check the order of its applications."""
        checks.register(check_minidaphne_installed, checks.Tags.staticfiles)


def check_minidaphne_installed(app_configs: Any, **kwargs: Any) -> list[checks.Error]:
    """Check that Django finds our ``runserver`` first: it takes the first in the list."""
    names = [config.name for config in apps.get_app_configs()]
    static = "django.contrib.staticfiles"
    if static not in names or names.index("minidaphne") < names.index(static):
        return []
    text = f"minidaphne must be listed before {static} in INSTALLED_APPS."
    return [checks.Error(text, id="minidaphne.E001")]
