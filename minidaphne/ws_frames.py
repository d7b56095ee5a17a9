"""WebSocket frames (RFC 6455 section 5): bytes to messages and back, no I/O.

`FrameReader` takes bytes into its buffer, and gives one message or control frame at a
time with `read_message`, so that its caller can stop in the middle.  Its invariants:
no message grows past its limit, compressed or not; text is UTF-8; nothing is read
after the first error.
"""

import codecs
import struct
import zlib
from io import BytesIO, StringIO
from typing import Any

from .errors import FrameError
from .settings import UNLIMITED, Settings

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - websockets was installed without a compiler
    from websockets.utils import apply_mask


#: What a frame is (RFC 6455 section 5.2).
OPCODES = CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
#: Bits of a frame's first byte: last of its message; compressed; reserved.
FIN, RSV1, RESERVED = 0x80, 0x40, 0x30
#: Close codes below 3000 that may be sent (RFC 6455 section 7.4, and the registry).
CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
TOO_BIG = 1009, "message or frame too big"
#: Deflate streams that a frame may have.
MAX_STREAMS = 16
UTF8 = codecs.getincrementaldecoder("utf-8")


class Deflate:
    """permessage-deflate (RFC 7692): the streams of one connection, made when needed.

    Args:
        agreed: the parameters that were agreed on, with their values if they have any.
    """

    def __init__(self, agreed: dict[str, str | None]) -> None:
        self.agreed = agreed
        self.decoder: Any = None
        self.encoder: Any = None

    def inflate(self, payload: bytes, final: bool, limit: int) -> bytes:
        """Inflate a frame's payload, to no more than one byte past the limit.

        A stream may end within it, and another one begin.  Their number is limited,
        because each one copies what is left.

        Raises:
            FrameError: if it cannot be inflated, or is in too many streams.
        """
        data, rest = b"", payload + (b"\0\0\xff\xff" if final else b"")
        bits = int(self.agreed.get("client_max_window_bits") or 15)
        for _ in range(MAX_STREAMS):
            decoder = self.decoder = self.decoder or zlib.decompressobj(-bits)
            try:
                data += decoder.decompress(rest, limit + 1 - len(data))
            except zlib.error:
                raise FrameError(1007, "invalid compressed data") from None
            rest = decoder.unused_data
            if decoder.eof or (final and "client_no_context_takeover" in self.agreed):
                self.decoder = None
            if not rest or len(data) > limit:
                return data
        raise FrameError(*TOO_BIG)

    def deflate(self, payload: bytes) -> bytes:
        """Deflate a message; a memory level of 5 compresses nearly as well as 8."""
        if self.encoder is None or "server_no_context_takeover" in self.agreed:
            bits = int(self.agreed.get("server_max_window_bits") or 15)
            self.encoder = zlib.compressobj(wbits=-bits, memLevel=5)
        encoder = self.encoder
        return bytes(encoder.compress(payload) + encoder.flush(zlib.Z_SYNC_FLUSH))[:-4]


