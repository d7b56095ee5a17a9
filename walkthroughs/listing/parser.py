"""Reads a listing: text -> lines -> claims.

A line is what the author wrote.  A claim is what it says about the recording: this
step, in this lane, inside that other step, next or after a gap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..errors import ListingError

Kind = Literal["step", "ellipsis", "lane", "blank"]

ELLIPSES = ("...", "…")

_COMMENT = re.compile(r"(?:^|\s{2,})#\s?(?P<words>.*)$")
_MESSAGE = re.compile(r"(?:receive\s+->|send\s+<-)\s+[\w.]+")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.(?:[^\W\d]\w*|<\w+>))+")
_LANE = re.compile(r"---\s+(?P<lane>\S.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a listing.

    Args:
        number: from 1.
        kind: "step" (a call or an ASGI event), "ellipsis", "lane" or "blank".
        text: the name, event or lane, without indentation and comment.
        indent: columns before it.
        comment: the prose beside it.
        raw: the line as it stands.
    """

    number: int
    kind: Kind
    text: str
    indent: int
    comment: str
    raw: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What one step line says.

    Args:
        line: the line.
        gap: whether an ellipsis stands before it.
        lane: the lane line before it, None where the lane does not change.
        inside: number of the claim that it is indented under, or None.
    """

    line: Line
    gap: bool
    lane: Line | None
    inside: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing that was read.

    Args:
        lines: all of its lines.
        claims: one for each step line, in order.
        open_end: the ellipsis after the last claim, if there is one.
    """

    lines: tuple[Line, ...]
    claims: tuple[Claim, ...]
    open_end: Line | None


def parse(text: str) -> Listing:
    """Read a listing.

    Raises:
        ListingError: a line is of no known form, indented to nowhere, or idle: an
            ellipsis beside an ellipsis, a lane line with no step in it.
    """
    lines = tuple(_line(n, raw) for n, raw in enumerate(text.splitlines(), start=1))
    claims, last = _claims(lines)
    if not claims:
        raise ListingError("the listing names no call and no event", 1)
    return Listing(lines, claims, last)


def is_name(text: str) -> bool:
    """Whether a line can name a call so."""
    return bool(_DOTTED.fullmatch(text))


def is_blank(text: str) -> bool:
    """Whether the listing is still to be written: nothing in it, or an ellipsis."""
    return text.strip() in ("", *ELLIPSES)


def _line(number: int, raw: str) -> Line:
    comment = _COMMENT.search(raw)
    body = raw[: comment.start()] if comment else raw
    text = body.strip()
    kind = _kind(text)
    if kind is None or "\t" in body:
        raise ListingError(_unknown(text, body), number)
    return Line(
        number=number,
        kind=kind,
        text=_plain(text, kind),
        indent=len(body) - len(body.lstrip()),
        comment=comment["words"].strip() if comment else "",
        raw=raw,
    )


def _kind(text: str) -> Kind | None:
    if not text:
        return "blank"
    if text in ELLIPSES:
        return "ellipsis"
    if _LANE.fullmatch(text):
        return "lane"
    if _MESSAGE.fullmatch(text) or _DOTTED.fullmatch(text):
        return "step"
    return None


def _plain(text: str, kind: Kind) -> str:
    lane = _LANE.fullmatch(text)
    return " ".join((lane["lane"] if lane else text).split())


def _unknown(text: str, body: str) -> str:
    if "\t" in body:
        return "indent with spaces: this line has a tab"
    return (
        f"{text!r} is not a dotted name, no '...', no '--- lane', "
        "no 'receive -> type' and no 'send <- type'"
    )


def _claims(lines: tuple[Line, ...]) -> tuple[tuple[Claim, ...], Line | None]:
    claims: list[Claim] = []
    nest: list[tuple[int, int]] = []  # (indent, number of the claim)
    ellipsis: Line | None = None
    lane: Line | None = None
    for line in lines:
        if line.kind == "ellipsis":
            if ellipsis is not None:
                raise ListingError("one ellipsis is enough here", line.number)
            ellipsis = line
        elif line.kind == "lane":
            if lane is not None:
                raise ListingError(f"no step runs in {lane.text!r}", lane.number)
            lane, nest = line, []
        elif line.kind == "step":
            _dedent(nest, line)
            inside = nest[-1][1] if nest else None
            nest.append((line.indent, len(claims)))
            claims.append(Claim(line, ellipsis is not None, lane, inside))
            ellipsis = lane = None
    if lane is not None:
        raise ListingError(f"no step runs in {lane.text!r}", lane.number)
    return tuple(claims), ellipsis


def _dedent(nest: list[tuple[int, int]], line: Line) -> None:
    """Leaves the levels that the line is not indented under."""
    below: int | None = None
    while nest and nest[-1][0] >= line.indent:
        below = nest.pop()[0]
    if below is not None and below != line.indent:
        raise ListingError("this indentation matches no line above", line.number)
