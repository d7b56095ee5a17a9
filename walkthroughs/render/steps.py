"""The list of steps, as HTML: all that the stepper shows is in it.

Invariants:

* everything that comes from a page or a trace is escaped;
* every id begins with the walkthrough's own, so that a page can hold many;
* the attributes `data-…` of a step are all that the stepper knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from itertools import groupby

from ..trace import Call, Exit, Function, Message
from .durations import durations
from .excerpts import excerpt_figure, licences
from .listing_html import fold_id
from .markup import attributes, breakable, dotted, wrap
from .origins import origins
from .sentences import Sentence, arrived, counted, folded, happened, often, status
from .source import Mark, Sources
from .view import Arrival, Fold, Row, Step, View, short
from .waiting import Waiting

LISTED = 6_000
"""How many entries all folds of a page of its own have together..."""

LISTED_EACH = 4
"""...but each of them so many, if it holds so many."""

Where = Callable[[str], str]
"""Dotted name -> the address of the place that tells all of it; "" for none."""


Told = Mapping[int, str]
"""Number of an event -> what the author of a listing says of it."""

NOTHING: Told = {}


def nowhere(name: str) -> str:
    """Return "": pages that stand alone have no place to link to."""
    return ""


class Shelf:
    """Parts of a page that it gets on demand, each kept once."""

    def __init__(self) -> None:
        self.parts: dict[str, int] = {}

    def put(self, part: str) -> int:
        """Return the number by which the script asks for that part."""
        return self.parts.setdefault(part, len(self.parts))

    def json(self) -> str:
        """All parts, for the script."""
        # Nothing in it may end the element that it stands in.
        data = json.dumps(list(self.parts), ensure_ascii=False).replace("</", "<\\/")
        return f'<script type="application/json" class="wt-shelf">{data}</script>'


def steps(
    view: View,
    ident: str,
    where: Where = nowhere,
    told: Told = NOTHING,
    shelf: Shelf | None = None,
    waiting: Waiting | None = None,
) -> str:
    """Render the steps as an ordered list, folds and arrivals between them.

    Args:
        view: what to show.
        ident: the walkthrough's id.
        where: where the names of steps lead.
        told: what the author of the listing says of steps.
        shelf: where excerpts and what folds hold are put, instead of into the list.
        waiting: what the steps waited for, if the page has worked that out before.
    """
    page = _Steps(view, ident, where, told, shelf, waiting or Waiting(view))
    items = "\n".join(page.row(row) for row in view.rows)
    return f'<ol class="wt-steps" role="list">\n{items}\n</ol>'


class _Steps:
    """What all the items of one list share."""

    def __init__(
        self,
        view: View,
        ident: str,
        where: Where,
        told: Told,
        shelf: Shelf | None,
        waiting: Waiting,
    ) -> None:
        self.view = view
        self.shelf = shelf
        self.waiting = waiting
        self.origins = origins(view)
        self.durations = durations(view.trace) if shelf is not None else {}
        folds = sum(isinstance(row, Fold) for row in view.rows)
        self.listed = max(LISTED_EACH, LISTED // max(folds, 1))
        self.ident = escape(ident)
        self.where = where
        self.told = told
        self.sources = Sources(view.trace.header.packages, view.folders)
        self.start = view.trace.events[view.shown[0]].time if view.shown else 0

    def row(self, row: Row) -> str:
        if isinstance(row, Step):
            return self.step(row)
        return self.fold(row) if isinstance(row, Fold) else self.arrival(row)

    def step(self, row: Step) -> str:
        parts = (
            f'<li class="wt-step" id="{self.ident}-{row.number}" {self.data(row)}>',
            self.head(row),
            self.whole(row),
            self.story(row),
            *(wrap("p", "", self.linked(each)) for each in happened(self.view, row)),
            self.why(self.waiting.step(row)),
            self.args(row),
            *self.source(row),
            "</li>",
        )
        return "\n".join(part for part in parts if part)

    def data(self, row: Step) -> str:
        event = row.event
        values: dict[str, object] = {
            "n": row.number,
            "seq": row.seq,
            "kind": event.kind,
            "lane": self.view.lane(row).label,
            "depth": row.depth,
            "parent": row.parent,
            "hidden": row.hidden or None,
            "t": (event.time - self.start) // 1000,
        }
        if isinstance(event, Message):
            values |= {"direction": event.direction, "queue": event.depth}
        else:
            function = self.view.trace.function(event)
            values |= {"file": function.file, "line": function.line}
        if self.shelf is not None:
            values |= self.known(row, self.shelf)
        return attributes(values)

    def known(self, row: Step, shelf: Shelf) -> dict[str, object]:
        """Yield what only a page of its own says of a step."""
        numbers = " ".join(str(shelf.put(each)) for each in self.figures(row) if each)
        values: dict[str, object] = {"code": numbers or None}
        if row.event.own:
            values["own"] = ""
        time = self.durations.get(row.seq)
        if time is not None:
            values |= {
                "took": time.total // 1000,
                "self": time.itself // 1000,
                "waited": time.waiting // 1000,
            }
        return values

    def head(self, row: Step) -> str:
        name = breakable(short(self.view.name(row)))
        return (
            f'<p class="wt-head"><a class="wt-n" href="#{self.ident}-{row.number}">'
            f'<span class="wt-sr">Step </span>{row.number}</a> '
            f"<strong><code>{name}</code></strong>{self.beside(row)} "
            f"{self.badge(row)}</p>"
        )

    def beside(self, row: Step) -> str:
        """How often it happens, and the status that it answers with."""
        times = often(self.view.times.get(row.seq, 1))
        words = " ".join(filter(None, (times, status(row.event))))
        return f' <span class="wt-beside">{escape(words)}</span>' if words else ""

    def whole(self, row: Step) -> str:
        if isinstance(row.event, Message):
            return ""
        name = self.view.name(row)
        code, address = f"<code>{dotted(name)}</code>", escape(self.where(name))
        if address:
            code = f'<a href="{address}" title="Where does this run?">{code}</a>'
        return wrap("p", "wt-name", code)

    def story(self, row: Step) -> str:
        """Say what the step means: what the author says, else the docstring."""
        words = self.told.get(row.seq, "")
        if not words and isinstance(row.event, Call):
            words = self.sources.summary(self.view.trace.function(row.event))
        return wrap("p", "wt-story", escape(words)) if words else ""

    def badge(self, row: Row) -> str:
        lane = self.view.lane(row)
        return f'<span class="wt-lane wt-{lane.kind}">{escape(lane.label)}</span>'

    def linked(self, sentence: Sentence) -> str:
        return "".join(
            f'<a href="#{self.ident}-{part}">step {part}</a>'
            if isinstance(part, int)
            else escape(part)
            for part in sentence
        )

    def why(self, sentence: Sentence) -> str:
        """Answer why something waited, if it did."""
        words = f"<b>Why did this wait?</b> {self.linked(sentence)}"
        return wrap("p", "", words) if sentence else ""

    def args(self, row: Step) -> str:
        """Render the watched arguments; the entries of one in a table of their own."""
        args = row.event.args if isinstance(row.event, Call) else ()
        whole = [arg for arg in args if not _ENTRY.fullmatch(arg[0])]
        rows = "".join(
            f"<dt><code>{escape(name)}</code></dt>"
            f"<dd><code>{escape(text)}</code>{self.before(row, name)}</dd>"
            for name, text in whole
        )
        listed = f'<dl class="wt-args">{rows}</dl>' if rows else ""
        return listed + "".join(self.entries(row, args))

    def before(self, row: Step, name: str) -> str:
        """Link to the step before that had the same text."""
        origin = self.origins.get((row.number, name))
        if origin is None:
            return ""
        return (
            f' <a class="wt-before" href="#{self.ident}-{origin.step}" '
            f'title="{escape(f"{origin.words} was in {origin.name}")}">'
            f"seen in step {origin.step}</a>"
        )

    def entries(self, row: Step, args: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Render a table for each argument that is watched entry by entry."""
        matches = ((_ENTRY.fullmatch(name), text) for name, text in args)
        entries = ((match, text) for match, text in matches if match)
        for name, group in groupby(entries, key=lambda entry: entry[0]["name"]):
            rows = "".join(
                f'<tr><th scope="row"><code>{escape(match["key"])}</code></th>'
                f"<td><code>{escape(text)}</code>{self.before(row, match[0])}</td></tr>"
                for match, text in group
            )
            yield (
                f'<table class="wt-entries"><caption>{escape(name)}</caption>'
                f"<tbody>{rows}</tbody></table>"
            )

    # Source

    def source(self, row: Step) -> Iterator[str]:
        figures = [] if self.shelf is not None else [*filter(None, self.figures(row))]
        if figures:
            yield '<details class="wt-source"><summary>Source</summary>'
            yield from figures
            yield "</details>"

    def figures(self, row: Step) -> Iterator[str]:
        event, trace = row.event, self.view.trace
        parent = None if event.parent is None else trace.events[event.parent]
        if isinstance(event, Message):
            if isinstance(parent, Call):
                excerpt = self.sources.callee(trace.function(parent), None)
                yield excerpt_figure(excerpt, "caller", "Inside")
                yield licences(excerpt)
            return
        line, how = self.ending(row)
        callee = self.sources.callee(trace.function(event), line, how)
        yield excerpt_figure(callee, "callee", "The function")
        if isinstance(parent, Call) and event.line is not None:
            caller = self.sources.caller(trace.function(parent), event.line)
            words = "The call, in" if event.direct else "Inside"
            yield excerpt_figure(caller, "caller", words, folds=True)
            yield licences(callee, caller)
        else:
            yield licences(callee)

    def ending(self, row: Step) -> tuple[int | None, Mark]:
        """Yield the line where the call ended, and how."""
        last: Exit | None = next(reversed(self.view.exits(row)), None)
        if last is None or last.how in ("suspend", "resume"):
            return None, ""
        return last.line, "raise" if last.how == "raise" else "return"

    # Between the steps

    def fold(self, row: Fold) -> str:
        lane, items = self.view.lane(row).label, "\n".join(self.folded(row))
        if self.shelf is not None:
            # Filled by the script when it is opened.
            lined = f'<ol role="list" data-inside="{self.shelf.put(items)}"></ol>'
        else:
            lined = f'<ol role="list">\n{items}\n</ol>'
        return (
            f'<li class="wt-fold" id="{fold_id(row, self.ident)}" '
            f"{attributes({'n': row.number, 'lane': lane, 'depth': row.depth})}>"
            f'<details><summary title="{escape(folded(self.view, row))}">'
            f"… {counted(row.events)} left out</summary>\n"
            f"{lined}</details></li>"
        )

    def folded(self, row: Fold) -> Iterator[str]:
        named = groupby(
            row.events, key=lambda event: (self.view.trace.name(event), event.lane)
        )
        for number, ((name, _), group) in enumerate(named):
            if self.shelf is not None and number == self.listed:
                yield self.unlisted(row, row.events.index(next(group)))
                return
            events = list(group)
            times = f", {len(events)} times" if len(events) > 1 else ""
            data, code = self.unfolded(events[0]), self.code(events[0])
            yield f"<li {data}><code>{dotted(name)}</code>{times}{code}</li>"

    def unlisted(self, row: Fold, listed: int) -> str:
        """Render the last entry of a fold that holds too many to name them all."""
        rest = row.events[listed:]
        return f"<li {self.unfolded(rest[0])}><code>{counted(rest)} more</code></li>"

    def unfolded(self, event: Call | Message) -> str:
        """Render what the stepper shows when it walks into a fold."""
        around = self.view.shown_around(event.parent)
        values: dict[str, object] = {
            "lane": self.view.trace.lanes[event.lane].label,
            "parent": around.number if around else None,
            "t": (event.time - self.start) // 1000,
        }
        if isinstance(event, Call):
            function = self.view.trace.function(event)
            values |= {"file": function.file, "line": function.line}
            if self.shelf is not None:
                kept = (
                    str(self.shelf.put(each))
                    for each in self.function(function)
                    if each
                )
                values["code"] = " ".join(kept)
        return attributes(values)

    def code(self, event: Call | Message) -> str:
        """Render the source of a call in a fold, where the page has no shelf for it."""
        if self.shelf is not None or not isinstance(event, Call):
            return ""
        figures = "".join(self.function(self.view.trace.function(event)))
        return f"<details><summary>Source</summary>{figures}</details>"

    def function(self, function: Function) -> Iterator[str]:
        excerpt = self.sources.callee(function, None)
        yield excerpt_figure(excerpt, "callee", "The function")
        yield licences(excerpt)

    def arrival(self, row: Arrival) -> str:
        css = "wt-arrival wt-changed" if row.changed else "wt-arrival"
        around = self.view.shown_around(row.hop.origin) if row.hop else None
        values = {
            "how": row.hop.how if row.hop else None,
            "from": around.number if around else None,
        }
        return (
            f'<li class="{css}" {attributes(values)}>'
            f"<p>{self.linked(arrived(self.view, row))}</p>"
            f"{self.why(self.waiting.arrival(row))}</li>"
        )


_ENTRY = re.compile(r"(?P<name>\w+)\['?(?P<key>.*?)'?\]")
