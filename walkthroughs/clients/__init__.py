"""What drives a scenario: raw sockets, and a session that keeps cookies."""

from .raw import TIMEOUT, connected, hear, http, read_all, request, websocket

__all__ = [
    "TIMEOUT",
    "connected",
    "hear",
    "http",
    "read_all",
    "request",
    "websocket",
]
