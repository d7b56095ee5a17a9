"""An ASGI application that fails, with nothing around it that would catch the error."""

from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Take the request, and raise before it has answered."""
    await receive()
    raise ValueError("on purpose")
