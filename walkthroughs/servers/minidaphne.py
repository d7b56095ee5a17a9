"""minidaphne, on asyncio's own loop: the recorder hears the loop only if it is Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

LOOP: Literal["loop", "reactor"] = "loop"

FOCUS = ("minidaphne",)


def run(application: Any, port: int, ready: Callable[[], None]) -> None:
    """Serves `application` on `port` of the loopback address."""
    from minidaphne.server import Server

    server = Server(
        application,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        signal_handlers=False,
        ready_callable=ready,
        loop="asyncio",
    )
    server.run()
