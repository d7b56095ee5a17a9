"""Texts kept on disk under a key that is made of all that they depend on."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .code_digest import digest


class TextCache:
    """A folder of texts.

    Args:
        folder: where they are; it is made when it is needed.
        limit: how many are kept; the least recently used go first.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    def read(self, key: str) -> str | None:
        """Give a text; None if it is not there, or damaged."""
        path = self._folder / key
        try:
            first, _, text = path.read_bytes().decode("utf-8").partition("\n")
            os.utime(path)
        except (OSError, UnicodeDecodeError):
            return None
        return text if first == digest(text) else None

    def write(self, key: str, text: str) -> None:
        """Keep a text."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Another process may be writing the same: each file appears whole.
        beside, name = tempfile.mkstemp(dir=self._folder)
        with open(beside, "w", encoding="utf-8", newline="") as file:
            file.write(f"{digest(text)}\n{text}")
        os.replace(name, self._folder / key)
        self._forget()

    def _forget(self) -> None:
        with os.scandir(self._folder) as entries:
            files = [entry.path for entry in entries]
        if len(files) > self._limit:
            with suppress(OSError):  # another process has removed it
                for old in sorted(files, key=os.path.getmtime)[: self._limit // 4]:
                    os.unlink(old)
