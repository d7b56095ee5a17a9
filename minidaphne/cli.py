"""Daphne's command line, and a few options more."""

import argparse
import importlib
import logging
import sys
from typing import Any, ClassVar

from .access import AccessLogGenerator
from .endpoints import build_endpoint_description_strings
from .errors import OperatorError
from .server import Server

logger = logging.getLogger(__name__)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000

#: Every option: its names, its default, and the rest of what argparse wants to know.
OPTIONS: list[tuple[tuple[str, ...], Any, dict[str, Any]]] = [
    (("-p", "--port"), None, {"type": int, "help": "port to listen on (8000)"}),
    (
        ("-b", "--bind"),
        None,
        {"dest": "host", "help": "address to listen on (127.0.0.1)"},
    ),
    (("-u", "--unix-socket"), None, {"help": "unix socket to listen on"}),
    (
        ("--fd",),
        None,
        {"type": int, "dest": "file_descriptor", "help": "socket to take over"},
    ),
    (
        ("-e", "--endpoint"),
        [],
        {
            "action": "append",
            "dest": "socket_strings",
            "help": "tcp:, ssl:, unix: or fd: string",
        },
    ),
    (("-v", "--verbosity"), 1, {"type": int, "choices": range(4), "help": "0 to 3"}),
    (
        ("-t", "--http-timeout"),
        None,
        {"type": float, "help": "seconds a request may take"},
    ),
    (
        ("--access-log",),
        None,
        {"help": "file for the access log; - for standard output"},
    ),
    (
        ("--log-fmt",),
        "%(asctime)-15s %(levelname)-8s %(message)s",
        {"help": "format of log lines"},
    ),
    (
        ("--ping-interval",),
        20,
        {"type": float, "help": "seconds of silence before a ping"},
    ),
    (("--ping-timeout",), 30, {"type": float, "help": "seconds to answer a ping"}),
    (
        ("--websocket_timeout",),
        86400,
        {"type": float, "help": "seconds a WebSocket may live"},
    ),
    (
        ("--websocket_connect_timeout",),
        5,
        {"type": float, "help": "seconds to accept a WebSocket"},
    ),
    (
        ("--websocket-max-message-size",),
        1024 * 1024,
        {"type": int, "help": "bytes of a message; 0 for no limit"},
    ),
    (
        ("--websocket-max-frame-size",),
        1024 * 1024,
        {"type": int, "help": "bytes of a frame; 0 for no limit"},
    ),
    (
        ("--application-close-timeout",),
        10,
        {"type": float, "help": "seconds to end once the client has left"},
    ),
    (("--root-path",), "", {"help": "where the application is mounted"}),
    (
        ("--proxy-headers",),
        False,
        {
            "action": "store_true",
            "help": "take the client's address from X-Forwarded-For",
        },
    ),
    (("--proxy-headers-host",), None, {"help": "take it from this header instead"}),
    (("--proxy-headers-port",), None, {"help": "header with the client's port"}),
    (
        ("--trusted-proxies",),
        "127.0.0.1,::1",
        {"help": "addresses and networks; * for all"},
    ),
    (("-s", "--server-name"), "daphne", {"help": "value of the Server header"}),
    (
        ("--no-server-name",),
        "daphne",
        {
            "dest": "server_name",
            "action": "store_const",
            "const": "",
            "help": "no Server header",
        },
    ),
    (
        ("--loop",),
        "auto",
        {"choices": ["auto", "asyncio", "uvloop"], "help": "event loop"},
    ),
    (
        ("--lifespan",),
        "auto",
        {"choices": ["auto", "on", "off"], "help": "ASGI lifespan"},
    ),
    (("--limit-request-line",), 8192, {"type": int, "help": "bytes"}),
    (("--limit-request-headers",), 65536, {"type": int, "help": "bytes"}),
    (("--limit-request-body",), 0, {"type": int, "help": "bytes; 0 for no limit"}),
    (
        ("--graceful-timeout",),
        10,
        {"type": float, "help": "seconds to finish when stopping"},
    ),
    (
        ("--reload",),
        False,
        {"action": "store_true", "help": "restart when a file changes"},
    ),
]

#: Options that `Server` takes under the same name.
SERVER_OPTIONS = [
    "http_timeout",
    "ping_interval",
    "ping_timeout",
    "websocket_timeout",
    "websocket_connect_timeout",
    "websocket_max_message_size",
    "websocket_max_frame_size",
    "application_close_timeout",
    "root_path",
    "verbosity",
    "trusted_proxies",
    "server_name",
    "loop",
    "lifespan",
    "limit_request_line",
    "limit_request_headers",
    "limit_request_body",
    "graceful_timeout",
]


