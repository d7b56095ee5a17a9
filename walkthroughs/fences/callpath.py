"""The fence `callpath`: a listing of calls, held against its recording.

    ```callpath scenario=http-get server=daphne
    daphne.server.Server.run
    ...
    ```

The site renders it, `pytest` checks it, `pytest --update-callpaths` repairs it; all three
speak of the same recording.  A third option, `look=slim`, has the site show listing and
stepper alone.  A fourth one names a distribution and says for which versions of it the
listing speaks: `django=6.1`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from io import StringIO
from pathlib import Path

from ..compatibility.variants import Claim, Version, fault, supported
from ..errors import FenceError
from ..fence_recordings import digests_of, record_again, recording, version_named
from ..listing import Line, is_blank, parse, repair
from ..pages.first_listing import first_listing
from ..pages.markdown import Fence, options_of
from ..render.html import slim, walkthrough
from ..render.listing_html import listing
from ..verification import Verified, hold_kept, hold_on, ident, verify
from .place import Place

not_recorded: list[str] = []
"""What was not recorded on this machine: places and reasons, for those who run tests."""


def check(fence: Fence, place: Place) -> None:
    """Hold the listing against its recording, on all versions that it speaks for.

    Raises:
        FenceError: the fence's options make no sense, or it is still empty; a version
            that it speaks for cannot be had, or is spoken for twice; its variants leave
            one out; the kept recording is of other steps.
        RecordingError: no recording is available.
        ListingError: the listing cannot be read.
        Mismatch: it is not what happened.
    """
    verified, note = _hold(fence, place)
    if supported(place.folder.parent):
        hold_kept(options_of(fence), verified)
    if note:
        not_recorded.append(place.at(fence.line, note))


def render(fence: Fence, place: Place) -> str:
    """Make the listing, its picture and its steps; raise as `check` does."""
    verified, note = _hold(fence, place)
    options = options_of(fence)
    name = ident(options["scenario"], options["server"], place.occurrence(fence))
    look = options.get("look")
    listed = listing(verified.view, verified.lines, name, unfold=look is None)
    listed += _said(note, options, place)
    comments = {
        line.seq: line.comment for line in verified.lines if line.seq is not None
    }
    if look is not None:
        return slim(verified.view, listed, name, place.where, comments)
    return walkthrough(verified.view, listed, name, place.where, comments)


def depends_on(fence: Fence, place: Place) -> str:
    """Name the recordings, on every version that the listing is held on.

    Returns:
        "" if one of them is not kept in the cache, so that the HTML must not be either.

    Raises:
        FenceError: the fence's options make no sense.
        RecordingError: no recording is available.
    """
    versions = supported(place.folder.parent)
    digests = digests_of(options_of(fence), versions)
    variants = [(each.recording, each.version) for each in _claims(fence, place)]
    return repr((digests, versions, variants)) if all(digests) else ""


def _hold(fence: Fence, place: Place) -> tuple[Verified, str]:
    """Return the listing, where it holds, and what could not be recorded here of it."""
    options, versions = options_of(fence), supported(place.folder.parent)
    skipped = place.skipped if place.page in place.pages.fences else 0
    verified = verify(fence.body, options)
    if wrong := fault(_claims(fence, place), fence.line + skipped, versions):
        raise FenceError(wrong)
    return verified, verified.recorded.note or hold_on(fence.body, options, versions)


def _claims(fence: Fence, place: Place) -> list[Claim]:
    """Return what the listings of the whole page speak of, in order."""
    whole = place.pages.fences.get(place.page) or (*place.above, fence)
    return [claim(each) for each in whole if each.language == fence.language]


def claim(fence: Fence) -> Claim:
    """Read which recording and which version a listing speaks of."""
    try:
        version = version_named(fence.options)
    except FenceError:  # that fence says so itself
        version = None
    names = (fence.options.get("scenario", ""), fence.options.get("server", ""))
    return Claim(fence.line, names, version)


def _said(note: str, options: Mapping[str, str], place: Place) -> str:
    """Say on which versions a listing was held, for the page to show below it."""
    versions = supported(place.folder.parent)
    if not note and version_named(options) is None and versions:
        note = f"This listing holds on {_together(versions)}."
    return f'\n<p class="wt-versions">{escape(note)}</p>' if note else ""


def _together(versions: Sequence[Version]) -> str:
    *most, last = map(str, versions)
    return f"{', '.join(most)} and {last}" if most else last


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
            RecordingError: no recording is available.
        """
        trace = recording(options).trace
        if is_blank(fence.body):
            text = first_listing(trace, partial(record_again, options))
            unrepaired: tuple[Line, ...] = ()
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
