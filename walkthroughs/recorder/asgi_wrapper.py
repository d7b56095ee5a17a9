"""Wrap an ASGI application so that its events are recorded.

`receive` is marked when the application has the event, `send` when it hands one over;
what the server does with it runs inside the mark.  Header values and bodies are never
kept: they may be secret, and a trace is made to be shown.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, cast

from .event_log import EventLog, Sized
from .values import MASK, ROOM, is_secret, masked

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


TEXT_LIMIT = 40
"""How many characters of a text are kept."""


def wrap_application(
    application: Application, log: EventLog, queues: Sequence[str] = ()
) -> Application:
    """Return the application, with every ASGI event written to `log`.

    Args:
        application: the application.
        log: where events are written down.
        queues: what the server calls the queue of events that it reads in `receive`.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        log.name_lane("application" if scope["type"] != "lifespan" else "lifespan")
        queue = queue_of(receive, queues)
        await application(scope, _receive(receive, queue, log), _send(send, queue, log))

    return wrapped


def _receive(inner: Receive, queue: Sized | None, log: EventLog) -> Receive:
    # Named as what it stands for: a task that an application makes of it is a lane.
    async def receive() -> MutableMapping[str, Any]:
        asked = time.perf_counter_ns()
        event = await inner()
        log.message("receive", event["type"], summary(event), queue, asked)
        return event

    return receive


def _send(inner: Send, queue: Sized | None, log: EventLog) -> Send:
    async def send(event: MutableMapping[str, Any]) -> None:
        step = log.message("send", str(event.get("type")), summary(event), queue)
        try:
            await inner(event)
        except BaseException as error:
            log.sent(step, type(error).__name__)
            raise
        log.sent(step)

    return send


def queue_of(receive: Receive, names: Sequence[str]) -> Sized | None:
    """Return the queue that `receive` is a method of, or that its object names so.

    Servers that keep one request's state in other ways have none.
    """
    owner = getattr(receive, "__self__", None)
    attributes = getattr(owner, "__dict__", {})
    found: list[Any] = [owner, *[attributes.get(name) for name in names]]
    for each in found:
        if hasattr(each, "qsize"):
            return cast(Sized, each)
    return None


def summary(event: MutableMapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Describe what an event carries, in few words, without secrets."""
    return tuple([(key, _brief(key, event[key])) for key in event if key != "type"])


def _brief(key: str, value: object) -> str:
    if is_secret(key):
        return MASK
    if key == "headers" and isinstance(value, list | tuple):
        return f"{len(value)} headers"
    brief = _BRIEFS.get(type(value)) or _brief_of(type(value))
    return brief(value)


def _brief_of(cls: type) -> Callable[[Any], str]:
    known = (_BRIEFS[each] for each in cls.__mro__ if each in _BRIEFS)
    return next(known, lambda value: cls.__name__)


def _size(value: bytes | bytearray | memoryview) -> str:
    return f"{len(value)} bytes"


def _text(value: str) -> str:
    # As a plain one, so that to cut it runs nothing of the program.
    shown = masked(str.__str__(value)[:ROOM])
    return repr(shown[:TEXT_LIMIT]) + ("…" if len(shown) > TEXT_LIMIT else "")


def _number(value: int) -> str:
    # More digits than the interpreter writes out, or a subclass with its own repr.
    return int.__repr__(value) if value.bit_length() <= 64 else "int"


_BRIEFS: dict[type, Callable[[Any], str]] = {
    **dict.fromkeys((bytes, bytearray, memoryview), _size),
    **dict.fromkeys((bool, type(None)), repr),
    int: _number,
    float: float.__repr__,
    str: _text,
}
"""Class -> how its values are told; for those of subclasses, the same; of others, the class is."""
