"""A small site with Django: it says who its members are."""

from __future__ import annotations

from typing import Any

from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path


def members(request: Any) -> HttpResponse:
    """The names of all members."""
    from django.contrib.auth.models import User

    names = User.objects.values_list("username", flat=True)
    print("members:", ", ".join(names))
    return HttpResponse(status=200 if names else 500)


def join() -> None:
    """Set-up for a recording: there is one member."""
    from django.contrib.auth.models import User

    User.objects.create(username="ada")


def refuse() -> None:
    """Set-up that fails."""
    raise ValueError("nobody may join")


urlpatterns = [path("", members)]


def create() -> Any:
    """The application."""
    return get_asgi_application()
