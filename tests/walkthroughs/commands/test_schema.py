"""The published schema: true to what is written, and to the page that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from walkthroughs.cli import main
from walkthroughs.commands.schema import Schema, schema
from walkthroughs.recording import record
from walkthroughs.trace import Trace


def wrong(value: Any, part: Schema, at: str = "trace") -> list[str]:
    """Where a value is not what the schema says; knows the words that ours has."""
    if "$ref" in part:
        return wrong(value, schema()["$defs"][part["$ref"].rpartition("/")[2]], at)
    for choice in ("oneOf", "anyOf"):
        if choice in part:
            tries = [wrong(value, each, at) for each in part[choice]]
            return [] if [] in tries else min(tries, key=len)
    if "const" in part or "enum" in part:
        known = part.get("enum", [part.get("const")])
        return [] if value in known else [f"{at} is none of {known}"]
    kinds: dict[str, type] = {
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
        "array": list,
        "object": dict,
    }
    if type(value) is not kinds[part["type"]]:
        return [f"{at} is no {part['type']}"]
    if isinstance(value, list):
        return _wrong_items(value, part, at)
    if isinstance(value, dict):
        missing = [f"{at} has no {key}" for key in part["required"] if key not in value]
        properties = part["properties"]
        extra = [f"{at} has {key}" for key in value if key not in properties]
        inside = (
            wrong(each, properties[key], f"{at}.{key}")
            for key, each in value.items()
            if key in properties
        )
        return [*missing, *extra, *(fault for faults in inside for fault in faults)]
    return []


def _wrong_items(value: list[Any], part: Schema, at: str) -> list[str]:
    parts = part.get("prefixItems") or [part["items"]] * len(value)
    if len(parts) != len(value):
        return [f"{at} has {len(value)} items"]
    inside = (
        wrong(each, known, f"{at}[{number}]")
        for number, (each, known) in enumerate(zip(value, parts, strict=True))
    )
    return [fault for faults in inside for fault in faults]


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record("http-get", "daphne")


@pytest.fixture(scope="module")
def text(trace: Trace) -> str:
    return trace.to_json()


def test_a_recording_is_what_the_schema_says_and_comes_back_whole(
    trace: Trace, text: str
) -> None:
    assert wrong(json.loads(text), schema()) == []
    assert Trace.from_json(text) == trace
    assert Trace.from_json(text).to_json() == text


FAULTS: list[Callable[[Any], object]] = [
    lambda data: data["header"].pop("python"),
    lambda data: data["header"].update(schema=99),
    lambda data: data["lanes"][0].update(kind="dance"),
    lambda data: data["events"][0].update(seq="0"),
    lambda data: data["events"][0].update(more=1),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_schema_does_not_say_is_found(
    fault: Callable[[Any], object], text: str
) -> None:
    data = json.loads(text)
    del data["events"][20:]  # to look at all takes long
    assert wrong(data, schema()) == []
    fault(data)
    assert wrong(data, schema())


def test_the_published_schema_is_the_one_that_the_command_prints(
    capsys: pytest.CaptureFixture[str], house: Path
) -> None:
    assert main(["schema"]) == 0
    printed = capsys.readouterr().out
    published = house / "docs" / "reference" / "trace-schema.json"
    assert published.read_text(encoding="utf-8") == printed
    assert not re.search(r"walkthroughs\.trace|dataclass", printed)
