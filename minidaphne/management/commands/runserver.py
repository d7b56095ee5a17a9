"""Django's ``runserver``, on minidaphne: reloading, checks and messages are Django's."""

import sys
import threading
from dataclasses import fields
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.management import CommandError
from django.core.management.commands import runserver
from django.utils.module_loading import import_string

from ...access import AccessLogGenerator
from ...endpoints import build_endpoint_description_strings
from ...server import Server
from ...settings import Settings


class DevelopmentServer:
    """Stands in for the WSGI server that Django would run.

    Attributes:
        options: those of the command line that the server knows.
    """

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, address: tuple[str, int], *_: Any, **options: Any) -> None:
        self.endpoints = build_endpoint_description_strings(address[0], address[1])

    def set_app(self, application: Any) -> None:
        """Take the application, which is an ASGI application."""
        options = self.options | {
            "signal_handlers": threading.current_thread() is threading.main_thread(),
            "action_logger": AccessLogGenerator(sys.stderr),
            "root_path": getattr(settings, "FORCE_SCRIPT_NAME", None) or "",
        }
        self.server = Server(application, self.endpoints, **options)

    def serve_forever(self) -> None:
        """Serve until the reloader or the user stops us."""
        self.server.run()
        if self.server.abort_start:
            raise CommandError("The server could not start.")


class Command(runserver.Command):  # type: ignore[misc]  # Django has no types
    """``runserver`` for ASGI_APPLICATION."""

    def add_arguments(self, parser: Any) -> None:
        """Add Daphne's options, and those of ``django.contrib.staticfiles``."""
        super().add_arguments(parser)
        add = parser.add_argument
        add("--noasgi", action="store_true", help="Serve WSGI instead of ASGI")
        add("--http_timeout", type=int, help="Seconds for request and response")
        add("--websocket_handshake_timeout", type=int, default=5, help="Ignored")
        for what in ("message", "frame"):
            name = f"DAPHNE_WEBSOCKET_MAX_{what.upper()}_SIZE"
            most = getattr(settings, name, 1024 * 1024)
            help = f"Maximum size in bytes of a WebSocket {what}; default: {name}"
            add(f"--websocket-max-{what}-size", type=int, default=most, help=help)
        if apps.is_installed("django.contrib.staticfiles"):
            add("--nostatic", dest="use_static_handler", action="store_false")
            add("--insecure", dest="insecure_serving", action="store_true")

    def handle(self, *args: Any, **options: Any) -> Any:
        """Refuse to start without an application.

        It is checked here because ``get_handler`` runs in the reloader's thread, where
        an error ends only that thread.
        """
        if not options["noasgi"] and not getattr(settings, "ASGI_APPLICATION", None):
            raise CommandError(
                "ASGI_APPLICATION is not set: name your ASGI application in the "
                "settings (such as 'mysite.asgi.application'), or use --noasgi."
            )
        return super().handle(*args, **options)

    def get_handler(self, *args: Any, **options: Any) -> Any:
        """Return the application, which also serves static files while DEBUG is on."""
        if options["noasgi"]:
            return super().get_handler(*args, **options)
        known = {field.name for field in fields(Settings)} & options.keys()
        DevelopmentServer.options = {name: options[name] for name in known}
        self.server_cls = DevelopmentServer
        application = import_string(settings.ASGI_APPLICATION)
        wanted = settings.DEBUG or options.get("insecure_serving")
        if options.get("use_static_handler") and wanted:
            return ASGIStaticFilesHandler(application)
        return application
