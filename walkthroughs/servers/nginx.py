"""Run nginx in front of a server, with a site's own configuration file."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import RecordingError
from .serving import START_LIMIT, TIMEOUT, reserved_port

SBIN = "/usr/local/sbin:/usr/sbin"
"""Where Debian puts nginx, which is not on everybody's PATH."""

MAIN = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    types { text/css css; }
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    include site.conf;
}
"""
"""Around the site's file: one process, all files in its own folder."""

LISTEN = re.compile(r"(?<=\blisten )\d+\b")
"""The number of a port that a site listens on."""


@contextmanager
def nginx(site: str, folder: Path, home: str = "/srv/mysite") -> Iterator[list[int]]:
    """Run nginx on loopback as long as the block lasts.

    The site's file is used as it is, but for two things: each port that it listens on
    becomes a free port of loopback, and its folder becomes `folder`.

    Args:
        site: what Debian has in a file of `/etc/nginx/sites-enabled`.
        folder: where the site's other files are, and nginx keeps its own.
        home: what `site` calls that folder.

    Yields:
        the ports it listens on, in the order of the file.

    Raises:
        RecordingError: there is no nginx on this machine, or it does not start; with its
            last words.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:{SBIN}")
    if program is None:
        raise RecordingError(
            "nginx is not on this machine: install it (Debian: apt-get install nginx)"
        )
    ports: list[int] = []

    def listen(match: re.Match[str]) -> str:
        ports.append(reserved_port())
        return f"127.0.0.1:{ports[-1]}"

    text = LISTEN.sub(listen, site).replace(home, str(folder))
    (folder / "site.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(MAIN, encoding="utf-8")
    said = folder / "nginx.log"
    command = [program, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr"]
    with said.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        for port in ports:
            _wait(process, port, said)
        yield ports
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    last = said.read_text(encoding="utf-8").splitlines()[-1:]
    raise RecordingError(f"nginx does not listen: {''.join(last)}")
