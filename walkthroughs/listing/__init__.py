"""The notation of the book: a listing of calls that is its own test.

`parse` reads it, `check` holds it against a recording, `repair` writes the smallest
correction, `write` a first listing.
"""

from .explain import check
from .match import Match, find
from .parser import Claim, Line, Listing, is_blank, parse
from .repair import Repaired, repair
from .write import counted, holds, sure_part, write

__all__ = [
    "Claim",
    "Line",
    "Listing",
    "Match",
    "Repaired",
    "check",
    "counted",
    "find",
    "holds",
    "is_blank",
    "parse",
    "repair",
    "sure_part",
    "write",
]
