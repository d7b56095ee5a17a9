"""Prints which files the laboratory imports, as a JSON list of paths.

Run as `python -m walkthroughs.laboratory.needed_modules`: it tries one request and one WebSocket
on each server, with everything absent that a browser does not have.
"""

import json
import sys
from importlib import import_module
from types import ModuleType

from .archive import LEFT_OUT
from .experiment import prepare

# A browser has none of what makes pages, so that a snippet may not need it.
for each in (*LEFT_OUT, "markdown", "mkdocs"):
    sys.modules[each] = None  # type: ignore[assignment]
prepare(bare=True)

from .worker_messages import answer

HTTP = {
    "client": "GET / HTTP/1.1\nHost: example.com\nConnection: close\n\n",
    "application": "from django.http import HttpResponse\n"
    "from django.urls import path\n\n\n"
    "async def view(request):\n"
    "    return HttpResponse()\n\n\n"
    'urlpatterns = [path("", view)]\n',
}
WEBSOCKET = {
    "client": "WebSocket /\nhello\n",
    "application": "from channels.generic.websocket import AsyncWebsocketConsumer\n"
    "from channels.layers import get_channel_layer\n"
    "from channels.routing import ProtocolTypeRouter, URLRouter\n"
    "from django.urls import path\n\n\n"
    "class Echo(AsyncWebsocketConsumer):\n"
    '    groups = ("room",)\n\n\n'
    "application = ProtocolTypeRouter(\n"
    '    {"websocket": URLRouter([path("", Echo.as_asgi())])}\n'
    ")\n",
}

READ = (
    "daphne.endpoints",
    "django.db.backends.sqlite3.base",
    "twisted.internet.testing",
)
"""Modules that only the blocks of pages import."""


def file_of(module: ModuleType | None) -> str | None:
    """Return a module's file; nothing is imported, not even what is imported lazily."""
    try:
        spec = object.__getattribute__(module, "__spec__")
    except AttributeError:  # it stands for another, and tells what that tells
        return getattr(module, "__file__", None)
    return spec.origin if spec else None


for server in ("daphne", "minidaphne"):
    for tried in (HTTP, WEBSOCKET):
        asked = {"do": "run", "experiment": {**tried, "server": server}}
        result = json.loads(answer(json.dumps(asked)))
        if result["error"] or not result["steps"]:
            sys.exit(f"{server}: {result['error'] or result['log']}")
        answer(json.dumps({"do": "repair", "listing": result["listing"]}))
snippet = json.loads(answer(json.dumps({"do": "snippet", "page": "", "bodies": ["1"]})))
if snippet["failed"]:
    sys.exit(f"a snippet: {snippet['output']}")
for each in READ:
    import_module(each)
files = {file_of(each) for each in list(sys.modules.values())}
print(json.dumps(sorted(each for each in files if each and each.endswith(".py"))))
