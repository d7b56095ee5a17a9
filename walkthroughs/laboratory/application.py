"""Import the reader's code afresh for each experiment; find the line of an error."""

from __future__ import annotations

import importlib
import linecache
import sys
import traceback
from pathlib import Path
from typing import Any

from ..errors import WalkthroughError
from .focuses import MODULE


class LoadError(WalkthroughError):
    """The reader's code has no usable application; `line` is at fault, or 0."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def import_application(text: str, folder: Path) -> Any:
    """Import the reader's code, and return its application.

    Args:
        text: of a module with an `application` or `urlpatterns`.
        folder: the folder that the module is written to and imported from.

    Raises:
        LoadError: it raised something, or has no application.
    """
    import django
    from django.urls import clear_url_caches

    path = folder / f"{MODULE}.py"
    path.write_text(text, encoding="utf-8")
    linecache.clearcache()
    importlib.invalidate_caches()
    sys.modules.pop(MODULE, None)
    clear_url_caches()
    try:
        django.setup()
        found = importlib.import_module(MODULE)
        if hasattr(found, "application"):
            application = found.application
        elif hasattr(found, "urlpatterns"):
            application = _django()
        else:
            raise LoadError("The code must define 'application' or 'urlpatterns'.")
    except LoadError:
        raise
    except BaseException as error:  # noqa: BLE001 - it is the reader's code
        raise LoadError(*describe_error(error)) from None
    if not callable(application):
        raise LoadError(
            "'application' cannot be called: it is not an ASGI application."
        )
    return application


def _django() -> Any:
    from django.core.handlers.asgi import ASGIHandler

    return ASGIHandler()


def describe_error(error: BaseException) -> tuple[str, int]:
    """Describe an exception; find the last line of the reader's code in its traceback.

    Args:
        error: any exception.

    Returns:
        the description, in one line; the line number, 0 if the reader's code is not in
        the traceback.  For a syntax error in that code it is the line that has it.
    """
    words = str(error).strip().splitlines()
    described = f"{type(error).__name__}: {words[0]}" if words else type(error).__name__
    if isinstance(error, SyntaxError) and _is_own(error.filename):
        described = f"{type(error).__name__}: {error.msg}"
        return f"{described} (line {error.lineno})", error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if _is_own(each.filename)]
    if not own:
        return described, 0
    return f"{described} (line {own[-1].lineno})", own[-1].lineno or 0


def _is_own(filename: str | None) -> bool:
    """Whether that is the file of the reader's code."""
    return filename == str(Path(sys.path[0], f"{MODULE}.py"))
