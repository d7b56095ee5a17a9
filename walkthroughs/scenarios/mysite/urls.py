"""Where each path of the example site leads."""

from django.urls import path

from . import views

urlpatterns = [
    path("hello/", views.hello),
    path("announce/", views.announce),
    path("broken/", views.broken),
    path("countdown/", views.countdown),
    path("guests/", views.guests),
    path("guests/async/", views.guests_async),
    path("slow/", views.slow),
]
