"""The two pages of the chat: log in and log out."""

from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path


def log_in(request: HttpRequest) -> HttpResponse:
    """Log Ada in; a real site would ask for a password."""
    login(request, User.objects.get(username="ada"))
    return HttpResponse("welcome")


def log_out(request: HttpRequest) -> HttpResponse:
    """Delete the session."""
    logout(request)
    return HttpResponse("goodbye")


urlpatterns = [path("login", log_in), path("logout", log_out)]