def import_by_path(path: str) -> Any:
    """Import an application.

    Twin of ``daphne.utils.import_by_path``.

    Args:
        path: ``package.module:name``, or a name with dots behind the colon.

    Raises:
        OperatorError: if there is no such thing, or it fails when imported.
    """
    module, colon, names = path.partition(":")
    if not (module and colon and names):
        raise OperatorError(f"{path!r} is not of the form package.module:application")
    try:
        target: Any = importlib.import_module(module)
        for name in names.split("."):
            target = getattr(target, name)
    except Exception as error:
        logger.debug("Import of %r failed", path, exc_info=True)
        raise OperatorError(f"cannot import {path!r}: {error!r}") from error
    return target


class CommandLineInterface:
    """The command line; twin of ``daphne.cli.CommandLineInterface``."""

    description = "Django HTTP/WebSocket server"
    server_class: ClassVar[Any] = Server

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(
            prog="minidaphne", description=self.description
        )
        for names, default, options in OPTIONS:
            self.parser.add_argument(*names, default=default, **options)
        self.parser.add_argument("application", help="package.module:application")
        self.server: Any = None

    @classmethod
    def entrypoint(cls) -> None:
        """What ``python -m minidaphne`` calls."""
        cls().run(sys.argv[1:])

    def run(self, args: list[str]) -> None:
        """Read the arguments, and serve.

        Exits with status 2 for arguments that cannot be, 1 if the application cannot
        be imported or an address not be bound.
        """
        options = self.parser.parse_args(args)
        self.check_proxy_headers_passed(options)
        self.set_up_logging(options)
        try:
            self.server = self.build_server(options)
        except OperatorError as error:
            self.parser.exit(2, f"{self.parser.prog}: error: {error}\n")
        self.server.run()
        if self.server.abort_start:
            sys.exit(1)

    def check_proxy_headers_passed(self, options: argparse.Namespace) -> None:
        """Refuse options that mean nothing without ``--proxy-headers``."""
        for name in ("host", "port"):
            if getattr(options, f"proxy_headers_{name}") and not options.proxy_headers:
                self.parser.error(
                    f"argument --proxy-headers-{name}: "
                    "--proxy-headers has to be passed for this parameter."
                )

    def set_up_logging(self, options: argparse.Namespace) -> None:
        """Set up logging; verbosity 3 differs from 2 in asyncio's debug mode."""
        levels = [logging.WARNING, logging.INFO, logging.DEBUG, logging.DEBUG]
        logging.basicConfig(level=levels[options.verbosity], format=options.log_fmt)

    def build_server(self, options: argparse.Namespace) -> Any:
        """Import the application, and make the server that will run it."""
        sys.path.insert(0, ".")
        application = import_by_path(options.application)
        endpoints = self.build_endpoints(options)
        logger.info("Starting server at %s", ", ".join(endpoints))
        return self.server_class(
            application=application,
            endpoints=endpoints,
            action_logger=self.build_action_logger(options),
            **self.proxy_options(options),
            **{name: getattr(options, name) for name in SERVER_OPTIONS},
        )

    def build_endpoints(self, options: argparse.Namespace) -> list[str]:
        """All endpoint strings: those given, and those of the short options."""
        host, port = options.host, options.port
        if host or port is not None:
            host, port = host or DEFAULT_HOST, DEFAULT_PORT if port is None else port
        elif options.file_descriptor is None and not (
            options.unix_socket or options.socket_strings
        ):
            host, port = DEFAULT_HOST, DEFAULT_PORT
        endpoints = build_endpoint_description_strings(
            host, port, options.unix_socket, options.file_descriptor
        )
        return sorted([*options.socket_strings, *endpoints])

    def build_action_logger(
        self, options: argparse.Namespace
    ) -> AccessLogGenerator | None:
        """The access log: where it was asked for, else to standard output from verbosity 1."""
        if options.access_log and options.access_log != "-":
            return AccessLogGenerator(open(options.access_log, "a", 1))
        if options.access_log or options.verbosity >= 1:
            return AccessLogGenerator(sys.stdout)
        return None

    def proxy_options(self, options: argparse.Namespace) -> dict[str, str | None]:
        """The names of the headers our proxies write."""
        if not options.proxy_headers:
            return {}
        return {
            "proxy_forwarded_address_header": options.proxy_headers_host
            or "X-Forwarded-For",
            "proxy_forwarded_port_header": options.proxy_headers_port
            or "X-Forwarded-Port",
            "proxy_forwarded_proto_header": "X-Forwarded-Proto",
        }
