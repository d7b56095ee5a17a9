"""The page: the listing, the picture and the list of steps, as HTML.

All content is here without a script: the list of steps is what the stepper unpacks and
walks, and what a reader has who has no stepper.  Laws:

* everything that comes from a page or a trace is escaped;
* every id begins with the walkthrough's own, so that a page can hold many;
* the attributes `data-…` of a step are all that the stepper knows.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from zlib import compress

from ..trace import Call, Exit, Function, Header, Message
from .durations import durations
from .origins import origins
from .scales import by_order, by_time, switch
from .sentences import Sentence, arrived, counted, folded, happened, often, status
from .source import Excerpt, Mark, SourceLine, Sources
from .svg import svg, tiled
from .text import text
from .view import Arrival, Fold, ListedLine, Row, Step, View, short
from .waiting import Waiting
from .waits import Waits

MARKS: Mapping[Mark, str] = {
    "call": "calling line",
    "return": "returns here",
    "raise": "leaves here",
}
"""What a marked line is called."""


LONG = 500
"""A picture of more rows is cut into tiles, so that a page with it stays smooth; the
stepper does the same to a list of more rows."""

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


def walkthrough(
    view: View,
    listing_html: str,
    ident: str,
    where: Where = nowhere,
    told: Told = NOTHING,
) -> str:
    """Render a whole walkthrough: listing, focus, picture, steps.

    Args:
        view: what to show.
        listing_html: what `listing` gave, or nothing.
        ident: its id on the page; step 17 is `#<ident>-17`.
        where: where the names of steps lead.
        told: what the author of the listing says of steps.
    """
    header = view.trace.header
    lanes = escape(f"Swim lanes: {header.scenario} on {header.server}")
    waiting = Waiting(view)
    return "\n".join(
        (
            _opening(view, ident, "wt"),
            # The stepper comes into the same box, beside the listing.
            f'<div class="wt-both">{listing_html}</div>',
            focus(header),
            '<details class="wt-picture" open><summary>Picture</summary>',
            *_pictures(view, ident, lanes, waiting.waits, packed=False),
            "</details>",
            '<details class="wt-all" open><summary>Step by step</summary>',
            _packed(steps(view, ident, where, told, waiting=waiting)),
            "</details>",
            "</div>",
        )
    )


def slim(
    view: View,
    listing_html: str,
    ident: str,
    where: Where = nowhere,
    told: Told = NOTHING,
) -> str:
    """Render a walkthrough with its steps folded and no picture, for a busy page.

    Args:
        view: what to show.
        listing_html: what `listing` gave, or nothing.
        ident: its id on the page.
        where: where the names of steps lead.
        told: what the author of the listing says of steps.
    """
    return "\n".join(
        (
            _opening(view, ident, "wt wt-slim"),
            listing_html,
            '<details class="wt-all"><summary>Step by step, with the code</summary>',
            _packed(steps(view, ident, where, told)),
            "</details>",
            "</div>",
        )
    )


def standalone(view: View, ident: str) -> str:
    """Render a walkthrough for a page of its own, however long the recording is.

    The stepper opens at the application.  Picture, steps, and what it needs on demand
    (excerpts, and what folds hold) are compressed, since most of it repeats itself.
    """
    header = view.trace.header
    lanes = escape(f"Swim lanes: {header.scenario} on {header.server}")
    shelf = Shelf()
    waiting = Waiting(view)
    listed = steps(view, ident, nowhere, NOTHING, shelf, waiting)
    first = next((step for step in view.steps if step.event.own), None)
    start = f' data-start="{first.number if first else 1}" data-tools'
    return "\n".join(
        (
            _opening(view, ident, "wt", start),
            focus(header),
            '<details class="wt-picture"><summary>Picture</summary>',
            *_pictures(view, ident, lanes, waiting.waits, packed=True),
            "</details>",
            '<details class="wt-all"><summary>Step by step</summary>',
            _deflated(listed + shelf.json()),
            "</details>",
            "</div>",
            f'<noscript><pre class="wt-plain">{escape(text(view))}</pre></noscript>',
        )
    )


def _deflated(content: str) -> str:
    """Compress what the page's script unpacks into a <noscript>, for the stepper."""
    packed = b64encode(compress(content.encode(), 9)).decode()
    return f'<script type="text/plain" class="wt-packed">{packed}</script>'


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


