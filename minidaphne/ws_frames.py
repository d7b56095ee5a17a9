"""WebSocket frames (RFC 6455 section 5): bytes to messages and back, no I/O.

`FrameReader` takes bytes in with `feed_data` and gives one message or control frame at
a time with `read_message`, so that its caller can stop in the middle.  Its laws: no
message grows past its limit, compressed or not; text is UTF-8; the first error is the
last thing it says.
"""

import codecs
import struct
from enum import IntEnum

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.extensions import Extension
from websockets.frames import Frame
from websockets.frames import Opcode as FrameOpcode

from .errors import FrameError

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - websockets was installed without a compiler
    from websockets.utils import apply_mask


class Opcode(IntEnum):
    """What a frame is (RFC 6455 section 5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = Opcode  # faster to look up
OPCODES = frozenset(Opcode)
#: Bits of a frame's first byte: the last of its message; compressed; meaningless.
FIN, RSV1, RESERVED = 0x80, 0x40, 0x30
#: Close codes below 3000 that may be sent (RFC 6455 section 7.4, and the registry).
CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
TOO_BIG = 1009, "message or frame too big"

UTF8 = codecs.getincrementaldecoder("utf-8")
#: What `FrameReader.read_message` gives: text as str, all else as bytes.
Event = tuple[int, str | bytes]


class FrameReader:
    """Reads the frames of a client.

    Args:
        max_message: bytes a message may have, inflated; 0 for no limit.
        max_frame: bytes a frame may have on the wire; 0 for no limit.
        extension: permessage-deflate, if it was agreed on.
    """

    def __init__(
        self, max_message: int, max_frame: int, extension: Extension | None
    ) -> None:
        self.max_message = max_message or 1 << 62
        self.max_frame = max_frame or 1 << 62
        self.extension = extension
        self.buffer = bytearray()
        self.opcode = 0  # of the message whose fragments we have
        self.message = bytearray()  # those fragments
        self.compressed = False
        self.decoder: codecs.IncrementalDecoder | None = None

    def feed_data(self, data: bytes) -> None:
        """Take bytes from the network."""
        self.buffer += data

    def read_message(self) -> Event | None:
        """Take the next message or control frame out; None if there is none yet.

        Raises:
            FrameError: if the client breaks the protocol, or goes past a limit.
        """
        while (frame := self.read_frame()) is not None:
            first, payload = frame
            opcode = first & 0x0F
            if opcode >= CLOSE:
                return opcode, payload
            if first & RSV1 or self.compressed:
                payload = self.inflate(first, payload)
            if first & FIN and opcode:
                return opcode, decode(payload) if opcode == TEXT else payload
            if (event := self.add_fragment(first, payload)) is not None:
                return event
        return None

    def read_frame(self) -> tuple[int, bytes] | None:
        """Take a frame's first byte and its payload out; None if it is not whole yet."""
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        first, length, start = buffer[0], buffer[1] & 0x7F, 6
        self.check_head(first, buffer[1])
        if length > 125:
            start = 8 if length == 126 else 14
            if len(buffer) < start - 4:
                return None
            length = int.from_bytes(buffer[2 : start - 4], "big")
        if length > self.max_frame or length > self.room(first):
            raise FrameError(*TOO_BIG)
        end = start + length
        if len(buffer) < end:
            return None
        payload = apply_mask(buffer[start:end], buffer[start - 4 : start])
        del buffer[:end]
        return first, payload

    def check_head(self, first: int, second: int) -> None:
        """Check the first two bytes of a frame (RFC 6455 sections 5.2, 5.4, 5.5)."""
        opcode = first & 0x0F
        if opcode not in OPCODES or first & RESERVED or not second & 0x80:
            raise FrameError(1002, "unknown opcode, reserved bits, or no mask")
        if first & RSV1 and not (self.extension and 0 < opcode < CLOSE):
            raise FrameError(1002, "compressed, and should not be")
        if opcode >= CLOSE:
            if not first & FIN or second & 0x7F > 125:
                raise FrameError(1002, "a control frame too long, or in fragments")
        elif (opcode == 0) is (self.opcode == 0):
            raise FrameError(1002, "a fragment out of turn")

    def room(self, first: int) -> int:
        """How long a frame's payload may be: what is left of its message."""
        if first & 0x08:
            return 125
        left = self.max_message - len(self.message)
        compressed = first & RSV1 or self.compressed
        return left + 64 + (left >> 6) if compressed else left  # it may grow a little

    def inflate(self, first: int, payload: bytes) -> bytes:
        """Inflate a compressed payload, up to what is left of the message's limit."""
        assert self.extension is not None
        self.compressed = not first & FIN
        opcode, fin, rsv1 = FrameOpcode(first & 0x0F), first & FIN > 0, first & RSV1 > 0
        frame = Frame(opcode, payload, fin, rsv1)
        left = self.max_message - len(self.message)
        try:  # to zlib, a limit of nothing is no limit
            payload = bytes(self.extension.decode(frame, max_size=left or 1).data)
        except PayloadTooBig:
            raise FrameError(*TOO_BIG) from None
        except ProtocolError as error:
            raise FrameError(1002, str(error)) from None
        if len(payload) > left:
            raise FrameError(*TOO_BIG)
        return payload

    def add_fragment(self, first: int, payload: bytes) -> Event | None:
        """Add a fragment to its message, and give the message if it was the last.

        Text is decoded as it comes: what is no UTF-8 ends the connection at once.
        """
        if self.opcode == 0:
            self.opcode = first & 0x0F
            self.decoder = UTF8() if self.opcode == TEXT else None
        self.message += payload
        if self.decoder is not None:
            decode(payload, self.decoder, first & FIN > 0)
        if not first & FIN:
            return None
        opcode, message = self.opcode, bytes(self.message)
        self.opcode, self.message = 0, bytearray()
        return opcode, message.decode() if opcode == TEXT else message


def decode(
    payload: bytes, decoder: codecs.IncrementalDecoder | None = None, final: bool = True
) -> str:
    """Decode UTF-8 (RFC 6455 section 8.1).

    Raises:
        FrameError: with code 1007, if it is none.
    """
    try:
        return decoder.decode(payload, final) if decoder else payload.decode()
    except UnicodeDecodeError:
        raise FrameError(1007, "invalid UTF-8") from None


def build_frame(opcode: int, payload: bytes, extension: Extension | None) -> bytes:
    """Build a frame, whole and unmasked, as a server sends it.

    Args:
        opcode: what it is.
        payload: what it carries.
        extension: permessage-deflate, if the payload is to be compressed.
    """
    first = FIN | opcode
    if extension is not None:
        frame = extension.encode(Frame(FrameOpcode(opcode), payload))
        first, payload = first | RSV1, bytes(frame.data)
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def parse_close(payload: bytes) -> tuple[int, str]:
    """The code and reason in a close frame; 1005 for none (RFC 6455 section 7.1.5).

    Raises:
        FrameError: if it has a code that must not be sent, or a reason that is no text.
    """
    if not payload:
        return 1005, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not is_close_code(code):
        raise FrameError(1002, "bad close code")
    return code, decode(payload[2:])


def is_close_code(code: int) -> bool:
    """Whether a close frame may have this code."""
    return code in CLOSE_CODES or 3000 <= code < 5000


def build_close(code: int, reason: str) -> bytes:
    """The payload of a close frame; the reason is cut at what a frame can hold."""
    text = reason.encode()[:123].decode(errors="ignore")
    return code.to_bytes(2, "big") + text.encode()
