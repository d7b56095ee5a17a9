"""Endpoint strings, as Twisted writes them, and the listeners they stand for.

``tcp:port=8000:interface=127.0.0.1``, ``ssl:443:privateKey=key.pem:certKey=cert.pem``,
``unix:/run/app.sock:mode=660`` and ``fd:fileno=3``.  A backslash escapes the
next character.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import OperatorError

Factory = Callable[[], asyncio.Protocol]

#: TLS handshake and shutdown timeouts, in seconds.
TLS_TIMEOUTS = {"ssl_handshake_timeout": 10, "ssl_shutdown_timeout": 1}


class Endpoint:
    """Where a server can listen."""

    def stop_listening(self) -> None:
        """Close the listener; twin of Twisted's ``Port.stopListening``."""


class TCP4ServerEndpoint(Endpoint):
    """A TCP port on one interface; IPv6 too, in spite of Twisted's name."""

    def __init__(self, port: str, interface: str = "", backlog: str = "2048") -> None:
        self.port, self.backlog = int(port), int(backlog)
        self.interface = interface or "0.0.0.0"
        self.tls: dict[str, Any] = {}
        if not 0 <= self.port <= 65535:
            raise ValueError(f"there is no port {port}")

    async def listen(self, factory: Factory) -> asyncio.Server:
        """Bind the port; connections are taken once the listener starts serving.

        Args:
            factory: makes the protocol of each connection.

        Raises:
            OSError: if the address is taken, or not ours.
        """
        options = {"backlog": self.backlog, "start_serving": False, **self.tls}
        create = asyncio.get_running_loop().create_server
        return await create(factory, self.interface, self.port, **options)


def ssl_endpoint(
    port: str, privateKey: str = "server.pem", certKey: str = "", **more: str
) -> TCP4ServerEndpoint:
    """Return a TCP endpoint with TLS; names and default are Twisted's."""
    endpoint = TCP4ServerEndpoint(port, **more)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certKey or privateKey, privateKey)
    context.set_alpn_protocols(["http/1.1"])
    endpoint.tls = {"ssl": context, **TLS_TIMEOUTS}
    return endpoint


class UNIXServerEndpoint(Endpoint):
    """A unix socket; a stale file in its place is replaced, a live one is not."""

    def __init__(self, address: str, mode: str = "666", backlog: str = "2048") -> None:
        self.address, self.mode, self.backlog = address, int(mode, 8), int(backlog)
        if not address:
            raise ValueError("a unix socket needs a path")

    async def listen(self, factory: Factory) -> asyncio.Server:
        """Bind the path, and set the permissions of its file."""
        self.check_unused()
        server = await asyncio.get_running_loop().create_unix_server(
            factory, self.address, backlog=self.backlog, start_serving=False
        )
        os.chmod(self.address, self.mode)
        self.file = os.stat(self.address)
        return server

    def stop_listening(self) -> None:
        """Remove the socket's file, unless another server has put its own there."""
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(self.address), self.file):
                os.unlink(self.address)

    def check_unused(self) -> None:
        """Check that a file in our place is the socket of a server that is gone."""
        path = Path(self.address)
        if path.exists() and not path.is_socket():
            raise OSError(f"{self.address} exists and is not a socket")
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(self.address) == 0:
                raise OSError(f"{self.address} is in use")


class AdoptedStreamServerEndpoint(Endpoint):
    """A listening socket that a process manager has opened for us."""

    def __init__(self, fileno: str) -> None:
        self.fileno = int(fileno)

    async def listen(self, factory: Factory) -> asyncio.Server:
        """Take the descriptor over, of whatever family it is.

        `create_server` takes Unix sockets, too.  `create_unix_server` would remove the
        socket's file at the end, since Python 3.13; but it is the process manager's.
        """
        sock = socket.socket(fileno=os.dup(self.fileno))
        create = asyncio.get_running_loop().create_server
        return await create(factory, sock=sock, start_serving=False)


KINDS: dict[str, Callable[..., Any]] = {
    "tcp": TCP4ServerEndpoint,
    "ssl": ssl_endpoint,
    "unix": UNIXServerEndpoint,
    "fd": AdoptedStreamServerEndpoint,
}


def server_from_string(description: str) -> Any:
    """Make the endpoint that a string describes.

    Twin of ``twisted.internet.endpoints.serverFromString``.

    Raises:
        OperatorError: if the string names no known endpoint, or has bad arguments.
    """
    kind, *parts = re.split(r"(?<!\\):", description)
    arguments, named = [], {}
    for part in parts:
        name, equals, value = part.partition("=")
        if equals:
            named[name] = re.sub(r"\\(.)", r"\1", value)
        else:
            arguments.append(re.sub(r"\\(.)", r"\1", part))
    if kind not in KINDS:
        text = f"{description!r} is not an endpoint: expected tcp:, ssl:, unix: or fd:"
        raise OperatorError(text)
    try:
        return KINDS[kind](*arguments, **named)
    except (TypeError, ValueError, OSError) as error:
        raise OperatorError(f"bad endpoint {description!r}: {error}") from None


def build_endpoint_description_strings(
    host: str | None = None,
    port: int | None = None,
    unix_socket: str | None = None,
    file_descriptor: int | None = None,
) -> list[str]:
    """Write the endpoint strings for the short options of the command line.

    Twin of ``daphne.endpoints.build_endpoint_description_strings``.

    Raises:
        ValueError: if only one of host and port is given.
    """
    descriptions = []
    if host and port is not None:
        interface = host.strip("[]").replace(":", r"\:")
        descriptions.append(f"tcp:port={int(port)}:interface={interface}")
    elif host or port:
        raise ValueError("a TCP endpoint needs both a host and a port")
    if unix_socket:
        descriptions.append(f"unix:{unix_socket}")
    if file_descriptor is not None:
        descriptions.append(f"fd:fileno={int(file_descriptor)}")
    return descriptions
