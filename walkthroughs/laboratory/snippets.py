"""Runs the Python blocks of a page, as the book's tests do, and tells what they print.

What the blocks of "Words" take from a real server, `serving` and `http`, is done by the
laboratory's servers.  The blocks of a page share their names; a block above that has not
run yet is run first.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
import traceback
from collections.abc import Iterator, Sequence
from io import StringIO
from types import ModuleType
from typing import Any

from .experiment import Experiment, Laboratory

EXAMPLE = "walkthroughs.scenarios.mysite.urls"

LONGEST = 20_000
"""Characters kept of what a block prints."""


class Snippets:
    """The pages whose blocks were run.

    Args:
        laboratory: runs servers for them.
    """

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory
        self._ran: dict[str, list[str]] = {}
        self._names: dict[str, dict[str, Any]] = {}
        self._ports: dict[int, tuple[str, str, str]] = {}
        _stand_in("walkthroughs.clients", http=self._http)
        _stand_in("walkthroughs.servers.serving", serving=self._serving)

    def run(self, page: str, bodies: Sequence[str]) -> dict[str, Any]:
        """Run a page's blocks up to the last of `bodies`, those that have not run yet.

        Returns:
            `output` of the last, and whether it `failed`.
        """
        from ..pages.snippets import close_loop

        ran = self._ran.get(page, [])
        again = len(bodies) <= len(ran) or ran != [*bodies[: len(ran)]]
        if again:
            close_loop(self._names.pop(page, {}))
            ran = []
        names = self._names.setdefault(page, {})
        self._ran[page] = ran
        answer: dict[str, object] = {"output": "", "failed": False}
        for body in bodies[len(ran) :]:
            answer = self._one(page, body, names)
            if answer["failed"]:
                if body is not bodies[-1]:
                    answer["output"] = f"A block above fails:\n{answer['output']}"
                break
            ran.append(body)
        return answer

    def names(self, page: str) -> dict[str, Any]:
        """Return a copy of the names of a page, which shares the page's event loop."""
        from ..pages.snippets import copied

        return copied(self._names.setdefault(page, {}))

    def ran(self, page: str) -> Sequence[str]:
        """Return the blocks of a page that have run."""
        return self._ran.get(page, [])

    def _one(self, page: str, body: str, names: dict[str, Any]) -> dict[str, object]:
        from ..pages.markdown import Fence
        from ..pages.snippets import run_snippet

        printed = StringIO()
        fence = Fence("python", (), {}, body, 0, 0, 0)
        failed = True
        with contextlib.redirect_stdout(printed), example_site():
            try:
                wrong = run_snippet(fence, page, names)
            except BaseException as error:  # noqa: BLE001 - it is the reader's code
                print("".join(traceback.format_exception_only(error)).strip())
                frames = traceback.extract_tb(error.__traceback__)
                lines = [each.lineno for each in frames if each.filename == page]
                if lines:
                    print(f"in line {lines[0]} of this block")
            else:
                failed = bool(wrong)
                print(wrong or _all_well(body, printed.getvalue()))
        return {"output": printed.getvalue()[:LONGEST].strip(), "failed": failed}

    @contextlib.contextmanager
    def _serving(
        self, server: str, application: str, source: str = "", *arguments: str
    ) -> Iterator[int]:
        port = 8000 + len(self._ports)
        self._ports[port] = (server, application, source)
        yield port

    def _http(self, port: int, request: bytes) -> bytes:
        server, application, source = self._ports[port]
        client = "".join(f"\\x{byte:02x}" for byte in request)
        text = f"{source}\n\napplication = {application}\n"
        with _same_loop():
            result = self._laboratory.run(Experiment(client, text, server))
        if result.error:
            raise RuntimeError(result.error)
        connection = result.connections[0]
        return b"".join(
            line.encode("latin-1").decode("unicode_escape").encode("latin-1")
            for line in connection["bytes"]
        )


@contextlib.contextmanager
def _same_loop() -> Iterator[None]:
    """Keep the loop: the blocks of a page go on with theirs."""
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:  # they have none yet
        yield
        return
    yield
    asyncio.set_event_loop(loop)


@contextlib.contextmanager
def example_site() -> Iterator[None]:
    """Blocks speak of the book's example site, experiments of the reader's."""
    from django.conf import settings
    from django.urls import clear_url_caches

    before = settings.ROOT_URLCONF
    settings.ROOT_URLCONF = EXAMPLE
    clear_url_caches()
    try:
        yield
    finally:
        settings.ROOT_URLCONF = before
        clear_url_caches()


def _all_well(body: str, printed: str) -> str:
    if printed:
        return ""
    if body.lstrip().startswith(">>>"):
        return "Each answer is the one printed above."
    return "It has run; it prints nothing."


def _stand_in(name: str, **functions: object) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError:
        module = sys.modules[name] = ModuleType(name)
        package, _, last = name.rpartition(".")
        setattr(sys.modules[package], last, module)
    for each, function in functions.items():
        setattr(module, each, function)
