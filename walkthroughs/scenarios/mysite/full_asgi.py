"""The example site with middleware and a database, ready to serve."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "walkthroughs.scenarios.mysite.full_settings"

from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import connection

application = get_asgi_application()

# A database in memory lasts as long as somebody is connected to it: we are.
call_command("migrate", run_syncdb=True, verbosity=0)
keeper = connection.connection
