"""The server: it listens, runs the application once per conversation, and stops.

`Server` owns the event loop, and knows every connection and every application that
runs.  Its invariants: an application that fails harms no other; every application that
was started is waited for or cancelled; nothing is polled.
"""

import asyncio
import contextvars
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from importlib.util import find_spec
from typing import Any

from .connection import Connection
from .conversation import Conversation
from .endpoints import Endpoint, server_from_string
from .errors import ApplicationError, ClientDisconnected, OperatorError
from .http_protocol import HTTPFactory
from .lifespan import Lifespan
from .proxy import Proxies
from .settings import Settings
from .types import Application, Loop, Message, Scope
from .ws_protocol import WebSocketFactory

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: Exceptions that end an application through no fault of its own.
NO_FAULT = (ClientDisconnected, asyncio.CancelledError, GeneratorExit)


class Server:
    """One application on some endpoints; twin of ``daphne.server.Server``.

    Args:
        application: the ASGI application.
        endpoints: endpoint strings, such as ``tcp:port=8000:interface=127.0.0.1``.
        options: see `Settings`.

    Raises:
        OperatorError: if the application cannot be called, or an endpoint is bad.
    """

    def __init__(
        self, application: Application, endpoints: list[str], **options: Any
    ) -> None:
        if not endpoints:
            text = "No endpoints. This server will not listen on anything."
            raise OperatorError(text)
        if not callable(application):
            raise OperatorError(f"{application!r} cannot be called")
        self.application = application
        self.settings = Settings(**options)
        self.endpoints = {text: server_from_string(text) for text in endpoints}
        forwarded = self.settings.proxy_forwarded_address_header
        self.proxies = Proxies(self.settings) if forwarded else None
        self.http_factory = HTTPFactory(self)
        self.ws_factory = WebSocketFactory(self)
        self.listeners: dict[Endpoint, asyncio.Server] = {}
        self.listening_addresses: list[tuple[str, int]] = []
        self.channels: set[Connection] = set()
        self.connections: set[Conversation] = set()
        self.state: dict[str, Any] | None = None
        self.stopping = self.abort_start = False
        self.date_line, self.date_end = b"", 0.0  # when it is too old
        name = self.settings.server_name
        if not (name.isascii() and name.isprintable()):
            raise OperatorError(f"bad server name: {name!r}")
        self.server_line = f"server: {name}\r\n".encode() if name else b""

    # Start and stop

    def run(self) -> None:
        """Serve until `stop` is called, or a signal arrives.

        Raises:
            OperatorError: if uvloop is asked for and not installed.
        """
        loop = new_event_loop(self.settings.loop)
        asyncio.set_event_loop(loop)
        try:
            self.prepare(loop)
            if self.settings.signal_handlers:
                self.handle_signals()
            loop.run_until_complete(self.serve())
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()

    def prepare(self, loop: Loop) -> None:
        """Adopt a loop to run on; from here on, connections can be made."""
        self.loop = loop
        self.context = contextvars.copy_context()
        loop.set_debug(self.settings.verbosity >= 3)
        if threads := os.environ.get("ASGI_THREADS"):
            try:
                loop.set_default_executor(ThreadPoolExecutor(int(threads)))
            except ValueError:
                text = f"ASGI_THREADS must be a positive number, not {threads!r}"
                raise OperatorError(text) from None
        self.stopped: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        self.lifespan = Lifespan(self.application, self.settings.lifespan, loop)

    async def serve(self) -> None:
        """Listen, serve, and shut down again."""
        try:
            await self.listen()
            self.state = await self.lifespan.startup(self.stopped)
            if not self.stopped.done():
                await self.start_serving()
        except (OperatorError, OSError) as error:
            self.listen_error(error)
        else:
            await self.stopped
        await self.shutdown()

    async def listen(self) -> None:
        """Bind every endpoint, before anything is started."""
        for description, endpoint in self.endpoints.items():
            logger.info("Configuring endpoint %s", description)
            build_protocol = self.http_factory.build_protocol
            self.listeners[endpoint] = await endpoint.listen(build_protocol)

    async def start_serving(self) -> None:
        """Accept connections from now on."""
        for listener in self.listeners.values():
            await listener.start_serving()
            self.listen_success(listener)
        if self.settings.ready_callable is not None:
            self.settings.ready_callable()

    def listen_success(self, port: asyncio.Server) -> None:
        """Say where an endpoint listens."""
        for name in [sock.getsockname() for sock in port.sockets]:
            if isinstance(name, tuple):
                self.listening_addresses.append((name[0], name[1]))
                logger.info("Listening on TCP address %s:%s", name[0], name[1])

    def listen_error(self, failure: Exception) -> None:
        """Say in one line why the server cannot start."""
        logger.critical("Listen failure: %s", failure)
        self.abort_start = True

    def handle_signals(self) -> None:
        """Have signals stop the server."""
        for number in SIGNALS:
            self.loop.add_signal_handler(number, self.stop_by_signal)

    def stop_by_signal(self) -> None:
        """Stop the server at the first signal, and end the process at the next one."""
        for number in SIGNALS:
            self.loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        self.stop()

    def stop(self) -> None:
        """Have the server shut down; to be called on its own loop."""
        if not self.stopped.done():
            self.stopped.set_result(None)

    async def shutdown(self) -> None:
        """Accept no more connections, let what is in flight finish, cancel the rest."""
        self.stopping = True
        for endpoint, listener in self.listeners.items():
            endpoint.stop_listening()
            listener.close()
        for channel in list(self.channels):
            channel.shut_down()
        for protocol in list(self.connections):
            if protocol.kill_timer is not None and protocol.is_waiting():
                self.close_application(protocol, hopeless=True)
        self.maybe_drained()
        await asyncio.wait([self.drained], timeout=self.settings.graceful_timeout)
        await self.kill_all_applications()
        for channel in list(self.channels):
            channel.transport.abort()
        await self.lifespan.shutdown(self.settings.graceful_timeout)

    async def kill_all_applications(self) -> None:
        """Cancel every application that still runs, and wait until it has ended."""
        tasks = [each.task for each in self.connections if each.task is not None]
        logger.info("Killed %i pending application instances", len(tasks))
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self.settings.application_close_timeout)

    def maybe_drained(self) -> None:
        """Check whether the last connection or application has ended."""
        busy = self.channels or self.connections
        if self.stopping and not busy and not self.drained.done():
            self.drained.set_result(None)

    # Connections and applications

    def channel_closed(self, channel: Connection) -> None:
        """Deregister a TCP connection that is gone, or has another protocol."""
        channel.stop_timer()
        self.channels.discard(channel)
        self.maybe_drained()

    def protocol_connected(self, protocol: Conversation) -> None:
        """Register a request or a WebSocket."""
        self.connections.add(protocol)

    def protocol_disconnected(self, protocol: Conversation) -> None:
        """Note that a client has gone: nothing more can be sent to it."""
        protocol.disconnected = True
        self.close_application(protocol)

    def create_application(self, protocol: Conversation, scope: Scope) -> None:
        """Run the application for a request or a WebSocket, in a task of its own.

        Args:
            protocol: the request or WebSocket.
            scope: what it is called with.

        """
        running = self.run_application(protocol, scope)
        # not in our caller's context, which may be another application's
        protocol.task = self.loop.create_task(running, context=self.context.copy())

    async def run_application(self, protocol: Conversation, scope: Scope) -> None:
        """Call the application, and make sure that its conversation ends with it."""
        try:
            send = partial(self.handle_reply, protocol)
            await self.application(scope, protocol.get, send)
        except KeyboardInterrupt:
            self.stop()
        except BaseException as error:
            if not isinstance(error, NO_FAULT):
                logger.error("Exception inside application: %s", error, exc_info=error)
            protocol.handle_exception(error)
        self.application_checker(protocol)

    def application_checker(self, protocol: Conversation) -> None:
        """Forget an application that has ended; twin of the loop Daphne polls with."""
        self.connections.remove(protocol)
        protocol.task = None
        if protocol.kill_timer is not None:
            protocol.kill_timer.cancel()
        protocol.application_finished()
        self.maybe_drained()

    async def handle_reply(self, protocol: Conversation, message: Message) -> None:
        """Pass a message on to the protocol: this is the application's ``send``.

        Returns when the client has read enough of what was sent before.

        Raises:
            ClientDisconnected: if the client has gone.
            ApplicationError: if the message cannot be obeyed now.
        """
        if protocol.disconnected:
            raise ClientDisconnected("The client has disconnected")
        try:
            if "type" not in message:
                raise ApplicationError("Message has no type defined")
            protocol.handle_reply(message)
        except Exception as error:
            protocol.handle_exception(error)
            raise
        if protocol.flow.resumed is not None:
            await protocol.flow.drain()
            if protocol.disconnected:
                raise ClientDisconnected("The client has disconnected")

    def close_application(self, protocol: Conversation, hopeless: bool = False) -> None:
        """Give an application whose client has gone a few seconds to end.

        Args:
            protocol: its request or WebSocket.
            hopeless: whether it waits for an event that will never come: if the server
                is stopping, it is cancelled at once.
        """
        if protocol.task is None:
            self.connections.discard(protocol)
        elif hopeless and self.stopping:
            protocol.task.cancel()
        elif protocol.kill_timer is None:
            self.kill_later(protocol, self.settings.application_close_timeout)

    def kill_later(self, protocol: Conversation, seconds: float) -> None:
        """Give an application so many seconds to end."""
        kill = self.kill_application
        protocol.kill_timer = self.loop.call_later(seconds, kill, protocol)

    def kill_application(self, protocol: Conversation) -> None:
        """Cancel an application whose time is up, every second until it ends."""
        assert protocol.task is not None
        text = "Application instance %r for connection %r took too long to shut down"
        logger.warning(f"{text} and was killed.", protocol.task, protocol)
        protocol.task.cancel()
        self.kill_later(protocol, 1)

    # What every response has, and the log

    def default_headers(self, date: bool = True, server: bool = True) -> bytes:
        """Return the Date and Server lines that are wanted, made once a second."""
        if self.loop.time() >= self.date_end:
            self.date_line = f"date: {formatdate(usegmt=True)}\r\n".encode()
            self.date_end = self.loop.time() + 1
        return (self.date_line if date else b"") + (self.server_line if server else b"")

    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Pass an action on to the action logger; if that fails, only log it."""
        try:
            if self.settings.action_logger is not None:
                self.settings.action_logger(protocol, action, details)
        except Exception:
            logger.exception("The action logger has failed")


def new_event_loop(name: str) -> Loop:
    """Make an event loop: ``asyncio``, ``uvloop``, or ``auto`` for the better one.

    Raises:
        OperatorError: if uvloop is asked for and not installed.
    """
    if name != "asyncio" and find_spec("uvloop"):
        import uvloop

        return uvloop.new_event_loop()
    if name == "uvloop":
        raise OperatorError("uvloop is not installed")
    return asyncio.new_event_loop()
