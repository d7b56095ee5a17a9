"""Daphne, on Twisted's asyncio reactor."""

from __future__ import annotations

import asyncio
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


def run(
    application: Any,
    ready: Callable[[int], None],
    loop: Literal["asyncio", "uvloop"] = "asyncio",
    **options: Any,
) -> None:
    """Serve `application` on a free port of the loopback address."""
    if loop == "uvloop":
        import uvloop

        # Daphne makes its loop when it is imported, and takes what the policy gives.
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    from daphne.server import Server

    def listening() -> None:
        ready(server.listening_addresses[0][1])

    server: Server = Server(
        application,
        endpoints=["tcp:port=0:interface=127.0.0.1"],
        ready_callable=listening,
        **{"signal_handlers": False, **options},
    )
    server.run()
