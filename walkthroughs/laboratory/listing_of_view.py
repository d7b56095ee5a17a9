"""Writes the listing of a view: the steps shown, as an author would list them."""

from __future__ import annotations

from ..render.view import Arrival, Fold, Step, View


def listing_of(view: View) -> str:
    """Return the lines of a listing that names every shown step and no other."""
    lines: list[str] = []
    inside: list[int] = []  # numbers of the steps around, since the last lane line
    first = view.trace.steps[0].seq if view.trace.steps else 0
    if view.shown and view.shown[0] != first:
        lines.append("...")
    for row in view.rows:
        if isinstance(row, Fold):
            if lines[-1:] != ["..."]:
                lines.append("...")
        elif isinstance(row, Arrival):
            if row.changed and any(not each.startswith("...") for each in lines):
                lines.append(f"--- {view.lane(row).label}")
                inside = []
        else:
            lines.append(_step(view, row, inside))
    if view.shown and view.shown[-1] != view.trace.steps[-1].seq:
        lines.append("...")
    return "\n".join(lines) + "\n"


def _step(view: View, row: Step, inside: list[int]) -> str:
    while inside and inside[-1] not in _around(view, row):
        inside.pop()
    line = "    " * len(inside) + view.name(row)
    inside.append(row.seq)
    return line


def _around(view: View, row: Step) -> set[int]:
    return set(view.trace.ancestors(row.event))
