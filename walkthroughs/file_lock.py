"""A lock, so that only one process or thread at a time makes a file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process or thread makes a file or a folder, and make it.

    The caller looks first whether it is there now.

    Args:
        path: the file or the folder; a lock stands beside it meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_suffix(".lock")
    with ExitStack() as stack:
        while True:
            file = lock.open("w")
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_there(lock, file):
                stack.enter_context(file)
                break
            file.close()
        stack.callback(lock.unlink, missing_ok=True)
        yield


def _is_there(lock: Path, file: IO[str]) -> bool:
    """Whether no other has removed the lock while it was waited for."""
    with suppress(FileNotFoundError):
        return os.path.samestat(lock.stat(), os.fstat(file.fileno()))
    return False
