"""The errors of this package: one base, and one class for each party to blame."""


class WalkthroughError(Exception):
    """Base of all errors that this package raises on purpose; its text is one line."""


class TargetError(WalkthroughError):
    """A name on a page names nothing in the installed code."""


class TraceError(WalkthroughError):
    """A file holds no trace that this version can read."""


class RecordingError(WalkthroughError):
    """A scenario could not be recorded: what failed, and what to do about it."""


class ListingError(WalkthroughError):
    """A listing is not well formed; `line` counts from 1 within the listing."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Mismatch(WalkthroughError):
    """A listing says what the recording does not.

    Args:
        cause: one sentence.
        line: number of the line to blame, from 1 within the listing.
        details: what stands below the sentence: written and observed, versions.
    """

    def __init__(self, cause: str, line: int, details: str) -> None:
        super().__init__(cause)
        self.line = line
        self.details = details


class VersionMismatch(Mismatch):
    """A listing that names no version holds here, and not on another supported one."""


class FenceError(WalkthroughError):
    """A fence on a page has options that make no sense."""


class UsageError(WalkthroughError):
    """The command line asks for what cannot be: the fault, and how to fix it, in one line."""


class ApplicationError(RecordingError, UsageError):
    """What is named as the application is not one, which only its process can tell."""
