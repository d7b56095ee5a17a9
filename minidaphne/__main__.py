"""``python -m minidaphne``, and the command ``minidaphne``."""

import signal
from contextlib import suppress


def main() -> None:
    """Handle signals before anything else, and run the command line."""
    for number in (signal.SIGTERM, signal.SIGINT):  # a background job may ignore it
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        from .cli import CommandLineInterface  # this takes a tenth of a second

        CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
