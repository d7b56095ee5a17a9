"""Knobs: one experiment with a number that a reader turns, recorded for each setting.

The recordings are made when the site is built, so a knob works without Python in the page,
from disk, and without a script, where all settings are there to be opened.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import walkthroughs

from ..code_digest import code_of, digest
from ..environment import installed
from ..errors import RecordingError

LIMIT = 120
"""Seconds that all settings of a knob may take."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob.

    Args:
        name: as a page names it, in a fence `knob NAME`.
        label: what the number is.
        story: what happens, in a sentence.
        settings: the numbers, each with what is said of it.
        client: what the client does, with `{value}` for the number.
        application: the application, likewise.
        server: the server.
        options: of the server.
    """

    name: str
    label: str
    story: str
    settings: Sequence[float]
    client: str
    application: str
    server: str = "daphne"
    options: Mapping[str, object] = field(default_factory=dict)

    def experiments(self) -> list[dict[str, Any]]:
        """Return an experiment for each setting."""
        return [
            {
                "client": self.client.replace("{value}", f"{value:g}"),
                "application": self.application.replace("{value}", f"{value:g}"),
                "server": self.server,
                "focus": ["experiment", f"{self.server}.server.Server.handle_reply"],
                "options": dict(self.options),
                "ident": f"knob-{self.name}-s{n}",
            }
            for n, value in enumerate(self.settings)
        ]


KNOBS = (
    Knob(
        "timeout",
        "Seconds the view takes",
        "Daphne runs with `--http-timeout 1`. A view waits this long, then answers.",
        (0.2, 0.8, 1.5, 4),
        "GET / HTTP/1.1\nHost: example.com\nConnection: close\n\n",
        """\
import asyncio


async def application(scope, receive, send):
    await receive()
    print("the view begins")
    try:
        await asyncio.sleep({value})
    except asyncio.CancelledError:
        print("the view is cancelled")
        raise
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})
    print("the view has answered")
""",
        options={"http_timeout": 1, "application_close_timeout": 1},
    ),
    Knob(
        "backpressure",
        "Seconds before the client reads",
        "minidaphne serves a megabyte in five pieces to a client that begins to read "
        "this late. The network here holds 64 KiB.",
        (0, 1, 10, 90),
        "GET / HTTP/1.1\nHost: example.com\nConnection: close\n\n"
        "--- stop reading\n--- wait {value}\n--- read again\n",
        """\
import time


async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    begin = time.monotonic()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(1, 6):
        piece = {"type": "http.response.body", "body": bytes(200_000), "more_body": True}
        await send(piece)
        print(f"piece {number} was taken after {time.monotonic() - begin:.0f} s")
    await send({"type": "http.response.body"})
""",
        "minidaphne",
    ),
    Knob(
        "ordering",
        "Seconds the first message takes",
        "A browser sends `slow` and, a moment later, `quick` to a Channels consumer that "
        "works this long on the first.",
        (0, 0.5, 3),
        "WebSocket /ws/\nslow\nquick\n--- wait 5\n",
        """\
import asyncio

from channels.generic.websocket import AsyncWebsocketConsumer


class Worker(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        print(text_data, "begins")
        if text_data == "slow":
            await asyncio.sleep({value})
        print(text_data, "is done")


application = Worker.as_asgi()
""",
    ),
)
"""The knobs of the book."""


_LOGGED = re.compile("(DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
"""Lines of the server's own log differ from run to run."""


def recorded(knob: Knob, cache: Path) -> list[dict[str, Any]]:
    """Return what came of each setting, from the cache if nothing has changed.

    Returns:
        for each setting the `log`, what the client heard as `said`, and the walkthrough as
        `html`.

    Raises:
        RecordingError: a setting could not be recorded.
    """
    own = Path(walkthroughs.__file__).parent
    code = (code_of(own), code_of(own.parent / "minidaphne"))
    key = digest(repr((knob, installed(), code)))
    kept = cache / f"knob-{knob.name}-{key[:16]}.json"
    if not kept.exists():
        made = json.dumps(_record(knob))
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob(f"knob-{knob.name}-*.json"):
            old.unlink(missing_ok=True)
        kept.write_text(made, encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def _record(knob: Knob) -> list[dict[str, Any]]:
    asked = (json.dumps({"do": "run", "experiment": e}) for e in knob.experiments())
    result = subprocess.run(
        [sys.executable, "-m", __package__],
        input="\n".join(asked) + "\n",
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    if len(answers) != len(knob.settings):
        last = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RecordingError(f"knob {knob.name}: {last}")
    for answer in answers:
        if answer["error"]:
            raise RecordingError(f"knob {knob.name}: {answer['error']}")
    return [_shown(answer) for answer in answers]


def _shown(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of an experiment, which may have received megabytes."""
    connection = answer["connections"][0]
    first = connection["text"].partition("\r\n")[0]
    said = connection["said"] if connection["websocket"] else [first]
    return {"log": answer["log"], "said": said, "html": answer["html"]}


def drawn(knob: Knob, cache: Path) -> str:
    """Return a knob as HTML: a slider, hidden until a script shows it, and all settings."""
    answers = recorded(knob, cache)
    name = f"knob-{knob.name}"
    panels = "\n".join(
        _panel(value, answer)
        for value, answer in zip(knob.settings, answers, strict=True)
    )
    story = "".join(
        f"<code>{escape(part)}</code>" if n % 2 else escape(part)
        for n, part in enumerate(knob.story.split("`"))
    )
    return (
        f'<div class="lab-knob" role="group" aria-labelledby="{name}-label">\n'
        f"<p>{story}</p>\n"
        f'<p class="lab-slider" hidden><label id="{name}-label" for="{name}">'
        f"{escape(knob.label)}</label> "
        f'<input type="range" id="{name}" min="0" max="{len(answers) - 1}" value="0" '
        f'step="1"> <output for="{name}"></output></p>\n{panels}\n</div>'
    )


def _panel(value: float, answer: Mapping[str, Any]) -> str:
    lines = [line for line in answer["log"] if not _LOGGED.match(line)]
    heard = escape("\n".join([*lines, *answer["said"]]))
    return (
        f'<details class="lab-setting" data-value="{value:g}"><summary>{value:g} s'
        f"</summary>\n<pre>{heard}</pre>\n{answer['html']}</details>"
    )
