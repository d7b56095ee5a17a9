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


class FenceError(WalkthroughError):
    """A fence on a page has options that make no sense."""
