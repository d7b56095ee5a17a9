"""The commands of `walkthroughs`, one file each.

A command is a module here with:

* `add(parser)`: tells its parser what it takes;
* `run(args)`: does it, and gives the exit status;
* `HELP`, one line for the list of commands.

Exit status 0 means that all went well; `FAILED` that something does not hold or could
not be recorded; `USAGE` that the command itself makes no sense.
"""

from __future__ import annotations

from ..errors import WalkthroughError

FAILED = 1
USAGE = 2


class UsageError(WalkthroughError):
    """The command line asks for what cannot be: the fault, and its mend, in one line."""
