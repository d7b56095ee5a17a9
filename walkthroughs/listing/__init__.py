"""The notation of the book: a listing of calls that is its own test.

`parse` reads it, `check` holds it against a recording, `mend` writes the smallest
correction, `write` a first listing.
"""

from .lines import Claim, Line, Listing, is_blank, parse
from .match import Match, find
from .mend import Mended, mend
from .verdict import check
from .write import write

__all__ = [
    "Claim",
    "Line",
    "Listing",
    "Match",
    "Mended",
    "check",
    "find",
    "is_blank",
    "mend",
    "parse",
    "write",
]
