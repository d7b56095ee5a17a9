"""TCP in memory: sockets that asyncio and Twisted cannot tell from the kernel's.

Laws: nothing blocks; a direction holds `ROOM` bytes and no more, so a peer that does not
read is felt; a socket that is closed stays closed.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from typing import Any, Self

ROOM = 65536
"""Bytes on their way in one direction that the network holds."""

HOST = "127.0.0.1"

SERVER_PORT = 8000
FIRST_CLIENT_PORT = 50000


class Pipe:
    """One direction of a connection.

    Attributes:
        data: what was sent and not yet received.
        ended: whether the sender sends no more.
        broken: whether the receiver has gone.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False
        self.broken = False

    @property
    def room(self) -> int:
        """How many more bytes it takes."""
        return ROOM - len(self.data)


class Network:
    """All sockets of this process."""

    def __init__(self) -> None:
        self.sockets: dict[int, MemorySocket] = {}
        self.listeners: dict[int, MemorySocket] = {}
        self.next_port = FIRST_CLIENT_PORT

    def reset(self) -> None:
        """Close every socket, and number client ports from the first again."""
        for sock in list(self.sockets.values()):
            sock.close()
        self.listeners.clear()
        self.next_port = FIRST_CLIENT_PORT

    def connect(self, port: int) -> MemorySocket:
        """Return the client's end of a new connection to a listening socket.

        Raises:
            ConnectionRefusedError: nothing listens on that port.
        """
        ours = MemorySocket()
        ours.connect((HOST, port))
        return ours


network = Network()
"""The one network of this process."""


