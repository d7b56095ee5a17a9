"""Hypercorn, on asyncio's own loop."""

from __future__ import annotations

import asyncio
import os
import socket
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

MODULES: tuple[str, ...] = ()


def run(
    application: Any,
    ready: Callable[[int], None],
    loop: Literal["asyncio", "uvloop"] = "asyncio",
    **options: Any,
) -> None:
    """Serve `application` on a free port of the loopback address."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    # Hypercorn does not say which port the system chose: so the socket is made here.
    listener = socket.create_server(("127.0.0.1", 0))
    port, descriptor = listener.getsockname()[1], listener.detach()

    async def until_told_to_stop() -> None:
        # Hypercorn begins to wait for this once it listens, and has made the socket
        # inheritable, for workers; the application's own processes must not have it.
        os.set_inheritable(descriptor, False)
        ready(port)
        await asyncio.Event().wait()

    config = Config.from_mapping(options)
    config.bind = [f"fd://{descriptor}"]
    config.loglevel = "WARNING"
    with asyncio.Runner(loop_factory=_loop_factory(loop)) as runner:
        runner.run(serve(application, config, shutdown_trigger=until_told_to_stop))


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if loop != "uvloop":
        return None
    import uvloop

    return uvloop.new_event_loop
