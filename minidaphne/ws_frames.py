"""WebSocket frames (RFC 6455 section 5): bytes to messages and back, no I/O.

`FrameReader` takes bytes in with `feed_data` and gives one message or control frame at
a time with `read_message`, so that its caller can stop in the middle.  Its laws: no
message grows past its limit, compressed or not; text is valid UTF-8; the first error
is the last thing it says.
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
except (
    ImportError
):  # pragma: no cover - where websockets was installed without a compiler
    from websockets.utils import apply_mask


class Opcode(IntEnum):
    """What a frame is (RFC 6455 section 5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


OPCODES = frozenset(Opcode)

#: Close codes a peer may send (RFC 6455 section 7.4, and those registered since).
CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})

Event = tuple[Opcode, str | bytes]


class FrameReader:
    """Reads the frames of a client.

    Args:
        max_message: bytes a message may have, inflated; 0 for no limit.
        max_frame: bytes a frame may have on the wire; 0 for no limit.
        extension: permessage-deflate, if it was agreed on.
    """

    __slots__ = (
        "buffer",
        "compressed",
        "decoder",
        "extension",
        "max_frame",
        "max_message",
        "message",
        "opcode",
        "size",
    )

    def __init__(
        self, max_message: int, max_frame: int, extension: Extension | None
    ) -> None:
        self.max_message = max_message
        self.max_frame = max_frame
        self.extension = extension
        self.buffer = bytearray()
        self.opcode = Opcode.CONTINUATION  # of the message whose fragments we have
        self.message = bytearray()
        self.size = 0
        self.compressed = False
        self.decoder: codecs.IncrementalDecoder | None = None

    def feed_data(self, data: bytes) -> None:
        """Take bytes from the network."""
        self.buffer += data

    def read_message(self) -> Event | None:
        """Take the next message or control frame out; None if there is none yet.

        Raises:
            FrameError: if the client breaks the protocol or goes past a limit.
        """
        while (frame := self.read_frame()) is not None:
            first, payload = frame
            opcode = first & 0x0F
            if opcode >= Opcode.CLOSE:
                return self.read_control(first, payload)
            if first & 0x40 or self.compressed:
                payload = self.inflate(first, payload)
            if first & 0x80 and opcode and not self.opcode:
                return self.whole_message(opcode, payload)
            if (event := self.add_fragment(first, payload)) is not None:
                return event
        return None

    def read_frame(self) -> tuple[int, bytes] | None:
        """Take the next frame out: its first byte and its payload; None if not yet there."""
        buffer = self.buffer
        have = len(buffer)
        if have < 2:
            return None
        first, length, start = buffer[0], buffer[1] & 0x7F, 6
        self.check_header(first, buffer[1])
        if length == 126:
            if have < 4:
                return None
            length, start = int.from_bytes(buffer[2:4], "big"), 8
        elif length == 127:
            if have < 10:
                return None
            length, start = int.from_bytes(buffer[2:10], "big"), 14
        self.check_size(first, length)
        end = start + length
        if have < end:
            return None
        payload = apply_mask(buffer[start:end], buffer[start - 4 : start])
        del buffer[:end]
        return first, payload

    def check_header(self, first: int, second: int) -> None:
        """Check the first two bytes of a frame."""
        opcode = first & 0x0F
        if opcode not in OPCODES:
            raise FrameError(1002, "unknown opcode")
        if not second & 0x80:
            raise FrameError(1002, "a frame without mask")
        if first & 0x30 or (
            first & 0x40
            and (self.extension is None or opcode not in (Opcode.TEXT, Opcode.BINARY))
        ):
            raise FrameError(1002, "reserved bits set")
        if opcode >= Opcode.CLOSE:
            if not first & 0x80:
                raise FrameError(1002, "a control frame in fragments")
            if second & 0x7F > 125:
                raise FrameError(1002, "a control frame too long")
        elif (opcode == Opcode.CONTINUATION) is (self.opcode == Opcode.CONTINUATION):
            raise FrameError(1002, "a fragment out of turn")

    def check_size(self, first: int, length: int) -> None:
        """Refuse a frame by the length it announces, before its payload is read."""
        if first & 0x08:
            return
        if self.max_frame and length > self.max_frame:
            raise FrameError(1009, "frame too big")
        if self.max_message and self.size + length > self.max_message:
            raise FrameError(1009, "message too big")

    def read_control(self, first: int, payload: bytes) -> Event:
        """Check a control frame."""
        opcode = Opcode(first & 0x0F)
        if opcode is Opcode.CLOSE and payload:
            code = int.from_bytes(payload[:2], "big")
            if len(payload) == 1 or not (code in CLOSE_CODES or 3000 <= code < 5000):
                raise FrameError(1002, "bad close code")
            decode_text(payload[2:])
        return opcode, payload

    def inflate(self, first: int, payload: bytes) -> bytes:
        """Inflate the payload of a compressed message, up to what is left of its limit."""
        assert self.extension is not None
        fin = bool(first & 0x80)
        self.compressed = not fin
        frame = Frame(FrameOpcode(first & 0x0F), payload, fin, rsv1=bool(first & 0x40))
        left = self.max_message - self.size if self.max_message else None
        try:
            return bytes(self.extension.decode(frame, max_size=left).data)
        except PayloadTooBig:
            raise FrameError(1009, "message too big") from None
        except ProtocolError as error:
            raise FrameError(1002, str(error)) from None

    def whole_message(self, opcode: int, payload: bytes) -> Event:
        """A message in one frame."""
        if opcode == Opcode.TEXT:
            return Opcode.TEXT, decode_text(payload)
        return Opcode.BINARY, payload

    def add_fragment(self, first: int, payload: bytes) -> Event | None:
        """A fragment of a message: give the message if it is the last one.

        Text is decoded as it comes, so that what is not UTF-8 ends the connection early.
        """
        if first & 0x0F:
            self.opcode = Opcode(first & 0x0F)
            self.message = bytearray()
            self.decoder = UTF8() if self.opcode is Opcode.TEXT else None
        fin = bool(first & 0x80)
        self.size += len(payload)
        self.message += payload
        if self.decoder is not None:
            decode_text(payload, self.decoder, fin)
        if not fin:
            return None
        opcode, message = self.opcode, bytes(self.message)
        self.opcode, self.message, self.size = Opcode.CONTINUATION, bytearray(), 0
        return self.whole_message(opcode, message)


