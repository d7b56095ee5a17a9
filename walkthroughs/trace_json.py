"""The JSON form of a trace: written and read piece by piece, one event a line."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any

from .errors import TraceError
from .events import EVENTS, SCHEMA, Event, Function, Header, Lane, Package

_FIELDS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(cls)) for kind, cls in EVENTS.items()
}

_EVENTS = ', "events": [\n'
"""What stands between the head of a trace and its events, one a line."""

_END = "\n]}\n"


def json_lines(
    header: Header,
    lanes: Sequence[Lane],
    functions: Sequence[Function],
    events: Iterator[Event],
) -> Iterator[str]:
    """Yield the JSON text of a trace piece by piece, one event a line."""
    head = {
        "header": asdict(header),
        "lanes": [asdict(lane) for lane in lanes],
        "functions": [asdict(function) for function in functions],
    }
    yield f"{json.dumps(head)[:-1]}{_EVENTS}"
    between = ""
    while some := [_written(event) for event in islice(events, TOGETHER)]:
        # No text in them has this: there, the quotation mark would be escaped.
        lines = json.dumps(some)[1:-1].replace('}, {"kind"', '},\n{"kind"')
        yield between + lines
        between = ",\n"
    yield _END


TOGETHER = 500
"""How many events are written at once: fewer take longer, more take more memory."""

_VALUES: Mapping[str, tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]] = {
    kind: (("kind", *_FIELDS[kind]), attrgetter("kind", *_FIELDS[kind]))
    for kind in EVENTS
}


def _written(event: Event) -> dict[str, Any]:
    # Not `asdict`, which copies every value and takes many times as long.
    names, values = _VALUES[event.kind]
    return dict(zip(names, values(event), strict=True))


Parts = tuple[Header, tuple[Lane, ...], tuple[Function, ...], tuple[Event, ...]]


def read(text: str) -> Parts:
    """Read the header, lanes, functions and events that `json_lines` wrote.

    Raises:
        TraceError: the text is not a trace, or has another schema.
    """
    try:
        head, events = _parts(text)
        schema = head["header"]["schema"]
        if schema != SCHEMA:
            raise TraceError(
                f"the recording has schema {schema}, but this version reads {SCHEMA}: "
                "record it again"
            )
        with _no_collection():
            return (
                _read_header(head["header"]),
                tuple(Lane(**lane) for lane in head["lanes"]),
                tuple(Function(**each) for each in head["functions"]),
                tuple(map(_read_event, events)),
            )
    except (
        AttributeError,
        KeyError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise TraceError(f"this is not a recording ({error!r})") from error


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let Python look for no garbage while there is none, only ever more objects."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _parts(text: str) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return a trace's head, and its events, one at a time."""
    start = text.find(_EVENTS)
    if start >= 0 and text.endswith(_END):
        return json.loads(f"{text[:start]}}}"), _lines(text, start + len(_EVENTS))
    data = json.loads(text)
    return data, _listed(data)


def _listed(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # Only once the head has been read: it is what a stranger's file is judged by.
    yield from data["events"]


def _lines(text: str, at: int) -> Iterator[dict[str, Any]]:
    end = len(text) - len(_END)
    while at < end:
        after = text.find("\n", at + CHARACTERS, end)
        after = after if after >= 0 else end
        yield from json.loads(f"[{text[at:after].removesuffix(',')}]")
        at = after + 1


CHARACTERS = 100_000
"""How much text is read at once: less takes longer, more takes more memory."""


def _read_header(data: dict[str, Any]) -> Header:
    packages = tuple(Package(**package) for package in data["packages"])
    texts = {
        name: tuple(data.get(name, ()))
        for name in ("focus", "own", "framework", "warnings")
    }
    return Header(**{**data, **texts, "packages": packages})


_READ: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    kind: itemgetter(*names) for kind, names in _FIELDS.items()
}

_PAIRS: Mapping[str, str] = {"call": "args", "message": "summary"}
"""Kind of event -> the field of it that holds pairs, which JSON has as lists."""


def _read_event(data: dict[str, Any]) -> Event:
    kind = data["kind"]
    cls, pairs = EVENTS[kind], _PAIRS.get(kind)
    if pairs in data:
        data[pairs] = tuple((name, text) for name, text in data[pairs])
    try:
        # By place, which takes a third of the time that names do.
        return cls(*_READ[kind](data))
    except KeyError:  # what is left out has a default
        return cls(**{key: data[key] for key in _FIELDS[kind] if key in data})
