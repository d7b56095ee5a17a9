"""``python -m minidaphne``."""

from .cli import CommandLineInterface

CommandLineInterface.entrypoint()
