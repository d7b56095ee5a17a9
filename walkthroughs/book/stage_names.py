"""Which stage a name in prose means.

`WebRequest.process` may be that of one server or of another.  It is that of the package
last named before it in its paragraph.  Else a stage in a listing of the page goes before
others, and among these the package last named in the headings above it, else the one
whose list comes first.  A name that is still not clear stays as it is, and so does a
plain word, `process` or `send`: it means other things as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ..errors import ListingError
from ..listing import parse
from ..pages.pages import Pages

_NAME = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)(?:\(\))?")
_PLAIN_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Names:
    """The stages that the prose of a page may name.

    Args:
        homes: package -> the page that tells where its stages run, in the order of
            preference.
        pages: dotted name of a stage -> the pages that have it in a listing.
    """

    homes: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, Collection[str]] = field(default_factory=dict)

    def home(self, name: str) -> str:
        """Return the page that tells where a stage runs; "" if it is not a stage."""
        return self.homes.get(package_of(name), "") if name in self.pages else ""

    def meant(self, text: str, page: str, said: str, above: str) -> str:
        """Return the stage that a piece of code in prose names; "" for none.

        Args:
            text: the code.
            page: the page on which it stands, "words.md".
            said: what stands before it in its paragraph.
            above: the headings above it.
        """
        written = _NAME.fullmatch(text)
        if written is None or _PLAIN_WORD.fullmatch(written[1]):
            return ""
        tail = f".{written[1]}"
        found = [each for each in self.pages if f".{each}".endswith(tail)]
        found = self._of_last_named(found, said)
        found = [each for each in found if page in self.pages[each]] or found
        found = self._of_last_named(found, above)
        first = next((p for p in self.homes if p in map(package_of, found)), "")
        found = [each for each in found if package_of(each) == first]
        return found[0] if len(found) == 1 else ""

    @staticmethod
    def _of_last_named(stages: list[str], text: str) -> list[str]:
        """Those of the package that is named last in a text, if any is."""
        packages = {package_of(each) for each in stages}
        words = reversed(re.findall(r"\w+", text.lower()))
        last = next((word for word in words if word in packages), None)
        return [each for each in stages if last in (None, package_of(each))]


def read_names(book: Pages, homes: Mapping[str, str]) -> Names:
    """Read which stages the listings of the pages name.

    Args:
        book: the pages.
        homes: package -> the page that tells where its stages run.
    """
    pages: dict[str, set[str]] = {}
    for page, fence in book.of_language("callpath"):
        for name in _listed(fence.body):
            pages.setdefault(name, set()).add(page)
    return Names(homes, pages)


def _listed(listing: str) -> list[str]:
    with suppress(ListingError):  # the listing's own test says so, with its line
        steps = (line.text for line in parse(listing).lines if line.kind == "step")
        return [text for text in steps if " " not in text]  # no ASGI events
    return []


def package_of(name: str) -> str:
    """Return the top-level package of a dotted name."""
    return name.partition(".")[0]
