"""``--reload``: start anew when the file of an imported module changes."""

import os
import sys

from .server import Server

#: Seconds between two looks at the files; this is for development, and may poll.
INTERVAL = 0.5


class Reloader:
    """Watches the files of all modules, and stops the server when one changes.

    Args:
        server: the server that runs.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.changed = False
        self.times = modification_times()

    def look(self) -> None:
        """Look at the files, and again later if none has changed."""
        times = modification_times()
        self.changed = any(times.get(path) != at for path, at in self.times.items())
        if self.changed:
            self.server.stop()
        else:
            self.times = times
            self.server.loop.call_later(INTERVAL, self.look)

    def restart(self, args: list[str]) -> None:
        """Become a new process with the same arguments, if a file has changed."""
        if self.changed:
            os.execv(sys.executable, [sys.executable, "-m", "minidaphne", *args])


def modification_times() -> dict[str, float]:
    """When the file of each module was last changed."""
    paths = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return {
        path: os.stat(path).st_mtime for path in paths if path and os.path.exists(path)
    }
