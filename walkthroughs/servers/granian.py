"""Granian, embedded in this process, on asyncio's own loop.

Its sockets, HTTP and WebSockets are Rust, which no recorder of Python sees; what it has
Python do is seen, and that is the lifespan and the task that calls the application.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Literal

from .serving import reserved_port

LOOP: Literal["loop", "reactor"] = "loop"

FOCUS = (
    "granian",
    # They run while it is imported, and are for workers that are not made here.
    "-granian.server.mp",
    "-granian.server.mt",
    "-granian.server.embed.AsyncWorker.wrap_target",
)

TRANSPORT: tuple[str, ...] = ()
"""Bytes go in and out in Rust."""

QUEUES = ("event_queue",)
"""Of the lifespan; the `receive` of a connection is a function of Rust."""

MODULES: tuple[str, ...] = ()


def run(
    application: Any,
    ready: Callable[[int], None],
    loop: Literal["asyncio", "uvloop"] = "asyncio",
    **options: Any,
) -> None:
    """Serve `application` on a free port of the loopback address.

    Raises:
        SystemExit: the application did not start up.
    """
    from granian.constants import Interfaces
    from granian.errors import FatalError
    from granian.log import LogLevels
    from granian.server.embed import Server

    # It does not say which port the system chose, so it is told which one to take.
    starting = _Starting(application, ready, reserved_port())
    server = Server(
        starting,
        port=starting.port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.error,
        **options,
    )
    # It raises this as it ends, of a start-up that failed.
    with (
        asyncio.Runner(loop_factory=_loop_factory(loop)) as runner,
        suppress(FatalError),
    ):
        runner.run(server.serve())
    if not starting.listens:
        raise SystemExit(f"the application's start-up failed{starting.why}")


class _Starting:
    """The application; says that the server listens once it has started up.

    Granian has no way to ask for that.  It listens a moment after the application has
    started up, so from then on connections are tried; of those, Python hears nothing.
    """

    def __init__(
        self, application: Any, ready: Callable[[int], None], port: int
    ) -> None:
        self.application = application
        self.ready = ready
        self.port = port
        self.listens = False
        self.why = ""

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return
        failed = False

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal failed
            await send(message)
            if message["type"] == "lifespan.startup.failed":
                failed = True
                self.why = f": {message['message']}" if message.get("message") else ""
            if message["type"] == "lifespan.startup.complete":
                self.listen()

        try:
            await self.application(scope, receive, sent)
        finally:
            # An application that knows no lifespan says so by raising, or by ending.
            if not failed:
                self.listen()

    def listen(self) -> None:
        """Say once that the server listens, as soon as it does."""
        if self.listens:
            return
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            asyncio.get_running_loop().call_later(0.005, self.listen)
        else:
            self.listens = True
            self.ready(self.port)


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if loop != "uvloop":
        return None
    import uvloop

    return uvloop.new_event_loop
