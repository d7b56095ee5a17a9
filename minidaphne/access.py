"""The access log: one line an action, in something like NCSA's common format."""

from datetime import datetime
from typing import Any, TextIO

#: What is written for a WebSocket's actions where an HTTP request has its method.
WEBSOCKET_WORDS = {
    "connecting": "WSCONNECTING",
    "rejected": "WSREJECT",
    "connected": "WSCONNECT",
    "disconnected": "WSDISCONNECT",
}


class AccessLogGenerator:
    """An action logger that writes lines to a stream.

    Twin of ``daphne.access.AccessLogGenerator``.

    Args:
        stream: where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __call__(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Write the line for one action, if it is one that is logged."""
        if protocol == "http" and action == "complete":
            request = f"{details['method']} {details['path']}"
            self.write_entry(
                details["client"], request, details["status"], details["size"]
            )
        elif protocol == "websocket" and action in WEBSOCKET_WORDS:
            request = f"{WEBSOCKET_WORDS[action]} {details['path']}"
            self.write_entry(details["client"], request)

    def write_entry(
        self,
        host: str | None,
        request: str,
        status: int | None = None,
        length: int | None = None,
    ) -> None:
        """Write one line; what is not known is a dash."""
        date = datetime.now().strftime("%d/%b/%Y:%H:%M:%S")
        self.stream.write(
            f'{host} - - [{date}] "{request}" {status or "-"} {length or "-"}\n'
        )
