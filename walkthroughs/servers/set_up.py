"""Set up the recorded process, after the import and before the application is served.

Run set-up code of the application's own, and make a test database for Django.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from ..errors import RecordingError
from .application import describe_error

_undo: list[Callable[[], object]] = []


def prepare(set_up: str | None, database: bool) -> None:
    """Make a test database, then call the set-up function.

    Args:
        set_up: "module:function", called without arguments; None for none.
        database: whether to give Django test databases, as its own tests have.

    Raises:
        RecordingError: one of them fails; in one line.
    """
    if database:
        _attempt("the test database cannot be made", _make_databases)
    if set_up is not None:
        _attempt(f"set_up={set_up!r} failed", lambda: _function(set_up)())


def clean_up() -> None:
    """Remove the test databases."""
    while _undo:
        with suppress(Exception):  # the recording is made, and is worth more
            _undo.pop()()


def _attempt(fault: str, act: Callable[[], object]) -> None:
    try:
        act()
    except Exception as error:
        traceback.print_exc()
        raise RecordingError(f"{fault}: {describe_error(error)}") from error


def _function(path: str) -> Callable[[], object]:
    module, _, name = path.partition(":")
    found: Callable[[], object] = getattr(import_module(module), name)
    return found


def _make_databases() -> None:
    import django
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    made: Any = setup_databases(verbosity=0, interactive=False)
    for connection, *_ in made:
        # They are removed by another thread than this one, which makes them.
        connection.inc_thread_sharing()
    _undo.append(lambda: teardown_databases(made, verbosity=0))
