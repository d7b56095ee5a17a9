"""Records calls, lanes, hops and ASGI events of one process; knows no server."""

from .recorder import Recorder

__all__ = ["Recorder"]
