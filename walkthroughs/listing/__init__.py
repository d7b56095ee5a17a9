"""The notation of the book: a listing of calls that is its own test.

`parse` reads it, `check` holds it against a recording, `mend` writes the smallest
correction.
"""

from .lines import Claim, Line, Listing, parse
from .match import Match, find
from .mend import Mended, mend
from .verdict import check

__all__ = [
    "Claim",
    "Line",
    "Listing",
    "Match",
    "Mended",
    "check",
    "find",
    "mend",
    "parse",
]
