"""The opening handshake of a WebSocket (RFC 6455 section 4), in pure functions."""

import re
from contextlib import suppress
from dataclasses import dataclass

from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension
from websockets.utils import accept_key

from .errors import PeerError
from .scope import Request, header_list
from .ws_frames import Deflate

#: Sixteen bytes in base64.
is_key = re.compile("[+/0-9A-Za-z]{22}==").fullmatch
#: Windows of 4 KB instead of 32: less memory, nearly the same compression.
DEFLATE = ServerPerMessageDeflateFactory(False, False, 12, 12)


@dataclass
class Handshake:
    """What a client offers, and what we answer.

    Args:
        subprotocols: the subprotocols it speaks, the best first.
        headers: those of our answer that follow from its own.
        deflate: permessage-deflate with the parameters agreed on, or None.
    """

    subprotocols: list[str]
    headers: list[tuple[bytes, bytes]]
    deflate: Deflate | None = None


def parse_handshake(request: Request) -> Handshake:
    """Check a request to upgrade to WebSocket.

    Raises:
        PeerError: if it is not a handshake; with status 426 and our version, if it is
            a handshake of another version (RFC 6455 section 4.4).
    """
    if header_list(request.headers, "sec-websocket-version") != ["13"]:
        wanted = [(b"sec-websocket-version", b"13"), (b"upgrade", b"websocket")]
        text = "Only WebSocket version 13 is supported"
        raise PeerError(426, text, (b"connection", b"upgrade"), *wanted)
    keys = header_list(request.headers, "sec-websocket-key")
    if request.method != "GET" or len(keys) != 1 or not is_key(keys[0]):
        raise PeerError(400, "This is not a WebSocket handshake")
    subprotocols = header_list(request.headers, "sec-websocket-protocol")
    accept = (b"sec-websocket-accept", accept_key(keys[0]).encode())
    handshake = Handshake(subprotocols, [accept])
    if offers := ",".join(header_list(request.headers, "sec-websocket-extensions")):
        negotiate_deflate(offers, handshake)
    return handshake


def negotiate_deflate(offers: str, handshake: Handshake) -> None:
    """Accept the first offer of permessage-deflate that we can (RFC 7692 section 5).

    Raises:
        PeerError: if the offers cannot be parsed.
    """
    try:
        parsed = parse_extension(offers)
    except InvalidHandshake:
        raise PeerError(400, "Invalid Sec-WebSocket-Extensions") from None
    for name, parameters in parsed:
        if name == DEFLATE.name and handshake.deflate is None:
            with suppress(InvalidHandshake):  # an offer we cannot accept
                agreed, _ = DEFLATE.process_request_params(parameters, [])
                handshake.deflate = Deflate(dict(agreed))
                answer = build_extension([(name, agreed)]).encode()
                handshake.headers.append((b"sec-websocket-extensions", answer))
