"""What the servers need and a browser's Python has not.

Each stand-in is put in place only where the real thing is missing, so that elsewhere
the same code runs on the real thing.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import http_parser
from .network import MemorySocket, pair


class Absent(ModuleType):
    """A module that can be imported, and whose contents nobody calls."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init_subclass__": lambda **options: None})


ABSENT = (
    "ssl",
    "cbor2",
    "cryptography",
    "cryptography.exceptions",
    "cryptography.hazmat",
    "cryptography.hazmat.backends",
    "cryptography.hazmat.primitives",
    "cryptography.hazmat.primitives.asymmetric",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.ciphers",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf",
    "cryptography.hazmat.primitives.kdf.pbkdf2",
    "cryptography.hazmat.primitives.serialization",
)
"""TLS is never spoken here, and of Autobahn only its WAMP half needs the others."""

CONSTANTS = {
    "AF_INET": 2,
    "AF_INET6": 10,
    "AF_UNIX": 1,
    "AI_PASSIVE": 1,
    "IPPROTO_IPV6": 41,
    "IPPROTO_TCP": 6,
    "IPPROTO_UDP": 17,
    "IPV6_V6ONLY": 26,
    "SHUT_RD": 0,
    "SHUT_RDWR": 2,
    "SHUT_WR": 1,
    "SOCK_DGRAM": 2,
    "SOCK_STREAM": 1,
    "SOL_SOCKET": 1,
    "SOMAXCONN": 4096,
    "SO_ERROR": 4,
    "SO_KEEPALIVE": 9,
    "SO_LINGER": 13,
    "SO_REUSEADDR": 2,
    "TCP_NODELAY": 1,
}
"""The numbers of Linux, for code that sets options on sockets."""


def install(
    new_event_loop: Callable[[], asyncio.AbstractEventLoop], bare: bool = False
) -> None:
    """Put everything in place; call it before a server is imported.

    Args:
        new_event_loop: makes a loop that runs without sockets and threads.
        bare: whether to do without what is missing in a browser even where it is there.
    """
    for name in ABSENT:
        try:
            if bare:
                raise ImportError(name)
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = Absent(name)
    for name, number in CONSTANTS.items():
        if not hasattr(socket, name):
            setattr(socket, name, number)
    # Autobahn has faster code in C; it is not needed.
    os.environ.setdefault("AUTOBAHN_USE_NVX", "0")
    socket.socket = MemorySocket  # type: ignore[misc,assignment]
    socket.socketpair = pair  # type: ignore[assignment]
    asyncio.new_event_loop = asyncio.events.new_event_loop = new_event_loop
    http_parser.install()
    setattr(threading.Thread, "start", _run_in_place)  # noqa: B010 - mypy forbids it
    # A view may look at the database although no thread is there for it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def _run_in_place(thread: threading.Thread) -> None:
    """Stands in for `Thread.start`: asgiref starts one to shut down a pool."""
    thread.run()
