"""The small parts of which markup is made."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from .view import short


def breakable(name: str) -> str:
    """Render a dotted name that may break after its dots."""
    return escape(name).replace(".", ".<wbr>")


def dotted(name: str) -> str:
    """Render a dotted name that may break after its dots, its end foremost."""
    if " " in name:
        return escape(name)
    brief = short(name)
    package, last = breakable(name[: -len(brief)]), breakable(brief)
    return f"{wrap('span', 'wt-dim', package) if package else ''}{last}"


def wrap(tag: str, css: str, content: str) -> str:
    """Put content into an element; the class may be empty."""
    return (
        f'<{tag} class="{css}">{content}</{tag}>'
        if css
        else f"<{tag}>{content}</{tag}>"
    )


def attributes(values: Mapping[str, object]) -> str:
    """Render `data-` attributes, without those that are None."""
    return " ".join(
        f'data-{name}="{escape(str(value))}"'
        for name, value in values.items()
        if value is not None
    )
