"""Commands of the example site, for `python manage.py`."""
