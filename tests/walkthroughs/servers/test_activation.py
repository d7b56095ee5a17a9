"""A server that gets its socket as systemd hands it over."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from walkthroughs.clients import connected, read_all
from walkthroughs.servers.activation import socket_activation
from walkthroughs.servers.serving import reserved_port

ANSWER = """
import os, socket
listener = socket.socket(fileno=3)
client, _ = listener.accept()
own = os.environ["LISTEN_PID"] == str(os.getpid())
client.sendall(f"{os.environ['LISTEN_FDS']} {own}".encode())
"""


@contextmanager
def activated(port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*socket_activation(f"127.0.0.1:{port}"), sys.executable, "-c", ANSWER],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_program_of_systemd_is_taken_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert socket_activation("127.0.0.1:80") == [
        *("/bin/systemd-socket-activate", "--listen", "127.0.0.1:80")
    ]


def test_the_stand_in_hands_over_a_socket_that_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    port = reserved_port()
    with activated(port) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"Listening on 127.0.0.1:%d as 3.\n" % port
        assert process.poll() is None
        with connected(port) as client:
            assert read_all(client) == b"1 True"
