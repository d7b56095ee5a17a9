"""Daphne, on Twisted's asyncio reactor."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from .certificate import make_certificate, tls_endpoint

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

MODULES = ("autobahn.twisted.websocket", "twisted.web.http")
"""Neither of them makes a reactor, which Daphne has to do itself."""


def run(
    application: Any,
    ready: Callable[[int], None],
    loop: Literal["asyncio", "uvloop"] = "asyncio",
    tls: bool = False,
    **options: Any,
) -> None:
    """Serve `application` on a free port of the loopback address.

    With `tls`, the port speaks TLS, with a certificate that is made for this run.
    """
    if loop == "uvloop":
        import uvloop

        # Daphne makes its loop when it is imported, and takes what the policy gives.
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    from daphne.server import Server

    files = ExitStack()

    def listening() -> None:
        files.close()  # Twisted has read the certificate
        ready(server.listening_addresses[0][1])

    with files:
        kind = "tcp"
        if tls:
            folder = files.enter_context(tempfile.TemporaryDirectory())
            kind = tls_endpoint(*make_certificate(Path(folder)))
        server: Server = Server(
            application,
            endpoints=[f"{kind}:port=0:interface=127.0.0.1"],
            ready_callable=listening,
            **{"signal_handlers": False, **options},
        )
        server.run()