class MemorySocket:
    """A TCP socket, as far as event loops use it; stands in for `socket.socket`.

    It owns a descriptor of the null device, so that code which sets flags on the
    descriptor of a socket finds one.
    """

    def __init__(
        self,
        family: int = socket.AF_INET,
        type: int = socket.SOCK_STREAM,
        proto: int = 0,
        fileno: int | None = None,
    ) -> None:
        self.family = socket.AF_INET if family == -1 else family
        self.type = socket.SOCK_STREAM if type == -1 else type
        self.proto = max(proto, 0)
        self.backlog: list[MemorySocket] = []
        self.incoming: Pipe | None = None
        self.outgoing: Pipe | None = None
        self.name = self.peer = ("", 0)
        self._options: dict[tuple[int, int], Any] = {}
        self._fd = os.open(os.devnull, os.O_RDWR) if fileno is None else fileno
        network.sockets[self._fd] = self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    # What the selector asks

    def is_readable(self) -> bool:
        """Whether `accept` or `recv` has something to say."""
        if self.incoming is None:
            return bool(self.backlog)
        return bool(self.incoming.data) or self.incoming.ended

    def is_writable(self) -> bool:
        """Whether `send` takes a byte, or fails at once."""
        out = self.outgoing
        return out is not None and (out.room > 0 or out.broken)

    # Names and options

    def fileno(self) -> int:
        """Return the descriptor, -1 once it is closed."""
        return self._fd

    def getsockname(self) -> tuple[str, int]:
        """Return the own address."""
        return self.name

    def getpeername(self) -> tuple[str, int]:
        """Return the other end's address.

        Raises:
            OSError: there is no other end.
        """
        if self.incoming is None:
            raise OSError(errno.ENOTCONN, "not connected")
        return self.peer

    def setsockopt(self, level: int, name: int, value: Any, *more: Any) -> None:
        """Keep an option, which has no effect."""
        self._options[level, name] = value

    def getsockopt(self, level: int, name: int, *more: Any) -> Any:
        """Return an option as it was set, 0 if it was not."""
        return self._options.get((level, name), 0)

    def setblocking(self, blocking: bool) -> None:
        """Do nothing: no call blocks."""

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing: no call blocks."""

    def gettimeout(self) -> float:
        """Return 0: no call blocks."""
        return 0.0

    def set_inheritable(self, inheritable: bool) -> None:
        """Do nothing: there is no other process."""

    # A server's socket

    def bind(self, address: tuple[str, int]) -> None:
        """Take an address; for port 0 the server's, as nobody else listens."""
        self.name = (address[0] or HOST, address[1] or SERVER_PORT)

    def listen(self, backlog: int = 0) -> None:
        """Let clients connect to the address."""
        network.listeners[self.name[1]] = self

    def accept(self) -> tuple[MemorySocket, tuple[str, int]]:
        """Return the next connection and the client's address.

        Raises:
            BlockingIOError: nobody has connected.
        """
        if not self.backlog:
            raise BlockingIOError(errno.EAGAIN, "nobody has connected")
        found = self.backlog.pop(0)
        return found, found.peer

    # A connection

    def connect(self, address: tuple[str, int]) -> None:
        """Connect to a listening socket, which need not have accepted.

        Raises:
            ConnectionRefusedError: nothing listens there.
        """
        port = address[1]
        listener = network.listeners.get(port)
        if listener is None:
            raise ConnectionRefusedError(
                errno.ECONNREFUSED, f"nothing listens on {port}"
            )
        theirs = MemorySocket()
        _join(self, theirs)
        self.name = theirs.peer = (HOST, network.next_port)
        self.peer = theirs.name = (HOST, port)
        network.next_port += 1
        listener.backlog.append(theirs)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return at most so many bytes; none when the other end sends no more.

        Raises:
            BlockingIOError: nothing has come yet.
            ConnectionError: the connection is broken, or there was none.
        """
        pipe = self.incoming
        if pipe is None:
            raise OSError(errno.ENOTCONN, "not connected")
        if not pipe.data and not pipe.ended:
            raise BlockingIOError(errno.EAGAIN, "nothing has come yet")
        data = bytes(pipe.data[:size])
        del pipe.data[:size]
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """Receive into a buffer; return the number of bytes."""
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def send(self, data: Any, flags: int = 0) -> int:
        """Send as much as there is room for; return the number of bytes.

        Raises:
            BlockingIOError: there is no room.
            BrokenPipeError: the other end has gone, or this one sends no more.
        """
        pipe = self.outgoing
        if pipe is None:
            raise OSError(errno.ENOTCONN, "not connected")
        if pipe.broken or pipe.ended:
            raise BrokenPipeError(errno.EPIPE, "nobody receives this")
        if data and pipe.room <= 0:
            raise BlockingIOError(errno.EAGAIN, "the other end does not read")
        part = bytes(data[: pipe.room])
        pipe.data += part
        return len(part)

    def sendmsg(self, buffers: Iterable[Any], *more: Any) -> int:
        """Send several buffers as one; see `send`."""
        return self.send(b"".join(buffers))

    def shutdown(self, how: int) -> None:
        """Send no more, receive no more, or both."""
        if self.outgoing is not None and how != socket.SHUT_RD:
            self.outgoing.ended = True

    def close(self) -> None:
        """Give up the socket; a second call does nothing."""
        if self._fd == -1:
            return
        network.sockets.pop(self._fd, None)
        os.close(self._fd)
        self._fd = -1
        if network.listeners.get(self.name[1]) is self:
            del network.listeners[self.name[1]]
        if self.outgoing is not None:
            self.outgoing.ended = True
        if self.incoming is not None:
            self.incoming.broken = True

    def detach(self) -> int:
        """Close the socket; return its descriptor, which is of no more use."""
        fd = self._fd
        self.close()
        return fd


def pair(*kind: int) -> tuple[MemorySocket, MemorySocket]:
    """Return two connected sockets; stands in for `socket.socketpair`."""
    one, other = MemorySocket(), MemorySocket()
    _join(one, other)
    return one, other


def _join(one: MemorySocket, other: MemorySocket) -> None:
    there, back = Pipe(), Pipe()
    one.incoming, one.outgoing = back, there
    other.incoming, other.outgoing = there, back
