"""minidaphne, on asyncio's own loop: the recorder hears the loop only if it is Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

LOOP: Literal["loop", "reactor"] = "loop"

FOCUS = ("minidaphne",)

TRANSPORT = (
    # The name of asyncio's own transport; it is private, so it is named to its end.
    "asyncio.selector_events._SelectorSocketTransport.write",
)
"""Where bytes go out to the socket."""

QUEUES: tuple[str, ...] = ()
"""Its `receive` is a method of the queue itself."""

MODULES: tuple[str, ...] = ()


def run(application: Any, ready: Callable[[int], None], **options: Any) -> None:
    """Serve `application` on a free port of the loopback address."""
    from minidaphne.server import Server

    def listening() -> None:
        ready(server.listening_addresses[0][1])

    server: Server = Server(
        application,
        endpoints=["tcp:port=0:interface=127.0.0.1"],
        ready_callable=listening,
        **{"loop": "asyncio", "signal_handlers": False, **options},
    )
    server.run()
