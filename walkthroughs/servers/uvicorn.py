"""uvicorn, on asyncio's own loop: the recorder hears the loop only if it is Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

LOOP: Literal["loop", "reactor"] = "loop"

FOCUS = (
    "uvicorn",
    # It runs by the clock, ten times a second, not because of anything a client did.
    "-uvicorn.server.Server.on_tick",
)

TRANSPORT = (
    # The name of asyncio's own transport; it is private, so it is named to its end.
    "asyncio.selector_events._SelectorSocketTransport.write",
)
"""Where bytes go out to the socket."""

QUEUES = ("queue", "receive_queue")
"""Of a WebSocket, and of the lifespan.  An HTTP request has a buffer for its body and an
event to wait for, and no queue."""

MODULES: tuple[str, ...] = ()


def run(application: Any, ready: Callable[[int], None], **options: Any) -> None:
    """Serve `application` on a free port of the loopback address."""
    from uvicorn import Config, Server

    class ReportingServer(Server):
        """Tells when it listens; uvicorn itself has no way to ask for that."""

        async def startup(self, *args: Any, **kwargs: Any) -> None:
            await super().startup(*args, **kwargs)
            if self.started:
                ready(self.servers[0].sockets[0].getsockname()[1])

    config = Config(
        application,
        port=0,
        log_level="warning",
        access_log=False,
        **{"loop": "asyncio", **options},
    )
    ReportingServer(config).run()
