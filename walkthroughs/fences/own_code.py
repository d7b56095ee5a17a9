"""The code of packages that no installer put there, as what a fence depends on."""

from __future__ import annotations

from collections.abc import Iterable

from ..code_digest import code_of
from ..packages import is_own
from ..source_locator import find


def own_code(packages: Iterable[str]) -> list[str]:
    """Give a text for each of the packages that has other code when the text is another.

    Args:
        packages: names of top-level modules; those that were installed are left out, since
            their versions tell as much.

    Raises:
        TargetError: there is no such module.
    """
    files = (find(each).file for each in sorted(packages))
    return [code_of(file) for file in files if is_own(file)]
