"""One experiment: what the client does, the application, the server, and what came of it.

Prepare a process with `prepare` before anything else of the servers is imported; then
`Laboratory.run` may be called as often as wanted.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import missing_modules
from .application import LoadError, describe_error, import_application
from .clock import Clock
from .focuses import names, ranked
from .loop import MemoryLoop, Outside, forget
from .network import network
from .output import caught_output

if TYPE_CHECKING:
    from ..trace import Trace


MAX_EVENTS = 200_000
"""Events that one recording keeps."""

SHOWN = 300
"""Steps that are shown where no listing says which."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is tried.

    Args:
        client: what the client does, see `client_language`.
        application: the text of a module with an `application` or `urlpatterns`.
        server: "daphne" or "minidaphne".
        focus: a key of `focuses.FOCUSES`, or dotted names.
        listing: the listing to be held against the recording; empty for none.
        options: of the server.
        ident: of the walkthrough on its page.
    """

    client: str
    application: str
    server: str = "daphne"
    focus: str | Sequence[str] = "path"
    listing: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    ident: str = "laboratory"


@dataclass(slots=True)
class Result:
    """What came of it.

    Args:
        error: why nothing ran, in one line; empty if it ran.
        line: the line of the reader's code that is to blame, 0 for none.
        connections: of each connection, what the client received and saw.
        log: what was printed and logged, a line each.
        html: the walkthrough; empty if nothing was recorded.
        listing: the listing that the walkthrough shows.
        problem: why the listing does not hold, with the diff; empty if it holds.
        steps: the names of the steps that were recorded since the server listened.
        notes: what the reader should know of this run, a sentence each.
    """

    error: str = ""
    line: int = 0
    connections: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    html: str = ""
    listing: str = ""
    problem: str = ""
    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


_clock = Clock()
_outside: list[Outside] = []


def new_event_loop() -> MemoryLoop:
    """Return a loop on the network in memory."""
    return MemoryLoop(_clock, lambda: _outside[-1])


def prepare(bare: bool = False) -> None:
    """Make this process a laboratory: no way leads back.

    Args:
        bare: see `missing_modules.install`.
    """
    from .world import Nobody

    _outside[:] = [Nobody(_clock)]
    _clock.install()
    missing_modules.install(new_event_loop, bare)
    sys.dont_write_bytecode = True
    folder = tempfile.mkdtemp(prefix="laboratory-")
    sys.path.insert(0, folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{__package__}.settings"


class Laboratory:
    """Runs experiments, one after the other, and remembers the last recording."""

    def __init__(self) -> None:
        self.trace: Trace | None = None
        self._focus: tuple[str, ...] = ()
        self._listening = 0
        self._ident = ""
        self._folder = Path(sys.path[0])

    def run(self, experiment: Experiment) -> Result:
        """Run one experiment."""
        from ..errors import WalkthroughError

        self.trace = None
        result = Result()
        with caught_output(result.log):
            try:
                self._run(experiment, result)
            except WalkthroughError as error:
                result.error = str(error)
            finally:
                _clean_up()
        return result

    def check(self, text: str) -> Result:
        """Hold a listing against the last recording."""
        result = Result(listing=text)
        if self.trace is None:
            result.error = "There is no recording yet: press Run first."
        else:
            self._show(self.trace, text, result)
        return result

    def repair(self, text: str) -> Result:
        """Correct a listing after the last recording."""
        from ..errors import ListingError
        from ..listing import parse, repair

        result = Result(listing=text)
        if self.trace is None:
            result.error = "There is no recording yet: press Run first."
            return result
        try:
            repaired = repair(parse(text), self.trace)
        except ListingError as error:
            result.problem = f"line {error.line}: {error}"
            return result
        self._show(self.trace, repaired.text, result)
        result.notes += [
            f"Line {each.number} cannot be repaired: {each.text} never happened."
            for each in repaired.unrepaired
        ]
        return result

    # Inside

    def _run(self, experiment: Experiment, result: Result) -> None:
        from ..focus import Focus
        from ..recorder import Recorder
        from ..scenarios import WATCHED
        from ..servers import load
        from .client import Client
        from .client_language import parse
        from .network import SERVER_PORT
        from .world import Over, World

        client = Client(parse(experiment.client), SERVER_PORT)
        server = load(experiment.server)
        try:
            application = import_application(experiment.application, self._folder)
        except LoadError as error:
            result.error, result.line = str(error), error.line
            return
        self._ident = experiment.ident
        self._focus = names(experiment.focus, server)
        running: set[int] = set()
        recorder = Recorder(
            Focus.of(self._focus), WATCHED, server.LOOP, MAX_EVENTS, start_up=MAX_EVENTS
        )
        world = World(_clock, client, lambda: bool(running))
        _outside.append(world)

        def ready(port: int) -> None:
            recorder.begin()
            self._listening = recorder.event_count
            world.begin()

        watched = recorder.wrap(
            _watch_application(application, running, result), server.QUEUES
        )
        options = dict(experiment.options)
        recorder.start()
        try:
            server.run(watched, ready, **options)
        except Over:
            pass
        except BaseException as error:  # noqa: BLE001
            # The reader's code may raise what ends a process, such as SystemExit.
            result.error, result.line = describe_error(error)
        finally:
            recorder.stop()
            _outside.pop()
        result.connections = [_seen(each) for each in client.connections]
        result.notes += _hints(client)
        trace = recorder.trace("the experiment", experiment.server)
        self.trace = trace
        since = [each for each in trace.steps if each.seq >= self._listening]
        result.steps = [trace.name(each) for each in since]
        if trace.header.dropped:
            result.notes.append(
                f"The recording was full: {trace.header.dropped:,} events were left out."
            )
        self._show(trace, experiment.listing, result)

    def _show(self, trace: Trace, text: str, result: Result) -> None:
        """Make the walkthrough: of the listing if it holds, else of what matters most."""
        from ..errors import ListingError, Mismatch, WalkthroughError
        from ..fence_recordings import Recorded
        from ..focus import Focus
        from ..listing import check, parse
        from ..render.html import walkthrough
        from ..render.listing_html import listing
        from ..render.selection import select
        from ..render.view import View
        from ..verification import Verified
        from .listing_of_view import listing_of

        if not any(each.seq >= self._listening for each in trace.steps):
            result.notes.append(
                "No step was recorded: the focus leaves everything out."
            )
            return
        if text.strip():
            try:
                parsed = parse(text)
                held = Verified(parsed, Recorded(trace), check(parsed, trace))
            except Mismatch as error:
                result.problem = f"line {error.line}: {error}\n{error.details}"
            except ListingError as error:
                result.problem = f"line {error.line}: {error}"
            else:
                result.listing = text
                shown = listing(held.view, held.lines, self._ident)
                result.html = walkthrough(held.view, shown, self._ident)
                return
        steps = select(
            trace, [Focus.of(each) for each in ranked(self._focus)], SHOWN
        ).shown
        # How the server starts is the same each time, and another chapter's story.
        chosen = View(trace, [each for each in steps if each >= self._listening])
        written = listing_of(chosen)
        result.listing = text if text.strip() else written
        try:
            parsed = parse(written)
            held = Verified(parsed, Recorded(trace), check(parsed, trace))
            shown, view = listing(held.view, held.lines, self._ident), held.view
        except WalkthroughError as error:
            result.notes.append(f"No listing could be written: {error}")
            shown, view = "", chosen
        result.html = walkthrough(view, shown, self._ident)


def _watch_application(application: Any, running: set[int], result: Result) -> Any:
    """Wrap the application, to log what it raises and to know whether it runs."""

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await application(scope, receive, send)  # type: ignore[no-any-return]
        running.add(id(scope))
        try:
            await application(scope, receive, send)
        except Exception as error:
            said, line = describe_error(error)
            result.line = line or result.line
            result.log.append(f"The application raised {said}")
            raise
        finally:
            running.discard(id(scope))

    return watched


def _seen(connection: Any) -> dict[str, Any]:
    data = bytes(connection.received)
    return {
        "text": data.decode("utf-8", errors="replace"),
        "bytes": [repr(line)[2:-1] for line in data.splitlines(keepends=True)],
        "said": list(connection.said),
        "size": connection.size,
        "websocket": connection.protocol is not None,
    }


def _hints(client: Any) -> Iterator[str]:
    sent = b"".join(each.data for each in client.actions if each.kind == "send")
    silent = not any(each.size for each in client.connections)
    if sent and silent and b"\r\n\r\n" not in sent:
        yield (
            "The server was still waiting: a request's head ends with an empty line."
        )


def _clean_up() -> None:
    """Leave nothing of the last experiment: no task, timer, socket, cache or room."""
    network.reset()
    twisted = sys.modules.get("twisted.internet.reactor")
    if twisted is not None:
        reactor: Any = twisted
        loop = reactor._asyncioEventloop
        for call in reactor.getDelayedCalls():
            call.cancel()
        reactor.removeAll()
        if reactor.running:
            reactor.crash()
        reactor._startedBefore = False
        reactor._scheduledAt = None
        loop._stopping = False
        forget(loop)
    asyncio.set_event_loop(None)
    for name, module in list(sys.modules.items()):
        if name.startswith("minidaphne."):
            for each in list(vars(module).values()):
                if hasattr(each, "cache_clear"):
                    each.cache_clear()
    layers = sys.modules.get("channels.layers")
    if layers is not None:
        layers.channel_layers.backends.clear()
    gc.collect()
