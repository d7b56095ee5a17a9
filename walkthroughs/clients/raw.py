"""The peers that drive a scenario, each on a real socket.

A client is given the port of a server on loopback and talks to it, one thing after the
other, until it is done.  Everything has a time limit: a client that waits for a server
which will never answer is an error, not a hang.
"""

from __future__ import annotations

import socket
import time

from websockets.sync.client import ClientConnection, connect

TIMEOUT = 10.0
"""Seconds that a client waits for any one answer."""


def http(port: int, request: bytes) -> bytes:
    """Send a raw request that asks to close the connection; return the reply.

    Args:
        port: of a server on loopback.
        request: the bytes on the wire, with `Connection: close` among its headers.

    Raises:
        OSError: no connection, or no reply in time.
    """
    with connected(port) as peer:
        peer.sendall(request)
        return read_all(peer)


def connected(port: int) -> socket.socket:
    """Connect to the server, for a client that sends or reads slowly.

    Raises:
        OSError: no connection.
    """
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)


def read_all(peer: socket.socket) -> bytes:
    """All that the server still sends, until it closes the connection.

    Raises:
        OSError: it does not close it in time.
    """
    parts = []
    while part := peer.recv(65536):
        parts.append(part)
    return b"".join(parts)


def hear(peer: socket.socket, seconds: float) -> tuple[bytes, bool]:
    """Return what the server sends within some seconds, and whether it closed."""
    heard = bytearray()
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        peer.settimeout(left)
        try:
            part = peer.recv(65536)
        except TimeoutError:
            break
        except ConnectionResetError:
            part = b""
        if not part:
            return bytes(heard), True
        heard += part
    return bytes(heard), False


def request(
    method: str, path: str, body: bytes = b"", *, keep_alive: bool = False
) -> bytes:
    """Build a small HTTP/1.1 request, as bytes.

    Args:
        method: "GET", for instance.
        path: and query, percent-encoded.
        body: sent with its length.
        keep_alive: leave out `Connection: close`. A server ends every connection whose
            client asks it to, so only a client that keeps its connection can tell
            whether the server chose to end it.
    """
    head = [f"{method} {path} HTTP/1.1", "Host: example.com"]
    if not keep_alive:
        head.append("Connection: close")
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


def websocket(port: int, path: str) -> ClientConnection:
    """Open a WebSocket to the server; close it, or use it in a `with`.

    Raises:
        OSError: no connection, or no handshake in time.
        websockets.exceptions.InvalidStatus: the server refused the upgrade.
    """
    return connect(
        f"ws://127.0.0.1:{port}{path}",
        open_timeout=TIMEOUT,
        close_timeout=TIMEOUT,
        compression=None,
        proxy=None,
    )