def _opening(view: View, ident: str, css: str, more: str = "") -> str:
    header = view.trace.header
    label = escape(f"Walkthrough: {header.scenario} on {header.server}")
    # A group and no landmark: a page may well tell one story twice.
    return (
        f'<div class="{css}" role="group" id="{escape(ident)}-walk" '
        f'aria-label="{label}"{more}>'
    )


def _box(label: str, content: str) -> str:
    """Wrap a part that scrolls sideways, and that no search looks into."""
    return (
        f'<div class="wt-scroll" role="group" tabindex="0" aria-label="{label}" '
        f"data-search-exclude>{content}</div>"
    )


def _packed(steps: str) -> str:
    """Pack the steps into a text that the script unpacks when it needs them.

    A chapter has ten thousand elements in it. Readers without a script get them as they
    are.

    No search looks into it: whoever searches for a name wants the listing.
    """
    return f"<noscript data-search-exclude>{steps}</noscript>"


def picture(view: View, ident: str) -> str:
    """Render the swim lanes, in tiles if there are many rows."""
    return (tiled if len(view.rows) > LONG else svg)(view, ident)


def _pictures(
    view: View, ident: str, label: str, waits: Waits, packed: bool
) -> Iterator[str]:
    """Render the lanes on both scales.

    Args:
        view: what to draw.
        ident: the walkthrough's id.
        label: what the picture is called.
        waits: what the recording tells of waiting.
        packed: whether the page's script has to unpack it.
    """
    order = picture(view, ident)
    drawn, below = by_time(view, ident, waits)
    timed = _box(f"{label}, by time", drawn) + below
    yield switch(ident)
    yield by_order(view, _box(label, _deflated(order) if packed else order))
    yield f'<div class="wt-timed" hidden>{(_deflated if packed else _packed)(timed)}</div>'


def focus(header: Header) -> str:
    """Which calls count, and of which packages in which versions: folded."""
    names = "".join(
        f"<li><code>{_breakable(each)}</code></li>" for each in header.focus
    )
    packages = "".join(
        f"<li>{escape(f'{each.name} {each.version}, licence: {each.licence}')}</li>"
        for each in header.packages
    )
    made = f"Recorded on Python {header.python}, with {header.source}."
    made = escape(" ".join((made, *header.warnings)))
    return (
        '<details class="wt-focus" data-search-exclude><summary>Which code is recorded '
        "here, in which versions</summary>\n<p>Calls of code under these names "
        f'are recorded, the focus of the recording. A minus leaves a name out.</p>\n<ul class="wt-names" role="list">{names}</ul>\n'
        f'<p>{made}</p>\n<ul role="list">{packages}</ul></details>'
    )


def _breakable(name: str) -> str:
    return escape(name).replace(".", ".<wbr>")


def failure(message: str) -> str:
    """Render a red box: what is wrong with a fence, for its author."""
    return (
        '<div class="wt-failure" role="alert"><strong>This does not hold.'
        f"</strong><pre>{escape(message)}</pre></div>"
    )


def listing(
    view: View,
    lines: Iterable[ListedLine],
    ident: str,
    aliases: Mapping[str, str] | None = None,
    unfold: bool = True,
) -> str:
    """Render the listing as its author wrote it; each line links to its step.

    Args:
        view: the view whose steps the lines matched.
        lines: the lines.
        ident: the walkthrough's id.
        aliases: dotted prefix -> what stands for it in the page, "" for nothing.
        unfold: whether an ellipsis leads to what it leaves out.
    """
    folds = [row for row in view.rows if unfold and isinstance(row, Fold)]
    items = "\n".join(_listed(view, list(lines), ident, aliases or {}, folds))
    return f'<ol class="wt-listing" role="list">\n{items}\n</ol>'


