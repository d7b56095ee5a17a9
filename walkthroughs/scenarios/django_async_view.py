"""One GET request, answered by a coroutine with a query."""

from .django_sync_view import scenario_at

scenario = scenario_at(
    "django-async-view",
    "A view that is a coroutine counts the rows of a table.",
    "/guests/async/",
)
