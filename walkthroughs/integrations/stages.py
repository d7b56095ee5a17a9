"""Where every stage of the book runs, and which stages of two servers are twins.

A stage is a call that some listing of the book names.  Two fences tell of them, and
both read all pages, so that nothing in them is typed by hand:

    ```stages daphne
    ```

gives the stages of a package, each with links to the walkthroughs in which it runs.

    ```twins left=daphne right=minidaphne
    daphne.http_protocol.HTTPFactory.doStart  # why it has no twin
    ```

gives each stage that only the left server runs through with its twin in the right
package: the same class and method, `camelCase` there being `snake_case` here.  A stage
that has none needs a line in the body, which speaks of a name and of all below it, and
says why; a line that no stage needs is wrong.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from ..errors import FenceError, TargetError, WalkthroughError
from ..targets import find
from ..trace import Message
from .book import first_heading
from .callpath import hold, ident
from .fences import fences
from .source import words

Link = Callable[[str], str]
"""Path of a page below the book's folder -> its address, as seen from here."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A call at a place of the book.

    Args:
        name: its dotted name.
        page: path of the page below the book's folder, "words.md".
        title: the page's first heading.
        scenario: which walkthrough.
        server: on which server.
        anchor: the id of the step.
        number: its number in the walkthrough.
    """

    name: str
    page: str
    title: str
    scenario: str
    server: str
    anchor: str
    number: int

    @property
    def package(self) -> str:
        """The top-level package that it belongs to."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Twin:
    """A stage of one server, and what it is on the other.

    Args:
        name: the stage.
        twin: the dotted name of its twin, empty if it has none.
        reason: why it has none.
    """

    name: str
    twin: str
    reason: str


def stages(folder: Path) -> Iterator[Stage]:
    """All stages that the pages of a folder name, in the order of the pages."""
    for path in sorted(folder.rglob("*.md")):
        page = path.relative_to(folder).as_posix()
        yield from on_page(page, path.read_text(encoding="utf-8"))


@cache
def on_page(page: str, text: str) -> tuple[Stage, ...]:
    """The stages that one page names; `cache_clear` when recordings may be new."""
    return tuple(_on_page(page, text))


def _on_page(page: str, text: str) -> Iterator[Stage]:
    title = first_heading(text, page)
    seen: list[tuple[str, str]] = []
    for fence in fences(text):
        if fence.language != "callpath":
            continue
        try:
            options = words(fence)
            view = hold(fence.body, options).view
        except WalkthroughError:
            continue  # the listing's own test says so, with its line
        which = (options["scenario"], options["server"])
        seen.append(which)
        walk = ident(*which, seen.count(which))
        for step in view.steps:
            name = view.name(step)
            if not isinstance(step.event, Message):
                anchor = f"{walk}-{step.number}"
                yield Stage(name, page, title, *which, anchor, step.number)


def homes(folder: Path) -> dict[str, str]:
    """Package -> the page that has its `stages` fence."""
    return {
        fence.arguments[0]: path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.md"))
        for fence in fences(path.read_text(encoding="utf-8"))
        if fence.language == "stages" and fence.arguments
    }


def render_stages(package: str, folder: Path, link: Link) -> str:
    """The stages of a package as a list, each with where it runs.

    Raises:
        FenceError: no listing names a stage of that package.
    """
    own = [stage for stage in stages(folder) if stage.package == package]
    if not own:
        raise FenceError(f"no listing of the book names a stage of {package!r}")
    own.sort(key=lambda stage: stage.name)
    items = "\n".join(
        f'<dt id="{escape(name)}"><code>{_breakable(name)}</code></dt>'
        f"<dd>{_places(list(group), link)}</dd>"
        for name, group in groupby(own, key=lambda stage: stage.name)
    )
    return f'<dl class="wt-stages">\n{items}\n</dl>'


def _places(found: Sequence[Stage], link: Link) -> str:
    """Each page and walkthrough once, with a link for each step."""
    parts = []
    for (page, title, scenario, server), group in groupby(found, key=_walk):
        url = escape(link(page))
        steps = ", ".join(
            f'<a href="{url}#{escape(each.anchor)}">step {each.number}</a>'
            for each in group
        )
        parts.append(f"{escape(title)}, {escape(f'{scenario} on {server}')}: {steps}")
    return "<br>".join(parts)


