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
from .network import MemorySocket


class Absent(ModuleType):
    """A module that can be imported, and whose contents nobody calls."""

    __path__: list[str] = []

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


def install(new_event_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Put everything in place; call it before a server is imported.

    Args:
        new_event_loop: makes a loop that runs without sockets and threads.
    """
    for name in ABSENT:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = Absent(name)
    if not hasattr(socket, "AF_UNIX"):
        socket.AF_UNIX = 1  # type: ignore[misc]
    # Autobahn has faster code in C; it is not needed.
    os.environ.setdefault("AUTOBAHN_USE_NVX", "0")
    socket.socket = MemorySocket  # type: ignore[misc,assignment]
    asyncio.new_event_loop = new_event_loop
    http_parser.install()
    # A view may look at the database although no thread is there for it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def without_threads() -> bool:
    """Whether this Python cannot start a thread."""
    thread = threading.Thread(target=lambda: None)
    try:
        thread.start()
    except RuntimeError:
        return True
    thread.join()
    return False
