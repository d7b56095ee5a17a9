"""The server: it listens, runs one application a conversation, and stops in order.

`Server` owns the event loop and knows every connection and every running application.
Laws: an application's failure is its own; every application that was started is waited
for, or cancelled; nothing is looked for by polling.
"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from typing import Any

from .endpoints import server_from_string
from .errors import ApplicationError, ClientDisconnected, OperatorError
from .flow import InputQueue
from .http_protocol import HTTPFactory
from .lifespan import Lifespan
from .proxy import Proxies
from .types import (
    ActionLogger,
    Application,
    ChannelLike,
    ConnectionLike,
    Message,
    Scope,
)
from .ws_protocol import WebSocketFactory

logger = logging.getLogger(__name__)


class Server:
    """One application on some endpoints; twin of ``daphne.server.Server``.

    Args:
        application: the ASGI application.
        endpoints: endpoint strings, such as ``tcp:port=8000:interface=127.0.0.1``.
        signal_handlers: whether SIGTERM and SIGINT stop the server.
        action_logger: called for each action with protocol, action and details.
        http_timeout: seconds a whole request may take; None for no limit.
        websocket_timeout: seconds a WebSocket may live; -1 for no limit.
        websocket_connect_timeout: seconds the application has to accept one.
        ping_interval: seconds of silence on a WebSocket before a ping is sent.
        ping_timeout: seconds the client has to answer it.
        root_path: where the application is mounted.
        proxy_forwarded_address_header: header with the client's address; None if
            there is no proxy.
        proxy_forwarded_port_header: header with the client's port.
        proxy_forwarded_proto_header: header with the scheme the client used.
        trusted_proxies: addresses and networks whose word on these is taken.
        verbosity: at 3, asyncio's debug mode is on.
        websocket_max_message_size: bytes a message may have; 0 for no limit.
        websocket_max_frame_size: bytes a frame may have; 0 for no limit.
        application_close_timeout: seconds an application has once its client has left.
        ready_callable: called once the server listens.
        server_name: value of the Server header; empty for none.
        loop: ``"asyncio"``, ``"uvloop"``, or ``"auto"`` for the better one there is.
        lifespan: ``"on"``, ``"off"``, or ``"auto"``.
        limit_request_line: bytes of the request target.
        limit_request_headers: bytes of all headers of a request.
        limit_request_body: bytes of a body; 0 for no limit.
        graceful_timeout: seconds that requests in flight have when the server stops.

    Raises:
        OperatorError: if there is no endpoint, or one that cannot be.
    """

    def __init__(
        self,
        application: Application,
        endpoints: list[str] | None = None,
        signal_handlers: bool = True,
        action_logger: ActionLogger | None = None,
        http_timeout: float | None = None,
        websocket_timeout: float = 86400,
        websocket_connect_timeout: float = 20,
        ping_interval: float = 20,
        ping_timeout: float = 30,
        root_path: str = "",
        proxy_forwarded_address_header: str | None = None,
        proxy_forwarded_port_header: str | None = None,
        proxy_forwarded_proto_header: str | None = None,
        trusted_proxies: str = "127.0.0.1,::1",
        verbosity: int = 1,
        websocket_handshake_timeout: float = 5,
        websocket_max_message_size: int = 1024 * 1024,
        websocket_max_frame_size: int = 1024 * 1024,
        application_close_timeout: float = 10,
        ready_callable: Callable[[], None] | None = None,
        server_name: str = "daphne",
        loop: str = "auto",
        lifespan: str = "auto",
        limit_request_line: int = 8192,
        limit_request_headers: int = 65536,
        limit_request_body: int = 0,
        graceful_timeout: float = 10,
    ) -> None:
        if not endpoints:
            raise OperatorError(
                "No endpoints. This server will not listen on anything."
            )
        self.application = application
        self.endpoints = [server_from_string(endpoint) for endpoint in endpoints]
        self.signal_handlers = signal_handlers
        self.action_logger = action_logger
        self.http_timeout = http_timeout
        self.websocket_timeout = websocket_timeout
        self.websocket_connect_timeout = websocket_connect_timeout
        self.ping_interval = ping_interval
        self.ping_timeout = ping_timeout
        self.root_path = root_path
        self.verbosity = verbosity
        self.websocket_max_message_size = websocket_max_message_size
        self.websocket_max_frame_size = websocket_max_frame_size
        self.application_close_timeout = application_close_timeout
        self.ready_callable = ready_callable
        self.server_name = server_name
        self.loop_name = loop
        self.lifespan_mode = lifespan
        self.limit_request_line = limit_request_line
        self.limit_request_headers = limit_request_headers
        self.limit_request_body = limit_request_body
        self.graceful_timeout = graceful_timeout
        self.proxies: Proxies | None = None
        if proxy_forwarded_address_header:
            self.proxies = Proxies(
                trusted_proxies,
                proxy_forwarded_address_header,
                proxy_forwarded_port_header,
                proxy_forwarded_proto_header,
            )
        self.listeners: list[asyncio.Server] = []
        self.listening_addresses: list[tuple[str, int]] = []
        self.connections: dict[ConnectionLike, asyncio.Task[None] | None] = {}
        self.channels: set[ChannelLike] = set()
        self.closing: dict[ConnectionLike, asyncio.TimerHandle] = {}
        self.state: dict[str, Any] | None = None
        self.stopping = self.abort_start = False
        self.date = (0, b"")

    # Start and stop

    def run(self) -> None:
        """Serve until `stop` is called, or a signal comes."""
        loop = new_event_loop(self.loop_name)
        asyncio.set_event_loop(loop)
        try:
            self.prepare(loop)
            self.run_until_stopped(loop.create_task(self.serve()))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            asyncio.set_event_loop(None)
            loop.close()

    def prepare(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take a loop, and make the factories: all that protocols need of a server."""
        self.loop = loop
        loop.set_debug(self.verbosity >= 3)
        if threads := os.environ.get("ASGI_THREADS"):
            loop.set_default_executor(ThreadPoolExecutor(max_workers=int(threads)))
        self.stopped: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        self.http_factory = HTTPFactory(self)
        self.ws_factory = WebSocketFactory(self)
        self.lifespan = Lifespan(self.application, self.lifespan_mode, loop)

    def run_until_stopped(self, serving: asyncio.Task[None]) -> None:
        """Run the loop, whatever an application may raise to end it."""
        while not serving.done():
            try:
                self.loop.run_until_complete(serving)
            except KeyboardInterrupt:
                self.stop()
            except SystemExit:
                if serving.done():
                    raise

    async def serve(self) -> None:
        """Listen, serve, and shut down again."""
        try:
            await self.listen()
            self.state = await self.lifespan.startup()
            if self.signal_handlers:
                self.install_signal_handlers()
            for listener in self.listeners:
                await listener.start_serving()
            self.log_listening()
            if self.ready_callable is not None:
                self.ready_callable()
            await self.stopped
        except (OperatorError, OSError) as error:
            self.listen_error(error)
        await self.shutdown()

    async def listen(self) -> None:
        """Bind every endpoint, before the application is started."""
        for endpoint in self.endpoints:
            logger.info("Configuring endpoint %s", endpoint)
            self.listen_success(await endpoint.listen(self.http_factory.build_protocol))

    def listen_success(self, port: asyncio.Server) -> None:
        """An endpoint is bound: remember where."""
        self.listeners.append(port)
        for sock in port.sockets:
            name = sock.getsockname()
            if isinstance(name, tuple):
                self.listening_addresses.append((name[0], name[1]))

    def log_listening(self) -> None:
        """Connections are taken from now on."""
        for host, port in self.listening_addresses:
            logger.info("Listening on TCP address %s:%s", host, port)

    def listen_error(self, failure: Exception) -> None:
        """The server cannot start: say why, in one line."""
        logger.critical("Listen failure: %s", failure)
        self.abort_start = True

    def install_signal_handlers(self) -> None:
        """Stop at the first signal; the second has its default effect, and ends us at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self.stop_by_signal)

    def stop_by_signal(self) -> None:
        """SIGTERM or SIGINT has come."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        self.stop()

    def stop(self) -> None:
        """Have the server shut down; callable from the loop's thread only."""
        if not self.stopped.done():
            self.stopped.set_result(None)

    async def shutdown(self) -> None:
        """Stop accepting, let what is in flight end, then end the rest."""
        self.stopping = True
        for listener in self.listeners:
            listener.close()
        for channel in list(self.channels):
            channel.shut_down()
        self.maybe_drained()
        await asyncio.wait([self.drained], timeout=self.graceful_timeout)
        await self.kill_all_applications()
        for channel in list(self.channels):
            channel.abort()
        await self.lifespan.shutdown()

    async def kill_all_applications(self) -> None:
        """Cancel every application that still runs, and wait until it has ended."""
        tasks = [task for task in self.connections.values() if task and not task.done()]
        logger.info("Killed %i pending application instances", len(tasks))
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self.application_close_timeout)

    def maybe_drained(self) -> None:
        """The last connection or application may have ended."""
        if self.stopping and not (
            self.channels or self.connections or self.drained.done()
        ):
            self.drained.set_result(None)

    # Connections and applications

    def channel_opened(self, channel: ChannelLike) -> None:
        """A TCP connection has a new protocol."""
        self.channels.add(channel)

    def channel_closed(self, channel: ChannelLike) -> None:
        """A TCP connection is gone, or has another protocol."""
        self.channels.discard(channel)
        self.maybe_drained()

    def protocol_connected(self, protocol: ConnectionLike) -> None:
        """A request or a WebSocket begins."""
        self.connections[protocol] = None

    def protocol_disconnected(self, protocol: ConnectionLike) -> None:
        """Its client has gone: sending fails from now on, and its application may not stay."""
        protocol.disconnected = True
        self.close_application(protocol)

    def create_application(self, protocol: ConnectionLike, scope: Scope) -> InputQueue:
        """Call the application for a request or a WebSocket.

        Args:
            protocol: who it will talk to.
            scope: what it is called with.

        Returns:
            the queue of the events it will receive.
        """
        queue = protocol.application_queue
        send = partial(self.handle_reply, protocol)
        try:
            instance = self.loop.create_task(self.application(scope, queue.get, send))
        except Exception as error:  # it failed before there was a coroutine
            self.application_failed(protocol, error)
        else:
            self.connections[protocol] = instance
            instance.add_done_callback(partial(self.application_checker, protocol))
        return queue

    async def handle_reply(self, protocol: ConnectionLike, message: Message) -> None:
        """Pass a message on to the protocol: the application's ``send``.

        Returns when the client has read enough of what was sent before.

        Raises:
            ClientDisconnected: if the client has gone.
            ApplicationError: if the message is not one that can be obeyed now.
        """
        if protocol.disconnected:
            raise ClientDisconnected("The client has disconnected")
        try:
            if "type" not in message:
                raise ApplicationError("Message has no type defined")
            protocol.handle_reply(message)
        except ClientDisconnected:
            raise
        except Exception as error:
            protocol.handle_exception(error)
            raise
        if protocol.flow.resumed is not None:
            await protocol.flow.drain()
            if protocol.disconnected:
                raise ClientDisconnected("The client has disconnected")

    def application_checker(
        self, protocol: ConnectionLike, instance: asyncio.Task[None]
    ) -> None:
        """An application has ended: see that its conversation ends too."""
        self.connections.pop(protocol, None)
        if (timer := self.closing.pop(protocol, None)) is not None:
            timer.cancel()
        if instance.cancelled():
            protocol.handle_exception(asyncio.CancelledError())
        elif (error := instance.exception()) is not None:
            self.application_failed(protocol, error)
        else:
            protocol.application_finished()
        self.maybe_drained()

    def application_failed(
        self, protocol: ConnectionLike, error: BaseException
    ) -> None:
        """An application has raised; our own word that its client left is no failure."""
        if not isinstance(error, ClientDisconnected):
            logger.error("Exception inside application: %s", error, exc_info=error)
        protocol.handle_exception(error)

    def close_application(self, protocol: ConnectionLike) -> None:
        """Give an application that has nobody to talk to some seconds to end."""
        if self.connections.get(protocol) is None:
            self.connections.pop(protocol, None)
            self.maybe_drained()
        elif protocol not in self.closing:
            self.closing[protocol] = self.loop.call_later(
                self.application_close_timeout, self.kill_application, protocol
            )

    def kill_application(self, protocol: ConnectionLike) -> None:
        """Its time is up; if it will not be cancelled either, try again later."""
        instance = self.connections[protocol]
        assert instance is not None
        logger.warning(
            "Application instance %r for connection %s took too long to shut down and was killed.",
            instance,
            repr(protocol),
        )
        instance.cancel()
        self.closing[protocol] = self.loop.call_later(
            max(1, self.application_close_timeout), self.kill_application, protocol
        )

    # Small things

    def default_headers(self, date: bool = True, server: bool = True) -> bytes:
        """The Date and Server lines that every response has, made once a second."""
        now = int(time.time())
        if now != self.date[0]:
            line = f"date: {formatdate(now, usegmt=True)}\r\n"
            self.date = (now, line.encode())
        lines = self.date[1] if date else b""
        if server and self.server_name:
            lines += b"server: %b\r\n" % self.server_name.encode()
        return lines

    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Pass an action on to the action logger; what it raises is not the client's."""
        if self.action_logger is not None:
            try:
                self.action_logger(protocol, action, details)
            except Exception:
                logger.exception("The action logger failed")


def new_event_loop(name: str) -> asyncio.AbstractEventLoop:
    """Make an event loop.

    Args:
        name: ``"asyncio"``, ``"uvloop"``, or ``"auto"`` for uvloop where there is one.

    Raises:
        OperatorError: if uvloop is asked for and not there.
    """
    if name != "asyncio":
        try:
            import uvloop
        except ImportError:
            if name == "uvloop":
                raise OperatorError("uvloop is not installed") from None
        else:
            return uvloop.new_event_loop()
    return asyncio.new_event_loop()
