"""An ASGI application that fails, with nothing around it that would catch the error."""

from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Takes the request, and raises before it has answered."""
    await receive()
    raise ValueError("on purpose")