def _listed(
    view: View,
    lines: Sequence[ListedLine],
    ident: str,
    aliases: Mapping[str, str],
    folds: list[Fold],
) -> Iterator[str]:
    number, gap = 0, False
    for line in lines:
        if line.kind == "blank":
            gap = True
            continue
        target = ""
        if line.seq is not None:
            number = view.number_at(line.seq)
            target = f"{ident}-{number}"
        elif line.kind == "ellipsis":
            here = next((fold for fold in folds if fold.number == number), None)
            if here is not None:
                folds.remove(here)
                target = _fold_id(here, ident)
        yield _line(line, target, gap, aliases)
        gap = False


def _line(line: ListedLine, target: str, gap: bool, aliases: Mapping[str, str]) -> str:
    name, title = _listed_name(line, aliases)
    if target:
        hint = f' title="{escape(title)}"' if title else ""
        name = f'<a href="#{escape(target)}"{hint}>{name}</a>'
    css = f"wt-line wt-{line.kind}" + (" wt-gap" if gap else "")
    comment = _wrap("span", "wt-comment", escape(line.comment)) if line.comment else ""
    indent = f' style="--i:{line.indent}"' if line.indent else ""
    return f'<li class="{css}"{indent}><code>{name}</code>{comment}</li>'


def _listed_name(line: ListedLine, aliases: Mapping[str, str]) -> tuple[str, str]:
    """Return what stands in the line, and the words that appear on hover."""
    if line.kind == "ellipsis":
        # An ellipsis that was not matched has no count: the author is still writing.
        words = f"{line.count} left out" if line.count else ""
        return f"…{_wrap('span', 'wt-count', words) if words else ''}", words
    if line.kind == "lane":
        return escape(line.text.removeprefix("---").strip()), ""
    if line.kind == "message":
        return escape(line.text), ""
    shown = alias(line.text, aliases)
    return _dotted(shown), line.text


def alias(name: str, aliases: Mapping[str, str]) -> str:
    """Replace the longest aliased prefix of the name."""
    fitting = [prefix for prefix in aliases if name.startswith(prefix + ".")]
    if not fitting:
        return name
    prefix = max(fitting, key=len)
    return f"{aliases[prefix]}.{name[len(prefix) + 1 :]}".removeprefix(".")


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
            *(_wrap("p", "", self.linked(each)) for each in happened(self.view, row)),
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
        return _attributes(values)

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
        name = _breakable(short(self.view.name(row)))
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
        code, address = f"<code>{_dotted(name)}</code>", escape(self.where(name))
        if address:
            code = f'<a href="{address}" title="Where does this run?">{code}</a>'
        return _wrap("p", "wt-name", code)

    def story(self, row: Step) -> str:
        """Say what the step means: what the author says, else the docstring."""
        words = self.told.get(row.seq, "")
        if not words and isinstance(row.event, Call):
            words = self.sources.summary(self.view.trace.function(row.event))
        return _wrap("p", "wt-story", escape(words)) if words else ""

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
        return _wrap("p", "", words) if sentence else ""

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
                yield _figure(excerpt, "caller", "Inside")
                yield _licences(excerpt)
            return
        line, how = self.ending(row)
        callee = self.sources.callee(trace.function(event), line, how)
        yield _figure(callee, "callee", "The function")
        if isinstance(parent, Call) and event.line is not None:
            caller = self.sources.caller(trace.function(parent), event.line)
            words = "The call, in" if event.direct else "Inside"
            yield _figure(caller, "caller", words, folds=True)
            yield _licences(callee, caller)
        else:
            yield _licences(callee)

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
            f'<li class="wt-fold" id="{_fold_id(row, self.ident)}" '
            f"{_attributes({'n': row.number, 'lane': lane, 'depth': row.depth})}>"
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
            yield f"<li {data}><code>{_dotted(name)}</code>{times}{code}</li>"

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
        return _attributes(values)

    def code(self, event: Call | Message) -> str:
        """Render the source of a call in a fold, where the page has no shelf for it."""
        if self.shelf is not None or not isinstance(event, Call):
            return ""
        figures = "".join(self.function(self.view.trace.function(event)))
        return f"<details><summary>Source</summary>{figures}</details>"

    def function(self, function: Function) -> Iterator[str]:
        excerpt = self.sources.callee(function, None)
        yield _figure(excerpt, "callee", "The function")
        yield _licences(excerpt)

    def arrival(self, row: Arrival) -> str:
        css = "wt-arrival wt-changed" if row.changed else "wt-arrival"
        around = self.view.shown_around(row.hop.origin) if row.hop else None
        values = {
            "how": row.hop.how if row.hop else None,
            "from": around.number if around else None,
        }
        return (
            f'<li class="{css}" {_attributes(values)}>'
            f"<p>{self.linked(arrived(self.view, row))}</p>"
            f"{self.why(self.waiting.arrival(row))}</li>"
        )


