"""A certificate for a server on loopback, made for one run."""

from __future__ import annotations

import subprocess
from pathlib import Path

OPTIONS = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a private key and a self-signed certificate for `localhost`.

    Args:
        folder: where the two files are put.

    Returns:
        the paths of the key and of the certificate, both PEM files.

    Raises:
        FileNotFoundError: there is no `openssl` on the machine.
        subprocess.CalledProcessError: it failed.
    """
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", *OPTIONS.split()),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


def tls_endpoint(key: Path, certificate: Path) -> str:
    """Return the beginning of an endpoint string for TLS: `port=` follows."""
    return f"ssl:privateKey={key}:certKey={certificate}"
