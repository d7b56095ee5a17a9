"""`make serve`: the site with live reload, on the first free port from 8000 up."""

import argparse
import os
import socket
import sys

HOST = "127.0.0.1"
TRIES = 100


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As the server itself will: closed connections must not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def first_free(wanted: int) -> int:
    """Return `wanted`, or the nearest free port above it."""
    for port in range(wanted, min(wanted + TRIES, 65536)):
        if is_free(port):
            return port
    raise SystemExit(f"No free port from {wanted} up: name one with PORT=...")


def main() -> None:
    """Say where the site will be, then become `mkdocs serve`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    wanted = parser.parse_args().port
    port = first_free(wanted)
    if port != wanted:
        print(f"Port {wanted} is taken: using {port} instead.")
    print(f"The book will be on http://{HOST}:{port}/ (Ctrl-C stops it).", flush=True)
    address = f"{HOST}:{port}"
    # -P: looks for modules where `mkdocs` itself does, so that both share a cache.
    command = [sys.executable, "-P", "-m", "mkdocs", "serve", "--dev-addr", address]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()
