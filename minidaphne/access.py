"""The access log: one line for each action, much like NCSA's common format."""

from datetime import datetime
from typing import Any, TextIO


class AccessLogGenerator:
    """An action logger that writes lines; twin of ``daphne.access.AccessLogGenerator``.

    Args:
        stream: where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __call__(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Write the line for one action; what is not known is a dash."""
        in_capitals = f"WS{action.upper().removesuffix('ED')}"  # such as WSCONNECT
        word = details["method"] if protocol == "http" else in_capitals
        status, size = details.get("status") or "-", details.get("size") or "-"
        date = datetime.now().strftime("%d/%b/%Y:%H:%M:%S")
        request = f"{word} {details['path']}".replace('"', "%22")
        client = details["client"] or "-"
        line = f'{client} - - [{date}] "{request}" {status} {size}'
        print(line, file=self.stream, flush=True)