UTF8 = codecs.getincrementaldecoder("utf-8")


def decode_text(
    payload: bytes, decoder: codecs.IncrementalDecoder | None = None, final: bool = True
) -> str:
    """Decode UTF-8 (RFC 6455 section 8.1).

    Raises:
        FrameError: with code 1007, if it is none.
    """
    try:
        return payload.decode() if decoder is None else decoder.decode(payload, final)
    except UnicodeDecodeError:
        raise FrameError(1007, "invalid UTF-8") from None


def build_frame(
    opcode: int, payload: bytes, extension: Extension | None = None
) -> bytes:
    """Build a frame, whole and unmasked, as a server sends it.

    Args:
        opcode: what it is.
        payload: what it carries.
        extension: permessage-deflate, if the payload is to be compressed.
    """
    first = 0x80 | opcode
    if extension is not None:
        payload = bytes(extension.encode(Frame(FrameOpcode(opcode), payload)).data)
        first |= 0x40
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def build_close(code: int, reason: str) -> bytes:
    """Build the payload of a close frame; the reason is cut at what a frame can hold."""
    text = reason.encode()[:123].decode(errors="ignore")
    return code.to_bytes(2, "big") + text.encode()


def parse_close(payload: bytes) -> tuple[int, str]:
    """The code and reason of a close frame; 1005 if it says none (RFC 6455 section 7.1.5)."""
    if not payload:
        return 1005, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode()
