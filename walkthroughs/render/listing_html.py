"""A listing as its author wrote it, as HTML; each line leads to its step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from .markup import dotted, wrap
from .view import Fold, ListedLine, View


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
                target = fold_id(here, ident)
        yield _line(line, target, gap, aliases)
        gap = False


def _line(line: ListedLine, target: str, gap: bool, aliases: Mapping[str, str]) -> str:
    name, title = _listed_name(line, aliases)
    if target:
        hint = f' title="{escape(title)}"' if title else ""
        name = f'<a href="#{escape(target)}"{hint}>{name}</a>'
    css = f"wt-line wt-{line.kind}" + (" wt-gap" if gap else "")
    comment = wrap("span", "wt-comment", escape(line.comment)) if line.comment else ""
    indent = f' style="--i:{line.indent}"' if line.indent else ""
    return f'<li class="{css}"{indent}><code>{name}</code>{comment}</li>'


def _listed_name(line: ListedLine, aliases: Mapping[str, str]) -> tuple[str, str]:
    """Return what stands in the line, and the words that appear on hover."""
    if line.kind == "ellipsis":
        # An ellipsis that was not matched has no count: the author is still writing.
        words = f"{line.count} left out" if line.count else ""
        return f"… {wrap('span', 'wt-count', words)}" if words else "…", words
    if line.kind == "lane":
        return escape(line.text.removeprefix("---").strip()), ""
    if line.kind == "message":
        return escape(line.text), ""
    shown = alias(line.text, aliases)
    return dotted(shown), line.text


def alias(name: str, aliases: Mapping[str, str]) -> str:
    """Replace the longest aliased prefix of the name."""
    fitting = [prefix for prefix in aliases if name.startswith(prefix + ".")]
    if not fitting:
        return name
    prefix = max(fitting, key=len)
    return f"{aliases[prefix]}.{name[len(prefix) + 1 :]}".removeprefix(".")


def fold_id(row: Fold, ident: str) -> str:
    """Return the id of a fold in a walkthrough."""
    return f"{ident}-{row.number}-f{row.part}"