class FrameReader:
    """Reads the frames of a client.

    Args:
        settings: with the sizes that a frame and a message may have.
        deflate: permessage-deflate, if it was agreed on.
    """

    def __init__(self, settings: Settings, deflate: Deflate | None) -> None:
        self.max_message = settings.websocket_max_message_size or UNLIMITED
        self.max_frame = settings.websocket_max_frame_size or UNLIMITED
        self.deflate = deflate
        self.buffer = bytearray()
        self.opcode = 0  # of the message whose fragments we have
        self.size = 0  # of those fragments, inflated
        self.compressed = 0

    def read_message(self) -> tuple[int, Any] | None:
        """Take the next message or control frame out: its opcode, and text or bytes.

        Raises:
            FrameError: if the client breaks the protocol, or goes past a limit.
            UnicodeDecodeError: if a text is not UTF-8.
        """
        while (frame := self.read_frame()) is not None:
            first, payload = frame
            opcode = first & 0x0F
            if opcode >= CLOSE:
                return opcode, payload
            if opcode and first & FIN and not first & RSV1:
                return opcode, payload.decode() if opcode == TEXT else payload
            if opcode:
                self.opcode, self.compressed = opcode, first & RSV1
                self.message: Any = StringIO() if opcode == TEXT else BytesIO()
                self.decoder = UTF8()
            self.add_fragment(payload, first & FIN > 0)
            if first & FIN:
                opcode, self.opcode, self.size = self.opcode, 0, 0
                return opcode, self.message.getvalue()
        return None  # there is none yet

    def read_frame(self) -> tuple[int, bytes] | None:
        """Take a frame's first byte and its payload out; None if it is incomplete."""
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        first, length, start = buffer[0], buffer[1] & 0x7F, 6
        room = self.check_head(first, buffer[1])
        if length > 125:
            start = 8 if length == 126 else 14
            if len(buffer) < start - 4:
                return None
            length = int.from_bytes(buffer[2 : start - 4], "big")
        if length > room:
            raise FrameError(*TOO_BIG)
        end = start + length
        if len(buffer) < end:
            return None
        payload = apply_mask(buffer[start:end], buffer[start - 4 : start])
        del buffer[:end]
        return first, payload

    def check_head(self, first: int, second: int) -> int:
        """Check the first two bytes of a frame (RFC 6455 sections 5.2, 5.4, 5.5).

        Returns:
            how long its payload may be.
        """
        opcode = first & 0x0F
        if opcode not in OPCODES or first & RESERVED or not second & 0x80:
            raise FrameError(1002, "unknown opcode, reserved bits, or no mask")
        if first & RSV1 and not (self.deflate and 0 < opcode < CLOSE):
            raise FrameError(1002, "unexpected compressed frame")
        if opcode >= CLOSE:
            if not first & FIN or second & 0x7F > 125:
                raise FrameError(1002, "control frame too long or fragmented")
            return 125
        if (opcode == 0) is (self.opcode == 0):
            raise FrameError(1002, "fragment out of order")
        room = min(self.max_frame, self.max_message - self.size)
        if first & RSV1 or (self.compressed and not opcode):
            room += 64 + (room >> 6)  # compressing can make it a little longer
        return room

    def add_fragment(self, payload: bytes, final: bool) -> None:
        """Add a fragment to its message; invalid UTF-8 is an error at once."""
        if self.compressed and self.deflate:
            left = self.max_message - self.size
            payload = self.deflate.inflate(payload, final, left)
        self.size += len(payload)
        if self.size > self.max_message:
            raise FrameError(*TOO_BIG)
        text = self.opcode == TEXT
        self.message.write(self.decoder.decode(payload, final) if text else payload)


def build_frame(opcode: int, payload: bytes, deflate: Deflate | None) -> bytes:
    """Build a complete, unmasked frame, as a server sends it.

    Args:
        opcode: what it is.
        payload: what it carries.
        deflate: permessage-deflate, if the payload is to be compressed.
    """
    first = FIN | opcode
    if deflate is not None:
        first, payload = first | RSV1, deflate.deflate(payload)
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def parse_close(payload: bytes) -> tuple[int, str]:
    """Return the code and reason in a close frame; 1005 for none (RFC 6455, 7.1.5).

    Raises:
        FrameError: if it has a code that must not be sent.
        UnicodeDecodeError: if its reason is not UTF-8.
    """
    if not payload:
        return 1005, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not is_close_code(code):
        raise FrameError(1002, "bad close code")
    return code, payload[2:].decode()


def is_close_code(code: int) -> bool:
    """Whether a close frame may have this code."""
    return code in CLOSE_CODES or 3000 <= code < 5000


def build_close(code: int, reason: str) -> bytes:
    """Return the payload of a close frame; a long reason is cut to fit."""
    text = reason.encode()[:123].decode(errors="ignore")
    return code.to_bytes(2, "big") + text.encode()