_ENTRY = re.compile(r"(?P<name>\w+)\['?(?P<key>.*?)'?\]")


def _figure(excerpt: Excerpt, role: str, words: str, folds: bool = False) -> str:
    caption = f"{words} {_place(excerpt.function)}"
    if excerpt.problem:
        body = _wrap("p", "wt-problem", escape(excerpt.problem))
    else:
        lines = "\n".join(_source_line(line) for line in excerpt.lines)
        # No <code> in it: the theme would take it for a block of its own, with ids.
        body = f'<pre tabindex="0"><span class="wt-lines">{lines}</span></pre>'
    opening = f'<figure class="wt-code" data-role="{role}">'
    if folds:
        content = f"<details><summary>{caption}</summary>{body}</details>"
    else:
        content = f"<figcaption>{caption}</figcaption>{body}"
    return f"{opening}{content}</figure>"


def _place(function: Function) -> str:
    name = escape(short(function.name))
    return f"<code>{name}</code>, <code>{escape(function.file)}</code>"


def _licences(*excerpts: Excerpt) -> str:
    """Name the packages of excerpts in one line, each once, with its licence."""
    packages = dict.fromkeys(each.package for each in excerpts if each.package)
    said = (f"{each.name} {each.version}, licence: {each.licence}" for each in packages)
    words = "; ".join(said)
    return _wrap("p", "wt-licence", escape(words)) if words else ""


def _source_line(line: SourceLine | None) -> str:
    if line is None:
        return '<span class="wt-sl wt-cut">⋯</span>'
    if not line.mark:
        return f'<span class="wt-sl" data-n="{line.number}">{line.html}</span>'
    words = MARKS[line.mark]
    return (
        f'<mark class="wt-sl wt-at-{line.mark}" data-n="{line.number}">'
        f'<span class="wt-sr">{words}: </span>{line.html}</mark>'
    )


def _fold_id(row: Fold, ident: str) -> str:
    return f"{ident}-{row.number}-f{row.part}"


def _dotted(name: str) -> str:
    """Render a dotted name that may break after its dots, its end foremost."""
    if " " in name:
        return escape(name)
    brief = short(name)
    package, last = _breakable(name[: -len(brief)]), _breakable(brief)
    return f"{_wrap('span', 'wt-dim', package) if package else ''}{last}"


def _wrap(tag: str, css: str, content: str) -> str:
    return (
        f'<{tag} class="{css}">{content}</{tag}>'
        if css
        else f"<{tag}>{content}</{tag}>"
    )


def _attributes(values: Mapping[str, object]) -> str:
    return " ".join(
        f'data-{name}="{escape(str(value))}"'
        for name, value in values.items()
        if value is not None
    )
