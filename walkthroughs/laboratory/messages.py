"""What the browser's worker asks, and what it is answered: one JSON object each.

Importing this module imports the servers, so that the first experiment need not.
"""

from __future__ import annotations

import json

import channels.routing
import daphne.server
import django.core.handlers.asgi

import minidaphne.server

from ..listing import mend
from ..render import html
from .experiment import Experiment, Laboratory
from .snippets import Snippets

__all__ = ["answer"]

LOADED = (
    channels.routing,
    daphne.server,
    django.core.handlers.asgi,
    html,
    mend,
    minidaphne.server,
)

_laboratory = Laboratory()
_snippets = Snippets(_laboratory)


def answer(text: str) -> str:
    """Answer a question: `do` is "run", with an `experiment`; "check" or "mend", with
    a `listing`; or "snippet", with a `page` and the `bodies` of its blocks so far."""
    asked = json.loads(text)
    if asked["do"] == "run":
        result = _laboratory.run(Experiment(**asked["experiment"]))
    elif asked["do"] == "snippet":
        return json.dumps(_snippets.run(asked["page"], asked["bodies"]))
    elif asked["do"] == "check":
        result = _laboratory.check(asked["listing"])
    else:
        result = _laboratory.mend(asked["listing"])
    return json.dumps(result.as_dict())
