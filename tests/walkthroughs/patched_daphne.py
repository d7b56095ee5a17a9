"""Daphne as a later version might be: what it does is changed when this is imported.

Used as the application's module of a recording, so that the change is made inside the
process that is recorded, before its server starts.
"""

from types import FunctionType
from typing import Any

import daphne.server

from walkthroughs.scenarios.mysite.asgi import django_application


def __getattr__(name: str) -> object:
    """The application, after the change that its name says."""
    server = daphne.server.Server
    if name == "renamed":
        renamed = _in_daphne(server.create_application, "make_application")
        server.make_application = server.create_application = renamed
    elif name == "reordered":
        server.handle_reply = _in_daphne(_handle_reply, "handle_reply")
    else:
        raise AttributeError(name)
    return django_application


async def _handle_reply(self: Any, protocol: Any, message: Any) -> None:
    protocol.handle_reply(message)
    self.check_headers_type(message)


def _in_daphne(function: Any, name: str) -> FunctionType:
    """The function as if Daphne's server had it under that name."""
    code = function.__code__.replace(co_name=name, co_qualname=f"Server.{name}")
    return FunctionType(code, vars(daphne.server))
