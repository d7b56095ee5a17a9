"""`walkthroughs schema`: what the JSON of a recording looks like, as a JSON Schema.

It is made from the classes in `walkthroughs.trace`, so that it cannot lag behind them.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..events import EVENTS, SCHEMA, Function, Header, Lane, Package

HELP = "print the JSON Schema of a recording"

Schema = dict[str, Any]

PLAIN: Mapping[object, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    type(None): "null",
}

PARTS: Mapping[type, str] = {
    Package: "package",
    Header: "header",
    Lane: "lane",
    Function: "function",
    **{cls: kind for kind, cls in EVENTS.items()},
}
"""The classes of a trace, and what each is called in the schema."""


def add(parser: ArgumentParser) -> None:
    """Add nothing: `schema` takes no options."""


def run(args: Namespace) -> int:
    """Print the schema."""
    print(json.dumps(schema(), indent=2))
    return 0


def schema() -> Schema:
    """Return the schema of the text that `Trace.to_json` writes."""
    events = [_reference(cls) for cls in EVENTS.values()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A recording of walkthroughs, version {SCHEMA}",
        "description": "events[n].seq is n; events refer to each other by seq, and to "
        "lanes and functions by their place in the list",
        **_object(
            {
                "header": _reference(Header),
                "lanes": {"type": "array", "items": _reference(Lane)},
                "functions": {"type": "array", "items": _reference(Function)},
                "events": {"type": "array", "items": {"oneOf": events}},
            }
        ),
        "$defs": {name: _described(cls) for cls, name in PARTS.items()},
    }


def _described(cls: type) -> Schema:
    hints = get_type_hints(cls)
    properties = {each.name: _typed(hints[each.name]) for each in fields(cls)}
    if cls in EVENTS.values():
        properties = {"kind": {"const": PARTS[cls]}, **properties}
    if cls is Header:
        properties["schema"] = {"const": SCHEMA}
    text = " ".join((cls.__doc__ or "").partition("Args:")[0].split())
    return {"description": text, **_object(properties)}


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _typed(hint: Any) -> Schema:
    """Return the JSON type of a value of that Python type."""
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    if hint in PARTS:
        return _reference(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, UnionType):
        return {"anyOf": [_typed(each) for each in inner]}
    assert origin is tuple, hint
    if inner[-1] is Ellipsis:
        return {"type": "array", "items": _typed(inner[0])}
    return {
        "type": "array",
        "prefixItems": [_typed(each) for each in inner],
        "minItems": len(inner),
        "maxItems": len(inner),
    }


def _reference(cls: type) -> Schema:
    return {"$ref": f"#/$defs/{PARTS[cls]}"}
