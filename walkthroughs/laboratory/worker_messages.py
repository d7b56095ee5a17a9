"""What the browser's worker asks, and what it is answered: one JSON object each.

Importing this module imports the servers, so that the first experiment need not.
"""

from __future__ import annotations

import gc
import json
from typing import Any

import channels.routing
import daphne.server
import django.core.handlers.asgi

import minidaphne.server

from ..listing import repair
from ..render import html
from .exercises import solve
from .experiment import Experiment, Laboratory
from .loop import no_other_loop
from .snippets import Snippets

__all__ = ["answer"]

LOADED = (
    channels.routing,
    daphne.server,
    django.core.handlers.asgi,
    html,
    repair,
    minidaphne.server,
)

# What is imported stays: the collection after each experiment need not look at it.
gc.freeze()

_laboratory = Laboratory()
_snippets = Snippets(_laboratory)


def answer(text: str) -> str:
    """Answer a question.

    Its key `do` is "run", with an `experiment`; "check" or "repair", with a `listing`;
    "snippet", with a `page` and the `bodies` of its blocks so far; or "exercise", with
    a `page`, the `bodies` above, the reader's `answer` and the `check`.
    """
    with no_other_loop():
        return json.dumps(_answer(json.loads(text)))


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    match asked["do"]:
        case "run":
            return _laboratory.run(Experiment(**asked["experiment"])).as_dict()
        case "check":
            return _laboratory.check(asked["listing"]).as_dict()
        case "repair":
            return _laboratory.repair(asked["listing"]).as_dict()
        case "snippet":
            return _snippets.run(asked["page"], asked["bodies"])
    parts = (asked[each] for each in ("page", "bodies", "answer", "check"))
    return solve(_snippets, *parts)
