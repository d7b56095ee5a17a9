"""Django as a later release might be: its handler is changed when this is imported.

An application here is the same in every environment but the one whose Django it names.
"""

from dataclasses import replace
from typing import Any

from walkthroughs.scenarios import http_get


def __getattr__(name: str) -> object:
    """The application, with the Django changed whose version the name ends with."""
    if not name.startswith("patched_"):
        raise AttributeError(name)
    import django

    from walkthroughs.scenarios.mysite.asgi import django_application

    if "{}_{}".format(*django.VERSION) == name.removeprefix("patched_"):
        _patch()
    return django_application


def _patch() -> None:
    from django.core.handlers.asgi import ASGIHandler

    resolve = ASGIHandler.resolve_request

    def resolve_twice(self: Any, request: Any) -> Any:
        resolve(self, request)
        return resolve(self, request)

    ASGIHandler.resolve_request = resolve_twice


def _patched(version: str) -> Any:
    return replace(
        http_get.scenario,
        name=f"patched-{version}",
        application=f"{__name__}:patched_{version}",
    )


in_4_2 = _patched("4_2")
in_5_2 = _patched("5_2")
in_6_1 = _patched("6_1")
