"""TCP in memory, held against what sockets do."""

from collections.abc import Iterator

import pytest

from walkthroughs.laboratory.network import ROOM, MemorySocket, network
from walkthroughs.laboratory.network import pair as make_pair


@pytest.fixture
def pair() -> Iterator[tuple[MemorySocket, MemorySocket]]:
    """Client and server of one connection."""
    listener = MemorySocket()
    listener.bind(("127.0.0.1", 8000))
    listener.listen()
    client = network.connect(8000)
    server, _ = listener.accept()
    yield client, server
    network.reset()


Pair = tuple[MemorySocket, MemorySocket]


def test_bytes_arrive(pair: Pair) -> None:
    client, server = pair
    assert not server.is_readable()
    assert client.send(b"hello") == 5
    assert server.is_readable()
    assert server.recv(3) + server.recv(100) == b"hello"
    with pytest.raises(BlockingIOError):
        server.recv(1)


def test_both_know_both_addresses(pair: Pair) -> None:
    client, server = pair
    assert client.getpeername() == server.getsockname() == ("127.0.0.1", 8000)
    assert client.getsockname() == server.getpeername()


def test_a_reader_that_does_not_read_is_felt(pair: Pair) -> None:
    client, server = pair
    assert server.send(bytes(2 * ROOM)) == ROOM
    assert not server.is_writable()
    with pytest.raises(BlockingIOError):
        server.send(b"more")
    client.recv(1)
    assert server.is_writable()
    assert server.send(b"more") == 1


def test_an_end_is_heard_behind_the_bytes(pair: Pair) -> None:
    client, server = pair
    client.send(b"last")
    client.shutdown(1)
    assert server.recv(100) == b"last"
    assert server.recv(100) == b""
    assert server.send(b"still") == 5


def test_nobody_receives_what_is_sent_to_a_closed_socket(pair: Pair) -> None:
    client, server = pair
    client.close()
    assert server.recv(1) == b""
    with pytest.raises(BrokenPipeError):
        server.send(b"hello")


def test_nobody_listens() -> None:
    with pytest.raises(ConnectionRefusedError):
        network.connect(9)


def test_nobody_has_connected() -> None:
    with MemorySocket() as sock, pytest.raises(BlockingIOError):
        sock.accept()
    assert sock.fileno() == -1


def test_a_pair_of_sockets_is_connected() -> None:
    one, other = make_pair()
    one.send(b"hello")
    assert other.recv(5) == b"hello"
    other.close()
    with pytest.raises(BrokenPipeError):
        one.send(b"more")
    network.reset()


def test_a_client_is_connected_before_the_server_accepts() -> None:
    listener = MemorySocket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    client = MemorySocket()
    client.connect(listener.getsockname())
    assert client.getpeername() == listener.getsockname()
    network.reset()


def test_where_nobody_listens_a_connection_is_refused() -> None:
    with pytest.raises(ConnectionRefusedError, match="nothing listens on 8001"):
        MemorySocket().connect(("127.0.0.1", 8001))
    network.reset()
