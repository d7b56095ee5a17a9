"""Daphne, on Twisted's asyncio reactor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

LOOP: Literal["loop", "reactor"] = "reactor"

FOCUS = (
    "daphne",
    # These run by the clock, every second or two, not because of anything a client did.
    "-daphne.server.Server.application_checker",
    "-daphne.server.Server.timeout_checker",
    "-daphne.http_protocol.WebRequest.check_timeouts",
    "-daphne.ws_protocol.WebSocketProtocol.check_timeouts",
    "-daphne.ws_protocol.WebSocketProtocol.duration",
)

TRANSPORT = (
    "twisted.internet.tcp.Server.doRead",
    "twisted.internet.tcp.Server.write",
    "twisted.internet.tcp.Server.writeSequence",
    "twisted.internet.tcp.Server.doWrite",
    "twisted.internet.tcp.Server.writeSomeData",
)
"""Where bytes come in from the socket and go out to it."""

QUEUES: tuple[str, ...] = ()
"""Its `receive` is the method `get` of the queue itself."""


def run(application: Any, port: int, ready: Callable[[], None], **options: Any) -> None:
    """Serves `application` on `port` of the loopback address."""
    from daphne.server import Server

    server = Server(
        application,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        ready_callable=ready,
        **{"signal_handlers": False, **options},
    )
    server.run()
