"""The fence `twins`: which stages of two servers correspond to each other.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.util import find_spec

from ..book import stage_index
from ..book.stage_index import Stage, breakable, linked, stages
from ..errors import FenceError, TargetError
from ..pages.markdown import Fence, options_of
from ..source_locator import find
from .own_code import own_code
from .place import Link, Place


def check(fence: Fence, place: Place) -> None:
    """See that each stage has its twin, or a reason why there is none; see `twins`."""
    twins(fence.body, options_of(fence), [*stages(place.pages)])


def render(fence: Fence, place: Place) -> str:
    """Make the table of twins; raise as `check` does."""
    options = options_of(fence)
    rows = twins(fence.body, options, [*stages(place.pages)])
    return render_twins(rows, options, place.where)


def depends_on(fence: Fence, place: Place) -> str:
    """Name all stages of the book, and the code of both servers.

    Raises:
        TargetError: there is no such server.
    """
    found = stage_index.depends_on(place.pages)
    servers = {each for each in fence.options.values() if each.isidentifier()}
    return found and repr((found, own_code(servers)))


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


def twins(
    body: str, options: Mapping[str, str], found: Sequence[Stage]
) -> tuple[Twin, ...]:
    """Return the stages of one server with their twins on another.

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
        raise FenceError("a twins fence needs left and right, and no more")
    reasons = _reasons(body)
    rows = []
    for name in _only(options["left"], found):
        find(name)
        twin, reason = find_twin(name, options["right"]), _reason(name, reasons)
        if not twin and not reason:
            raise FenceError(f"{name} has no twin in {options['right']}: say why")
        rows.append(Twin(name, twin, "" if twin else reasons[reason]))
    needed = {_reason(row.name, reasons) for row in rows if not row.twin}
    if idle := [name for name in reasons if name not in needed]:
        raise FenceError(f"no stage needs the reason given for {idle[0]}")
    return tuple(rows)


def _only(server: str, found: Sequence[Stage]) -> list[str]:
    """Return the names of stages in packages that no other server's listings name."""
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
    """Return the longest name with a reason that takes in `name`, else nothing."""
    fitting = (each for each in reasons if f"{name}.".startswith(f"{each}."))
    return max(fitting, key=len, default="")


@cache
def find_twin(name: str, package: str) -> str:
    """Return what `name` is called in a package; "" where it does not exist."""
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


def render_twins(rows: Sequence[Twin], options: Mapping[str, str], where: Link) -> str:
    """Render the twins as a table.

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
    return linked(f"<code>{breakable(name)}</code>", where(name))
