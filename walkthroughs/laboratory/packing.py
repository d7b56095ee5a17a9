"""Archives that the browser unpacks: tar files, each compressed as a whole by xz.

A tar file is compressed across its files, and xz sees what is alike in all of it: sources,
their bytecode, and the docstrings that are in both.  With gzip it would be half as large
again.  Its invariant: the same files give the same archive.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Iterable
from pathlib import Path

REACH = 1 << 25
"""How far back, in bytes, a repetition is seen: farther than any archive here is long.

As much memory is needed to unpack it.
"""


def pack(path: Path, entries: Iterable[tuple[str, bytes]]) -> None:
    """Write an archive.

    Args:
        path: where to.
        entries: of each file its name and what is in it.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in entries:
            # Its date is the epoch, so that the same files give the same archive.
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": REACH}]
    # A checksum that the browser's unpacker knows.
    compressed = lzma.compress(
        packed.getvalue(), check=lzma.CHECK_CRC32, filters=filters
    )
    unready = path.with_suffix(".part")
    unready.write_bytes(compressed)
    unready.replace(path)
