"""Start a server as a socket unit of systemd does: at the first connection, on file 3.

`python -m walkthroughs.servers.activation ADDRESS COMMAND...` stands in for
`systemd-socket-activate --listen ADDRESS COMMAND...` where that is not installed.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import sys

FIRST = 3
"""The number of the first file that systemd hands over, `SD_LISTEN_FDS_START`."""


def socket_activation(address: str) -> list[str]:
    """Return the beginning of a command line; the server's own command follows.

    Args:
        address: "host:port" to listen at.
    """
    if program := shutil.which("systemd-socket-activate"):
        return [program, "--listen", address]
    return [sys.executable, "-m", __name__, address]


def main(address: str, command: list[str]) -> None:
    """Listen, wait for the first client, and become the server.

    Raises:
        OSError: the address is taken, or there is no such program.
    """
    host, _, port = address.rpartition(":")
    listener = socket.create_server((host, int(port)))
    print(f"Listening on {address} as {FIRST}.", file=sys.stderr, flush=True)
    select.select([listener], [], [])
    if listener.fileno() == FIRST:
        os.set_inheritable(FIRST, True)
    else:
        os.dup2(listener.fileno(), FIRST)
    variables = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execvpe(command[0], command, {**os.environ, **variables})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
