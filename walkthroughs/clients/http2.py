"""A client that speaks HTTP/2 over TLS, with the library `h2`."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes

from .raw import connected


@dataclass
class Response:
    """What came back on one stream.

    Args:
        stream: its number.
        headers: name -> value, `:status` among them.
        body: all of it.
    """

    stream: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def http2(port: int, *requests: dict[str, str]) -> list[Response]:
    """Send requests on one connection, all at once; return the responses.

    The certificate is not verified: it is the server's own, made for this run.

    Args:
        port: of a server on loopback that speaks TLS.
        requests: the headers of each, beside or instead of `GET /`.

    Returns:
        the responses, in the order in which they ended.

    Raises:
        OSError: no connection, no response in time, or a stream was reset.
        ValueError: the server does not speak HTTP/2.
    """
    with _connected(port) as peer:
        return _Conversation(peer).ask(requests)


def settings(port: int) -> dict[str, int]:
    """Return the settings in the first frame of a server: name -> value.

    Args:
        port: of a server on loopback that speaks TLS.

    Raises:
        OSError: no connection, or no frame in time.
        ValueError: the server does not speak HTTP/2.
    """
    with _connected(port) as peer:
        conversation = _Conversation(peer)
        conversation.h2.initiate_connection()
        while not conversation.settings:
            conversation.exchange()
        return conversation.settings


@contextmanager
def _connected(port: int) -> Iterator[ssl.SSLSocket]:
    """Open a connection of HTTP/2, and close it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connected(port) as plain, context.wrap_socket(plain) as peer:
        if peer.selected_alpn_protocol() != "h2":
            raise ValueError("the server does not speak HTTP/2")
        yield peer


class _Conversation:
    """One connection of HTTP/2, from its preface to the last response."""

    def __init__(self, peer: ssl.SSLSocket) -> None:
        self.peer = peer
        self.h2 = H2Connection(H2Configuration(header_encoding=None))
        self.open: dict[int, Response] = {}
        self.ended: list[Response] = []
        self.settings: dict[str, int] = {}

    def ask(self, requests: tuple[dict[str, str], ...]) -> list[Response]:
        """Send all requests in one piece, then read until each is answered."""
        self.h2.initiate_connection()
        for request in requests:
            stream = self.h2.get_next_available_stream_id()
            self.h2.send_headers(stream, [*_headers(request).items()], end_stream=True)
            self.open[stream] = Response(stream)
        while self.open:
            self.exchange()
        self.h2.close_connection()
        self.peer.sendall(self.h2.data_to_send())
        return self.ended

    def exchange(self) -> None:
        """Send what there is to send, and take what comes next."""
        self.peer.sendall(self.h2.data_to_send())
        data = self.peer.recv(65536)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        for event in self.h2.receive_data(data):
            self.take(event)

    def take(self, event: Event) -> None:
        """Keep what an event says of a response, or of the server."""
        if isinstance(event, ResponseReceived):
            decoded = {name.decode(): value.decode() for name, value in event.headers}
            self.open[event.stream_id].headers.update(decoded)
        elif isinstance(event, DataReceived):
            self.open[event.stream_id].body += event.data
            size = event.flow_controlled_length
            self.h2.acknowledge_received_data(size, event.stream_id)
        elif isinstance(event, StreamEnded):
            self.ended.append(self.open.pop(event.stream_id))
        elif isinstance(event, RemoteSettingsChanged):
            changed = event.changed_settings.items()
            named = {SettingCodes(code).name: each.new_value for code, each in changed}
            self.settings.update(named)
        elif isinstance(event, StreamReset):
            words = f"stream {event.stream_id} was reset: {event.error_code}"
            raise ConnectionResetError(words)


def _headers(request: dict[str, str]) -> dict[str, str]:
    """Give all headers of a request: those of HTTP/2 come first."""
    default = {
        ":method": "GET",
        ":scheme": "https",
        ":authority": "localhost",
        ":path": "/",
    }
    return {**default, **request}
