"""Django's ``runserver``, on minidaphne: reloading, checks and words are Django's own."""

import sys
import threading
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.contrib.staticfiles.management.commands import runserver
from django.core.management import CommandError
from django.utils.module_loading import import_string

from ...access import AccessLogGenerator
from ...endpoints import build_endpoint_description_strings
from ...server import Server


class DevelopmentServer:
    """Looks to Django like the WSGI server it would run."""

    def __init__(self, address: tuple[str, int], *_: Any, **options: Any) -> None:
        self.endpoints = build_endpoint_description_strings(address[0], address[1])

    def set_app(self, application: Any) -> None:
        """Take the application; it is no WSGI application."""
        self.server = Server(
            application,
            self.endpoints,
            signal_handlers=threading.current_thread() is threading.main_thread(),
            action_logger=AccessLogGenerator(sys.stderr),
            root_path=getattr(settings, "FORCE_SCRIPT_NAME", None) or "",
        )

    def serve_forever(self) -> None:
        """Serve, until the reloader or the user ends us."""
        self.server.run()
        if self.server.abort_start:
            raise CommandError("The server could not start.")


class Command(runserver.Command):  # type: ignore[misc]  # Django has no types
    """``runserver`` for ASGI_APPLICATION."""

    def add_arguments(self, parser: Any) -> None:
        """Add Daphne's one option that is not Django's."""
        super().add_arguments(parser)
        parser.add_argument("--noasgi", action="store_true", help="serve WSGI instead")

    def get_handler(self, *args: Any, **options: Any) -> Any:
        """The application, behind one that serves static files while DEBUG is on."""
        if options["noasgi"]:
            return super().get_handler(*args, **options)
        if not getattr(settings, "ASGI_APPLICATION", None):
            raise CommandError("You have not set ASGI_APPLICATION.")
        self.server_cls = DevelopmentServer
        application = import_string(settings.ASGI_APPLICATION)
        wanted = settings.DEBUG or options["insecure_serving"]
        if options["use_static_handler"] and wanted:
            return ASGIStaticFilesHandler(application)
        return application
