"""The one table of the example site."""

from django.db import models


class Guest(models.Model):  # type: ignore[misc]  # Django has no types
    """Somebody who was here."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40)

    class Meta:  # noqa: D106 - Django asks for it
        app_label = "mysite"
