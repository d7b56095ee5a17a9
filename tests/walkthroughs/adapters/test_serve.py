"""`make serve` finds a port, and says so when it is another one than asked for."""

import os
import socket
import sys

import pytest

from walkthroughs.adapters import serve
from walkthroughs.servers.serving import reserved_port


def test_takes_the_port_asked_for_or_the_next_free_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, words: started.append(words))
    port = reserved_port()
    with socket.create_server((serve.HOST, port)):
        monkeypatch.setattr(sys, "argv", ["serve", "--port", str(port)])
        serve.main()
        [words] = started
        chosen = int(words[-1].rpartition(":")[2])
        assert port < chosen <= port + serve.TRIES
        said = capsys.readouterr().out
        assert f"Port {port} is taken: using {chosen} instead." in said
        assert f"http://127.0.0.1:{chosen}/" in said
    assert serve.first_free(port) == port


def test_says_when_there_is_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "is_free", lambda port: False)
    with pytest.raises(SystemExit, match="No free port from 65500 up"):
        serve.first_free(65500)
