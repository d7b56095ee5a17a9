"""Daphne's command line, and a few more options."""

import atexit
import importlib
import logging
import os
import shlex
import sys
import threading
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from contextlib import suppress
from dataclasses import fields
from operator import attrgetter
from typing import Any, ClassVar

from .access import AccessLogGenerator
from .endpoints import build_endpoint_description_strings
from .errors import OperatorError
from .server import Server
from .settings import Settings

logger = logging.getLogger(__name__)

LOG_FORMAT = "%(asctime)-15s %(levelname)-8s %(message)s"
#: Seconds for the application's threads at the end: a thread cannot be cancelled.
THREAD_TIMEOUT = 1


class CommandLineInterface:
    """The command line; twin of ``daphne.cli.CommandLineInterface``."""

    description = "Django HTTP/WebSocket server"
    server_class: ClassVar[Any] = Server

    def __init__(self) -> None:
        self.parser = ArgumentParser("minidaphne", None, self.description)
        self.parser.set_defaults(**{f.name: f.default for f in fields(Settings)})
        self.parser.set_defaults(websocket_connect_timeout=5)  # as Daphne's is here
        self.add_options()
        self.add_settings()

    @classmethod
    def entrypoint(cls) -> None:
        """Run the command line of this process."""
        with suppress(KeyboardInterrupt):  # before there is a loop to handle signals
            cls().run(sys.argv[1:])
        timer = threading.Timer(THREAD_TIMEOUT, leave_threads)
        timer.daemon = True
        timer.start()
        atexit.register(timer.cancel)  # Python has waited for all threads by then

    def add_settings(self) -> None:
        """Add an option for each setting that has a help text."""
        for setting in fields(Settings):
            if options := dict(setting.metadata):
                if setting.default not in (None, ""):
                    options["help"] += " (default: %(default)s)"
                flag = f"--{setting.name.replace('_', '-')}"
                self.parser.add_argument(*options.pop("names"), flag, **options)

    def add_options(self) -> None:
        """Add the options that are not settings of the server."""
        add = self.parser.add_argument
        add("application", help="The application, as package.module:application")
        add("-p", "--port", type=int, help="TCP port to listen on (default: 8000)")
        add("-b", "--bind", help="Address to listen on (default: 127.0.0.1)")
        add("-u", "--unix-socket", help="Path of a Unix socket to listen on")
        add("--fd", type=int, help="File descriptor of an open socket to listen on")
        what = "Endpoint to listen on, such as tcp:8000; may be given more than once"
        add("-e", "--endpoint", action="append", default=[], help=what)
        what = "Take the client's address from the headers of trusted proxies"
        add("--proxy-headers", action="store_true", help=what)
        what = "Header with the client's {} (default: X-Forwarded-{})"
        add("--proxy-headers-host", help=what.format("address", "For"))
        add("--proxy-headers-port", help=what.format("port", "Port"))
        add("--access-log", help="File for the access log; - for standard output")
        what = "Format of log lines (default: %(default)s)"
        add("--log-fmt", default=LOG_FORMAT, help=what)
        name: Any = {"dest": "server_name", "action": "store_const", "const": ""}
        add("--no-server-name", **name, help="Send no Server header")
        add("--reload", action=BooleanOptionalAction, help="Restart when files change")

    def run(self, args: list[str]) -> None:
        """Read the arguments, and serve.

        Exit with status 2 for wrong arguments, and with 1 if the application cannot be
        imported or an endpoint cannot be bound.
        """
        options = self.parser.parse_args(args)
        if options.reload:
            return self.watch([*args, "--no-reload"])
        try:
            self.set_up_logging(options)
            options.action_logger = self.build_action_logger(options)
        except (OSError, ValueError) as error:
            self.parser.exit(2, f"minidaphne: error: cannot log: {error}\n")
        self.set_up_proxies(options)
        application = self.load_asgi_app(options.application)
        endpoints = self.build_endpoints(options)
        chosen = {f.name: getattr(options, f.name) for f in fields(Settings)}
        logger.info("Starting server at %s", ", ".join(endpoints))
        try:
            self.server = self.server_class(application, endpoints, **chosen)
            self.server.run()
        except OperatorError as error:
            self.parser.exit(2, f"minidaphne: error: {error}\n")
        if self.server.abort_start:
            sys.exit(1)

    def watch(self, args: list[str]) -> None:
        """Serve in a child process, and in a new one when a file changes."""
        try:
            from watchfiles import PythonFilter, run_process
        except ImportError:
            self.parser.error("--reload needs watchfiles: pip install watchfiles")
        command = shlex.join([sys.executable, "-m", "minidaphne", *args])
        with suppress(KeyboardInterrupt):
            run_process(".", target=command, watch_filter=PythonFilter())

    def set_up_logging(self, options: Namespace) -> None:
        """Set up logging; verbosity 3 differs from 2 in asyncio's debug mode."""
        levels = [logging.WARNING, logging.INFO, logging.DEBUG, logging.DEBUG]
        logging.basicConfig(level=levels[options.verbosity], format=options.log_fmt)

    def set_up_proxies(self, options: Namespace) -> None:
        """Choose the headers that proxies write, if any are to be believed."""
        host, port = options.proxy_headers_host, options.proxy_headers_port
        if options.proxy_headers:
            options.proxy_forwarded_address_header = host or "X-Forwarded-For"
            options.proxy_forwarded_port_header = port or "X-Forwarded-Port"
            options.proxy_forwarded_proto_header = "X-Forwarded-Proto"
        elif host or port:
            name = "--proxy-headers-host" if host else "--proxy-headers-port"
            text = "--proxy-headers has to be passed for this parameter."
            self.parser.error(f"argument {name}: {text}")

    def load_asgi_app(self, path: str) -> Any:
        """Import the application; a name may have dots after the colon.

        Twin of ``daphne.cli.CommandLineInterface.load_asgi_app``.
        """
        sys.path.insert(0, ".")
        module, _, names = path.partition(":")
        try:
            return attrgetter(names)(importlib.import_module(module))
        except Exception as error:
            logger.debug("Import of %r failed", path, exc_info=True)
            text = f"cannot import {path!r}: {type(error).__name__}: {error}"
            self.parser.exit(1, f"minidaphne: error: {text}\n")

    def build_endpoints(self, options: Namespace) -> list[str]:
        """Return all endpoint strings: those given, and those of the short options."""
        host, port, fd = options.bind, options.port, options.fd
        given = options.unix_socket or options.endpoint or fd is not None
        if host or port is not None or not given:
            host, port = host or "127.0.0.1", 8000 if port is None else port
        short = build_endpoint_description_strings(host, port, options.unix_socket, fd)
        return sorted(options.endpoint + short)

    def build_action_logger(self, options: Namespace) -> Any:
        """Return the access log: the file asked for, or standard output if verbose."""
        if options.access_log and options.access_log != "-":
            return AccessLogGenerator(open(options.access_log, "a"))
        if options.access_log or options.verbosity >= 1:
            return AccessLogGenerator(sys.stdout)
        return None


def leave_threads() -> None:
    """End the process at once, since a thread of the application still runs."""
    logger.warning("A thread of the application did not end, and was abandoned")
    sys.stdout.flush()
    os._exit(0)
