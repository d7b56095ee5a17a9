"""Mermaid: a view as a sequence diagram, for tools that draw those.

Who takes part: the lanes, the classes and modules whose functions run, and the
ASGI interface, through which the application's events pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..trace import Call, Message
from .sentences import counted
from .view import Arrival, Fold, Row, Step, View

ASGI = "ASGI interface"


def mermaid(view: View) -> str:
    """Write the text of a Mermaid `sequenceDiagram`."""
    drawing = _Drawing(view)
    arrows = [line for row in view.rows for line in drawing.lines(row)]
    indented = (f"    {line}\n" for line in (*drawing.taking_part(), *arrows))
    return "sequenceDiagram\n" + "".join(indented)


class _Drawing:
    def __init__(self, view: View) -> None:
        self.view = view
        # Whole name -> its name in the diagram's source.
        self.participants: dict[str, str] = {}

    def taking_part(self) -> Iterator[str]:
        """Yield a line for each participant, in brief unless two look the same."""
        brief = {name: name.rpartition(".")[2] for name in self.participants}
        for name, ident in self.participants.items():
            alone = list(brief.values()).count(brief[name]) == 1
            yield f"participant {ident} as {_safe(brief[name] if alone else name)}"

    def lines(self, row: Row) -> Iterator[str]:
        if isinstance(row, Step):
            yield self.step(row)
        elif isinstance(row, Fold):
            near = self.owner(self.view.steps[row.number - 1])
            yield f"Note over {near}: … {counted(row.events)}"
        elif row.changed:
            yield from self.arrival(row)

    def step(self, row: Step) -> str:
        event = row.event
        if isinstance(event, Call):
            method = self.view.name(row).rpartition(".")[2]
            return f"{self.above(row)}->>{self.owner(row)}: {_safe(method)}"
        if event.direction == "receive":
            return f"{self.part(ASGI)}-->>{self.above(row)}: {_safe(event.type)}"
        return f"{self.above(row)}-->>{self.part(ASGI)}: {_safe(event.type)}"

    def arrival(self, row: Arrival) -> Iterator[str]:
        hop = row.hop
        if hop is None or hop.origin_lane in (None, row.lane):
            return
        around = self.view.shown_around(hop.origin)
        assert hop.origin_lane is not None
        origin = self.owner(around) if around else self.lane(hop.origin_lane)
        yield f"{origin}-){self.lane(row.lane)}: {_safe(hop.how)}"

    def above(self, row: Step) -> str:
        """Who calls: the shown step around it, or the lane."""
        if row.parent is None:
            return self.lane(row.lane)
        return self.owner(self.view.steps[row.parent - 1])

    def owner(self, row: Step) -> str:
        if isinstance(row.event, Message):
            return self.part(ASGI)
        name = self.view.name(row)
        # The construction of a class is done by the class, not by its module.
        function = self.view.trace.function(row.event)
        constructed = function.qualname.endswith(".__init__")
        return self.part(name if constructed else name.rpartition(".")[0])

    def lane(self, number: int) -> str:
        return self.part(self.view.trace.lanes[number].label)

    def part(self, name: str) -> str:
        return self.participants.setdefault(name, f"p{len(self.participants)}")


def _safe(words: str) -> str:
    """Words without the signs that mean something to Mermaid."""
    return words.translate({ord(sign): f"#{ord(sign)};" for sign in "#;"})
