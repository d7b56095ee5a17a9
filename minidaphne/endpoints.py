"""Endpoint strings, as Twisted writes them, and the listeners they stand for.

``tcp:port=8000:interface=127.0.0.1``, ``ssl:443:privateKey=key.pem:certKey=cert.pem``,
``unix:/run/app.sock:mode=660`` and ``fd:fileno=3``.  A backslash takes the meaning
from the character behind it.
"""

import asyncio
import os
import re
import socket
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass

from .errors import OperatorError

Factory = Callable[[], asyncio.Protocol]


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
        host = host.strip("[]").replace(":", r"\:")
        descriptions.append(f"tcp:port={int(port)}:interface={host}")
    elif host or port:
        raise ValueError("a TCP endpoint needs both a host and a port")
    if unix_socket:
        descriptions.append(f"unix:{unix_socket}")
    if file_descriptor is not None:
        descriptions.append(f"fd:fileno={int(file_descriptor)}")
    return descriptions


@dataclass
class TCP4ServerEndpoint:
    """A TCP port on one interface; an interface with colons is an IPv6 address."""

    port: int
    interface: str = "0.0.0.0"
    backlog: int = 2048
    tls: ssl.SSLContext | None = None

    async def listen(self, factory: Factory) -> asyncio.Server:
        """Bind the port; connections are taken once the server starts serving.

        Args:
            factory: makes the protocol of each connection.

        Raises:
            OSError: if the address is taken, or not ours.
        """
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            factory,
            self.interface,
            self.port,
            backlog=self.backlog,
            ssl=self.tls,
            start_serving=False,
        )


@dataclass
class UNIXServerEndpoint:
    """A unix socket; a stale file in its place is replaced, a live one is not."""

    address: str
    mode: int = 0o666
    backlog: int = 2048

    async def listen(self, factory: Factory) -> asyncio.Server:
        """Bind the path and set the permissions of its file."""
        self.remove_stale()
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(
            factory, self.address, backlog=self.backlog, start_serving=False
        )
        os.chmod(self.address, self.mode)
        return server

    def remove_stale(self) -> None:
        """Remove the file of a server that is gone."""
        try:
            if not stat.S_ISSOCK(os.stat(self.address).st_mode):
                return
        except FileNotFoundError:
            return
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.address)
            except ConnectionRefusedError:
                os.unlink(self.address)
            else:
                raise OSError(f"{self.address} is in use")


@dataclass
class AdoptedStreamServerEndpoint:
    """A listening socket that a process manager has opened for us."""

    fileno: int
    backlog: int = 2048

    async def listen(self, factory: Factory) -> asyncio.Server:
        """Take the descriptor over, of whatever address family it is."""
        sock = socket.socket(fileno=os.dup(self.fileno))
        loop = asyncio.get_running_loop()
        if sock.family == socket.AF_UNIX:
            return await loop.create_unix_server(
                factory, sock=sock, backlog=self.backlog, start_serving=False
            )
        return await loop.create_server(
            factory, sock=sock, backlog=self.backlog, start_serving=False
        )


Endpoint = TCP4ServerEndpoint | UNIXServerEndpoint | AdoptedStreamServerEndpoint

#: For each kind of endpoint: what its first argument is called, and what others it has.
ARGUMENTS = {
    "tcp": ("port", {"port", "interface", "backlog"}),
    "ssl": (
        "port",
        {"port", "interface", "backlog", "privateKey", "certKey", "extraCertChain"},
    ),
    "unix": ("address", {"address", "mode", "backlog", "lockfile"}),
    "fd": ("fileno", {"fileno", "backlog"}),
}


def server_from_string(description: str) -> Endpoint:
    """Make the endpoint that a string describes.

    Twin of ``twisted.internet.endpoints.serverFromString``.

    Raises:
        OperatorError: if the string names no endpoint we know, or has bad arguments.
    """
    kind, *arguments = split_unescaped(description, ":")
    if kind not in ARGUMENTS:
        raise OperatorError(f"unknown endpoint type {kind!r} in {description!r}")
    try:
        return make_endpoint(kind, parse_arguments(kind, arguments))
    except (ValueError, KeyError, OSError) as error:
        raise OperatorError(f"bad endpoint {description!r}: {error}") from None


def split_unescaped(text: str, separator: str) -> list[str]:
    """Split at each separator that has no backslash before it."""
    return re.split(rf"(?<!\\){separator}", text)


def parse_arguments(kind: str, arguments: list[str]) -> dict[str, str]:
    """Give each argument its name; the first may come without.

    Raises:
        ValueError: if there is an argument the kind does not have, or one too many.
    """
    first, known = ARGUMENTS[kind]
    named = {}
    for position, argument in enumerate(arguments):
        name, *value = split_unescaped(argument, "=")
        if not value and position == 0:
            name, value = first, [argument]
        if name not in known:
            raise ValueError(f"{name!r} is no argument of {kind}")
        named[name] = re.sub(r"\\(.)", r"\1", "=".join(value))
    return named


def make_endpoint(kind: str, arguments: dict[str, str]) -> Endpoint:
    """Make an endpoint of its arguments.

    Raises:
        KeyError: if one is missing.
        ValueError: if one is not what it should be.
        OSError: if a certificate or key cannot be read.
    """
    backlog = int(arguments.get("backlog", 2048))
    if kind == "unix":
        mode = int(arguments.get("mode", "666"), 8)
        return UNIXServerEndpoint(arguments["address"], mode, backlog)
    if kind == "fd":
        return AdoptedStreamServerEndpoint(int(arguments["fileno"]), backlog)
    port = int(arguments["port"])
    if not 0 <= port <= 65535:
        raise ValueError(f"there is no port {port}")
    interface = arguments.get("interface") or "0.0.0.0"
    tls = make_tls_context(arguments) if kind == "ssl" else None
    return TCP4ServerEndpoint(port, interface, backlog, tls)


def make_tls_context(arguments: dict[str, str]) -> ssl.SSLContext:
    """Load key and certificate; the defaults are Twisted's."""
    key = arguments.get("privateKey", "server.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(arguments.get("certKey", key), key)
    context.set_alpn_protocols(["http/1.1"])
    return context
