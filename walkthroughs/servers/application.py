"""Load the application to be served.

Django wants to know its settings before anything of a project is imported.  They are
found as Django's own commands find them: in the environment; else in `manage.py`; else
as the module `settings` beside the application.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import ApplicationError, RecordingError
from ..packages import is_own

USUAL = ("application", "app")
"""The names of applications, if none is given."""

SETTINGS = "DJANGO_SETTINGS_MODULE"

_IN_MANAGE = re.compile(rf"""{SETTINGS}['"]\s*,\s*['"](?P<settings>[\w.]+)['"]""")


def load(path: str, factory: bool = False, app_dir: str | None = None) -> Any:
    """Import the application "module:name"; the default is `application` or `app`.

    Args:
        path: where it is.
        factory: whether that is a function that makes the application.
        app_dir: a folder to look for the module in, before all others.

    Raises:
        ApplicationError: there is no such module, or no application in it; in one line.
        RecordingError: the module raised while it was imported; in one line.
    """
    if app_dir is not None:
        sys.path.insert(0, app_dir)
    module, _, name = path.partition(":")
    _find_settings(module)
    try:
        found: Any = import_module(module)
    except BaseException as error:
        # The whole story is for who looks at the process's own output.
        traceback.print_exc()
        fault = f"cannot import {module}: {describe_error(error)}"
        if _is_missing(module, error):
            raise ApplicationError(f"{fault}{_app_dir_hint(module)}") from error
        raise RecordingError(fault) from error
    name = name or next((n for n in USUAL if hasattr(found, n)), USUAL[0])
    for part in name.split("."):
        if not hasattr(found, part):
            raise ApplicationError(
                f"{module} has no {part!r}: name the application, as {module}:name"
            )
        found = getattr(found, part)
    return call_factory(found, path) if factory else _check_application(found, path)


def call_factory(factory: Any, path: str) -> Any:
    """Call a factory, and return the application that it makes.

    Raises:
        ApplicationError: it is not a factory; in one line.
        RecordingError: it raised; in one line.
    """
    if not callable(factory):
        raise ApplicationError(f"{path} cannot be called: leave out --factory")
    if not _takes(factory):
        raise ApplicationError(
            f"{path} takes arguments: a factory is called without any; if it is the "
            "application itself, leave out --factory"
        )
    try:
        application = factory()
    except BaseException as error:
        traceback.print_exc()
        raise RecordingError(
            f"the factory {path} raised {describe_error(error)}"
        ) from error
    if inspect.isawaitable(application):
        getattr(application, "close", lambda: None)()
        raise ApplicationError(f"the factory {path} is async: make it a plain function")
    if not callable(application):
        kind = type(application).__name__
        raise ApplicationError(
            f"the factory {path} returned {kind}, not an ASGI application"
        )
    return application


def _check_application(found: Any, path: str) -> Any:
    if not callable(found):
        raise ApplicationError(
            f"{path} cannot be called: it is not an ASGI application"
        )
    if _takes(found) and not _takes(found, None, None, None):
        raise ApplicationError(
            f"{path} takes no arguments, so it is not an ASGI application: if it "
            "returns one, add --factory"
        )
    return found


def _takes(function: Any, *arguments: None) -> bool:
    """Whether something can be called so, as far as can be seen."""
    try:
        inspect.signature(function).bind(*arguments)
    except ValueError:
        return True  # it has no signature to be seen
    except TypeError:
        return False
    return True


def _is_missing(module: str, error: BaseException) -> bool:
    """Whether it is the named module that is not there, and not one that it imports."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return False
    return f"{module}.".startswith(f"{error.name}.")


def _app_dir_hint(module: str) -> str:
    """Where a module that was not found is, if that is a folder below this one."""
    inside = Path(*module.split("."))
    folders = sorted(
        (each for each in Path().iterdir() if each.is_dir()), key=_src_first
    )
    for folder in folders:
        path = folder / inside
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return f": it is in {folder}, so add --app-dir {folder}"
    return ""


def _src_first(folder: Path) -> tuple[bool, str]:
    return folder.name != "src", folder.name


def describe_error(error: BaseException) -> str:
    """Describe an exception in one line: its class, its words, where it was raised."""
    words = str(error).strip().splitlines()
    line = f"{type(error).__name__}: {words[0]}" if words else type(error).__name__
    frames = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if not each.filename.startswith("<") and not _is_ours(each.filename)
    ]
    if not frames:
        return line
    at = next((f for f in reversed(frames) if is_own(Path(f.filename))), frames[-1])
    return f"{line} ({'/'.join(Path(at.filename).parts[-2:])}, line {at.lineno})"


def _is_ours(filename: str) -> bool:
    package = str(Path(__file__).parent.parent)
    inside = filename.startswith((f"{package}/servers/", f"{package}/recorder/"))
    return inside or "importlib" in Path(filename).parts


def _find_settings(module: str) -> None:
    if os.environ.get(SETTINGS):
        return
    # Where the modules are looked for, the folder of --app-dir first.
    manages = (Path(each, "manage.py") for each in (*sys.path[:1], "."))
    manage = next((each for each in manages if each.exists()), None)
    if manage is not None:
        said = _IN_MANAGE.search(manage.read_text(encoding="utf-8"))
        if said:
            os.environ[SETTINGS] = said["settings"]
            return
    package = module.rpartition(".")[0]
    if package and (_folder(package) / "settings.py").exists():
        os.environ[SETTINGS] = f"{package}.settings"


def _folder(package: str) -> Path:
    """Where a package lies, found without importing it."""
    top, *rest = package.split(".")
    spec = find_spec(top)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0], *rest) if places else Path(*package.split("."))
