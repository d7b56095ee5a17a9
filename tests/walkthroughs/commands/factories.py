"""Applications that need something: a factory, an environment, a start-up, a scheme."""

from __future__ import annotations

import os
from typing import Any

from .site import application as site


def create() -> Any:
    """The application of `site`, with a greeting from the environment."""
    print(os.environ["GREETING"])
    return site


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Wants to know the scheme, and wants to have been told that the server starts."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
    print(scope["scheme"])
    await site(scope, receive, send)
