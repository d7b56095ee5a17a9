"""The opening handshake of a WebSocket (RFC 6455 section 4): pure, a request in."""

import base64
import binascii
from dataclasses import dataclass

from websockets.exceptions import InvalidHandshake
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension
from websockets.utils import accept_key

from .errors import PeerError
from .scope import Request

#: Windows of 4 KB instead of 32: a tenth of the memory, nearly the same compression.
DEFLATE = ServerPerMessageDeflateFactory(
    server_max_window_bits=12,
    client_max_window_bits=12,
    compress_settings={"memLevel": 5},
)


@dataclass(slots=True)
class Handshake:
    """What a client offers.

    Args:
        accept: the value for Sec-WebSocket-Accept.
        subprotocols: the subprotocols it speaks, the best first.
        extension: permessage-deflate with the parameters agreed on, or None.
        extension_header: how the answer says so.
    """

    accept: str
    subprotocols: list[str]
    extension: Extension | None = None
    extension_header: str = ""


def parse_handshake(request: Request) -> Handshake:
    """Check a request to upgrade to WebSocket.

    Raises:
        PeerError: if it is not one; with status 426 and the version we speak, if it
            asks for another (RFC 6455 section 4.4).
    """
    if request.method != "GET":
        raise PeerError(400, "A WebSocket handshake must be a GET request")
    if header_values(request, b"sec-websocket-version") != ["13"]:
        versions = [(b"sec-websocket-version", b"13"), (b"upgrade", b"websocket")]
        raise PeerError(426, "WebSocket version 13 is spoken here", versions)
    keys = header_values(request, b"sec-websocket-key")
    if len(keys) != 1 or not is_key(keys[0]):
        raise PeerError(400, "Invalid Sec-WebSocket-Key")
    subprotocols = [
        name
        for value in header_values(request, b"sec-websocket-protocol")
        for item in value.split(",")
        if (name := item.strip())
    ]
    handshake = Handshake(accept_key(keys[0]), subprotocols)
    negotiate_deflate(request, handshake)
    return handshake


def header_values(request: Request, wanted: bytes) -> list[str]:
    """All values of a header."""
    return [
        value.decode("latin-1") for name, value in request.headers if name == wanted
    ]


def is_key(value: str) -> bool:
    """Whether a key is sixteen bytes in base64."""
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def negotiate_deflate(request: Request, handshake: Handshake) -> None:
    """Take the first offer of permessage-deflate that can be kept (RFC 7692 section 5).

    Raises:
        PeerError: if the offers cannot be parsed.
    """
    for value in header_values(request, b"sec-websocket-extensions"):
        try:
            offers = parse_extension(value)
        except InvalidHandshake:
            raise PeerError(400, "Invalid Sec-WebSocket-Extensions") from None
        for name, parameters in offers:
            if name != DEFLATE.name or handshake.extension is not None:
                continue
            try:
                agreed, extension = DEFLATE.process_request_params(parameters, [])
            except InvalidHandshake:
                continue
            handshake.extension = extension
            handshake.extension_header = build_extension([(name, agreed)])
