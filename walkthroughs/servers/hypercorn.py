"""Hypercorn, on asyncio's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

LOOP: Literal["loop", "reactor"] = "loop"

FOCUS = ("hypercorn",)

TRANSPORT = (
    # The name of asyncio's own transport; it is private, so it is named to its end.
    "asyncio.selector_events._SelectorSocketTransport.write",
)
"""Where bytes go out to the socket."""

QUEUES = ("app_queue",)
"""Of the lifespan; the `receive` of a connection is a method of its queue."""


def run(application: Any, port: int, ready: Callable[[], None], **options: Any) -> None:
    """Serves `application` on `port` of the loopback address."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    async def until_told_to_stop() -> None:
        # Hypercorn begins to wait for this once it listens.
        ready()
        await asyncio.Event().wait()

    config = Config.from_mapping(options)
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "WARNING"
    asyncio.run(serve(application, config, shutdown_trigger=until_told_to_stop))
