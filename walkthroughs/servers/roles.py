"""Whose code a process runs: the server's, the framework's, or the application's own."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from ..focus import CALLED, Focus
from ..packages import is_own

FRAMEWORKS = (
    "blacksheep",
    "channels",
    "django",
    "falcon",
    "fastapi",
    "litestar",
    "quart",
    "rest_framework",
    "sanic",
    "starlette",
)
"""The packages that are taken for a framework, if the application imports them."""

MACHINERY = frozenset(
    {
        "abc",
        "asyncio",
        "codecs",
        "concurrent",
        "contextlib",
        "contextvars",
        "encodings",
        "enum",
        "functools",
        "importlib",
        "logging",
        "os",
        "queue",
        "re",
        "reprlib",
        "selectors",
        "site",
        "socket",
        "threading",
        "typing",
        "weakref",
        "zipimport",
    }
)
"""Of the standard library, what keeps everything running and says nothing of a path."""


@dataclass(frozen=True)
class Roles:
    """Whose code the process runs, as dotted names for a focus.

    Args:
        server: the server.
        framework: what the application stands on.
        own: the application itself.
        rest: other packages, and the standard library less its machinery.
    """

    server: tuple[str, ...]
    framework: tuple[str, ...]
    own: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def focus(self) -> tuple[str, ...]:
        """All of them, with what makes an object an application or a middleware."""
        return (*self.server, *self.framework, *self.own, *self.rest, CALLED)

    def focused(self, names: Iterable[str] | None) -> Focus:
        """Return a focus on some names, or on all code; it knows the reader's own code.

        Args:
            names: dotted names as in `Focus`, None for all code.
        """
        if names is None:
            return Focus.of(self.focus, self.owns, whole=True)
        return Focus.of((*names, CALLED), self.owns)

    def owns(self, file: str, module: str) -> bool:
        """Whether code is the application's own, as `Focus.own` asks: by its file.

        This package and the servers are nobody's own, even where they are developed.
        """
        top = module.partition(".")[0]
        servers = (name.lstrip("-").partition(".")[0] for name in self.server)
        if top in {"walkthroughs", "minidaphne", "__main__", *servers}:
            return f"{module}.".startswith(f"{self.own[0]}.")
        return is_own(Path(file))

    @classmethod
    def of(cls, application: Any, path: str, server: tuple[str, ...]) -> Roles:
        """Find the roles of all modules that this process has imported.

        Args:
            application: the application, which has been imported.
            path: where it was found, "module:name".
            server: the names in the server's focus.
        """
        module = path.partition(":")[0]
        taken = {name.lstrip("-").partition(".")[0] for name in (*server, "__main__")}
        tops = dict.fromkeys(_imported())
        kind = type(application).__module__.partition(".")[0]
        framework = [each for each in tops if each in {*FRAMEWORKS, kind} - taken]
        framework = [each for each in framework if not _own_module(each)]
        own = [each for each in (*tops, *_beside(module)) if _own_module(each)]
        mine = _outermost(module)
        own = [mine, *(each for each in own if each not in (mine, "walkthroughs"))]
        known = {*taken, *framework, *own, *MACHINERY, "walkthroughs", "minidaphne"}
        rest = [each for each in tops if each not in known and each[0] != "_"]
        return cls(server, tuple(framework), _once(own, taken), tuple(rest))


def _imported() -> Iterator[str]:
    """Yield the top-level modules of this process that are written in Python."""
    for name, module in sorted(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if "." not in name and spec is not None and spec.name == name:
            yield name


def _once(names: Iterable[str], taken: set[str]) -> tuple[str, ...]:
    return tuple(each for each in dict.fromkeys(names) if each not in taken)


def _outermost(module: str) -> str:
    """Return the application's package; of ours, only the part that it lies in."""
    top, _, rest = module.partition(".")
    return module.rpartition(".")[0] if top == "walkthroughs" and rest else top


def _beside(module: str) -> Iterator[str]:
    """Modules and packages in the application's folder, imported or not yet."""
    origin = getattr(sys.modules.get(module.partition(".")[0]), "__file__", None)
    if origin is None:
        return
    folder = Path(origin).parent
    folder = folder.parent if Path(origin).stem == "__init__" else folder
    for path in sorted(folder.glob("*.py")):
        if path.stem.isidentifier():
            yield path.stem
    for path in sorted(folder.glob("*/__init__.py")):
        yield path.parent.name


def _own_module(name: str) -> bool:
    module = sys.modules.get(name)
    if module is None:
        # Not imported yet: if it will be, then from the application's folder.
        spec = find_spec(name)
        return bool(spec and spec.origin and is_own(Path(spec.origin)))
    origin = _origin(module)
    return origin is not None and is_own(origin)


def _origin(module: ModuleType) -> Path | None:
    if getattr(module, "__file__", None):
        return Path(str(module.__file__))
    # A package without an __init__ file.
    return next(map(Path, getattr(module, "__path__", ())), None)
