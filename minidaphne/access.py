"""The access log: one line an action, in something like NCSA's common format."""

from datetime import datetime
from typing import Any, TextIO

#: What stands for a WebSocket's actions where an HTTP request has its method.
WEBSOCKET_WORDS = {
    "connecting": "WSCONNECTING",
    "rejected": "WSREJECT",
    "connected": "WSCONNECT",
    "disconnected": "WSDISCONNECT",
}


class AccessLogGenerator:
    """An action logger that writes lines; twin of ``daphne.access.AccessLogGenerator``.

    Args:
        stream: where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __call__(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Write the line for one action."""
        word = details["method"] if protocol == "http" else WEBSOCKET_WORDS[action]
        self.write_entry(f"{word} {details['path']}", **details)

    def write_entry(
        self,
        request: str,
        client: str | None,
        status: int | None = None,
        size: int | None = None,
        **_: Any,
    ) -> None:
        """Write one line; what is not known is a dash."""
        date = datetime.now().strftime("%d/%b/%Y:%H:%M:%S")
        line = f'{client} - - [{date}] "{request}" {status or "-"} {size or "-"}\n'
        self.stream.write(line)
