"""The fence `callpath`: a listing of calls, held against its recording.

    ```callpath scenario=http-get server=daphne
    daphne.server.Server.run
    ...
    ```

The site renders it, `pytest` checks it, `pytest --update-callpaths` repairs it; all three
speak of the same recording.  A third option, `look`, says how the site shows it: `slim`
for listing and stepper alone, `play` for a slim one that walks by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from ..listing import Line, is_blank, parse, repair
from ..pages.first_listing import first_listing
from ..pages.markdown import Fence, options_of
from ..recording import digest_of
from ..render.html import listing, slim, walkthrough
from ..verification import ident, recording, verify
from .place import Place


def check(fence: Fence, place: Place) -> None:
    """Hold the listing against its recording.

    Raises:
        FenceError: the fence's options make no sense, or it is still empty.
        RecordingError: there is no recording to be had.
        ListingError: the listing cannot be read.
        Mismatch: it is not what happened.
    """
    verify(fence.body, options_of(fence))


def render(fence: Fence, place: Place) -> str:
    """Make the listing, its picture and its steps; raise as `check` does."""
    options = options_of(fence)
    verified = verify(fence.body, options)
    name = ident(options["scenario"], options["server"], place.occurrence(fence))
    look = options.get("look")
    listed = listing(verified.view, verified.lines, name, unfold=look is None)
    comments = {
        line.seq: line.comment for line in verified.lines if line.seq is not None
    }
    if look is not None:
        return slim(verified.view, listed, name, look == "play", place.where, comments)
    return walkthrough(verified.view, listed, name, place.where, comments)


def depends_on(fence: Fence, place: Place) -> str:
    """Name the recording; "" if it is not kept, so that the HTML must not be either.

    Raises:
        RecordingError: there is no recording to be had.
    """
    options = fence.options
    return digest_of(options.get("scenario", ""), options.get("server", ""))


@dataclass(frozen=True, slots=True)
class _Change:
    """New text for some lines of a page, without their ends.

    Args:
        first: how many lines stand before them.
        end: how many stand before the first one after them.
        line: line of the fence.
        lines: the text.
    """

    first: int
    end: int
    line: int
    lines: list[str]


@dataclass
class Repairs:
    """The listings to be written back: planned one by one, written at once at the end.

    Args:
        wanted: whether listings are repaired at all.
        planned: file -> the changes to its text.
    """

    wanted: bool = False
    planned: dict[Path, list[_Change]] = field(default_factory=dict)

    def plan(
        self, path: Path, fence: Fence, options: Mapping[str, str]
    ) -> tuple[Line, ...]:
        """Plan the correction of one listing; give the lines beyond correction.

        A listing that is still empty is written.

        Raises:
            FenceError: it is empty, and the recording has nothing to name.
            RecordingError: there is no recording to be had.
        """
        trace = recording(options)
        if is_blank(fence.body):
            text, unrepaired = first_listing(trace), tuple[Line, ...]()
        else:
            repaired = repair(parse(fence.body), trace)
            text, unrepaired = repaired.text, repaired.unrepaired
        lines = [f"{fence.indent}{line}".rstrip() for line in text.splitlines()]
        if not fence.marker and not fence.body:
            # A blank line parts a directive's options from its text.
            lines.insert(0, "")
        # As the page was read by whoever found the fence: every line ends with "\n".
        page = path.read_text(encoding="utf-8")
        start = page.index("\n", fence.start) + 1
        end = page.rindex("\n", start - 1, fence.end) + 1
        change = _Change(
            page.count("\n", 0, start), page.count("\n", 0, end), fence.line, lines
        )
        self.planned.setdefault(path, []).append(change)
        return unrepaired

    def write(self) -> list[str]:
        """Write what was planned; return the places that changed, "page.md:12"."""
        places: list[tuple[Path, int]] = []
        for path, changes in self.planned.items():
            # The ends of lines that do not change stay as they are.
            page = path.read_bytes().decode("utf-8")
            lines = list(StringIO(page, newline=""))
            # From the end, so that the numbers before stay right.
            for change in sorted(changes, key=lambda each: each.first, reverse=True):
                opening = lines[change.first - 1]
                ending = opening[len(opening.rstrip("\r\n")) :]
                old = [each.rstrip("\r\n") for each in lines[change.first : change.end]]
                if old != change.lines:
                    new = [f"{line}{ending}" for line in change.lines]
                    lines[change.first : change.end] = new
                    places.append((path, change.line))
            text = "".join(lines)
            if text != page:
                path.write_bytes(text.encode("utf-8"))
        self.planned.clear()
        return [f"{path}:{line}" for path, line in sorted(places)]


repairs = Repairs()
"""The corrections of this run of the tests."""