def _walk(stage: Stage) -> tuple[str, str, str, str]:
    return stage.page, stage.title, stage.scenario, stage.server


def twins(
    body: str, options: Mapping[str, str], found: Sequence[Stage]
) -> tuple[Twin, ...]:
    """The stages of one server with their twins on another.

    Args:
        body: the fence's body: reasons.
        options: the fence's options.
        found: all stages of the book.

    Raises:
        FenceError: the fence makes no sense; a stage has neither twin nor reason; a
            reason has no stage.
        TargetError: a stage's name names nothing that is installed.
    """
    if set(options) != {"left", "right"}:
        raise FenceError("a twins fence says its left and right, no more")
    reasons = _reasons(body)
    rows = []
    for name in _only(options["left"], found):
        find(name)
        twin, reason = _twin(name, options["right"]), _reason(name, reasons)
        if not twin and not reason:
            raise FenceError(f"{name} has no twin in {options['right']}: say why")
        rows.append(Twin(name, twin, "" if twin else reasons[reason]))
    needed = {_reason(row.name, reasons) for row in rows if not row.twin}
    if idle := [name for name in reasons if name not in needed]:
        raise FenceError(f"no stage needs what is said of {idle[0]}")
    return tuple(rows)


def _only(server: str, found: Sequence[Stage]) -> list[str]:
    """The names of stages in packages that no other server's listings name."""
    others = {stage.package for stage in found if stage.server != server}
    names = {stage.name for stage in found if stage.server == server}
    return sorted(name for name in names if name.partition(".")[0] not in others)


def _reasons(body: str) -> dict[str, str]:
    reasons = {}
    for line in body.splitlines():
        name, mark, why = line.partition("  # ")
        if not mark or not why.strip():
            raise FenceError(f"this line gives no reason after `  # `: {line}")
        reasons[name.strip()] = why.strip()
    return reasons


def _reason(name: str, reasons: Mapping[str, str]) -> str:
    """The longest name with a reason that takes in `name`, else nothing."""
    fitting = (each for each in reasons if f"{name}.".startswith(f"{each}."))
    return max(fitting, key=len, default="")


@cache
def _twin(name: str, package: str) -> str:
    """What `name` is called in a package, where it is there."""
    parts = name.split(".")
    capital = (n for n, part in enumerate(parts) if part[:1].isupper())
    at = next(capital, len(parts) - 1)
    tail = ".".join(snake_case(part) for part in parts[at:])
    for module in sorted(_modules(package), key=lambda each: each != parts[at - 1]):
        twin = f"{package}.{module}.{tail}"
        try:
            target = find(twin)
        except TargetError:
            continue
        if target.module.startswith(package):
            return twin
    return ""


def snake_case(name: str) -> str:
    """`buildProtocol` -> `build_protocol`; classes keep their names."""
    if name[:1].isupper():
        return name
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


@cache
def _modules(package: str) -> tuple[str, ...]:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise FenceError(f"there is no package {package!r}")
    found = pkgutil.iter_modules(spec.submodule_search_locations)
    return tuple(module.name for module in found)


def linked(code: str, place: str) -> str:
    """The name of a stage, with a link to where it runs if there is such a place."""
    if not place:
        return code
    return (
        f'<a class="stage" href="{escape(place)}" title="Where does this run?">'
        f"{code}</a>"
    )


def render_twins(rows: Sequence[Twin], options: Mapping[str, str], where: Link) -> str:
    """The twins as a table.

    Args:
        rows: the twins.
        options: the fence's options.
        where: name of a stage -> the address of the place that tells where it runs;
            "" for none.
    """
    heads = "".join(
        f'<th scope="col">{escape(options[side])}</th>' for side in ("left", "right")
    )
    lines = "\n".join(
        f"<tr><td>{_stage(row.name, where)}</td><td>{_other(row, where)}</td></tr>"
        for row in rows
    )
    return (
        f'<table class="wt-twins"><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table>"
    )


def _other(row: Twin, where: Link) -> str:
    return _stage(row.twin, where) if row.twin else escape(row.reason)


def _stage(name: str, where: Link) -> str:
    return linked(f"<code>{_breakable(name)}</code>", where(name))


def _breakable(name: str) -> str:
    return re.sub(r"([._])", r"\1<wbr>", escape(name))
