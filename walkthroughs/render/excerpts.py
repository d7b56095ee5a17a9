"""Excerpts of source below a step, as HTML: what is called, and where the call is."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ..trace import Function
from .markup import wrap
from .source import Excerpt, Mark, SourceLine
from .view import short

MARKS: Mapping[Mark, str] = {
    "call": "calling line",
    "return": "returns here",
    "raise": "leaves here",
}
"""What a marked line is called."""


def excerpt_figure(excerpt: Excerpt, role: str, words: str, folds: bool = False) -> str:
    """Render an excerpt with its caption.

    Args:
        excerpt: the lines.
        role: "callee" or "caller", for the style.
        words: what comes before the function in the caption.
        folds: whether it is closed until it is asked for.
    """
    caption = f"{words} {_place(excerpt.function)}"
    if excerpt.problem:
        body = wrap("p", "wt-problem", escape(excerpt.problem))
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


def licences(*excerpts: Excerpt) -> str:
    """Name the packages of excerpts in one line, each once, with its licence."""
    packages = dict.fromkeys(each.package for each in excerpts if each.package)
    said = (f"{each.name} {each.version}, licence: {each.licence}" for each in packages)
    words = "; ".join(said)
    return wrap("p", "wt-licence", escape(words)) if words else ""


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
