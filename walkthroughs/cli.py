"""The command line `walkthroughs`: finds the command, and says what went wrong."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import NoReturn

from .commands import FAILED, USAGE
from .errors import UsageError, WalkthroughError

DESCRIPTION = "Record, check and show the path of a request through an ASGI server."

COMMANDS = (
    *("record", "show", "compare", "list", "run", "check", "drift"),
    *("snapshot", "assets", "schema", "manual"),
)
"""The modules of `walkthroughs.commands`, in the order of the help."""


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and where help is."""

    def error(self, message: str) -> NoReturn:
        """End the process."""
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> Parser:
    """Build the parser of the whole command line."""
    parser = Parser("walkthroughs", description=DESCRIPTION)
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('inside-daphne')}"
    )
    commands = parser.add_subparsers(
        metavar="COMMAND", required=True, parser_class=Parser
    )
    for name in COMMANDS:
        command = import_module(f".commands.{name}", __package__)
        words = f"{command.HELP[0].upper()}{command.HELP[1:]}."
        added = commands.add_parser(name, help=command.HELP, description=words)
        command.add(added)
        added.set_defaults(run=command.run, prog=added.prog, parser=parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit status.

    Args:
        argv: the words after `walkthroughs`, by default those of this process.
    """
    # As `python -m` has it: a scenario or an application lies where we are.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    args = build_parser().parse_args(argv)
    return _guarded(args.prog, lambda: args.run(args))


def _guarded(prog: str, run: Callable[[], int]) -> int:
    # As an exception, so that whatever has been started is ended and cleared away.
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        return run()
    except WalkthroughError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return USAGE if isinstance(error, UsageError) else FAILED
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print(f"{prog}: stopped", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)
