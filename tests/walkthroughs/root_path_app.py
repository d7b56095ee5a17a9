"""An ASGI application that tells below which path it stands."""

from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers with the root path that the server was given."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    text = f"below {scope['root_path']}."
    await send({"type": "http.response.body", "body": text.encode()})
