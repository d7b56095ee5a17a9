"""A figure of source: code with its caption, as HTML."""

from __future__ import annotations

from .source import without_colourless


def figure(text: str, caption: str) -> str:
    """Make the figure.

    Args:
        text: Python source.
        caption: what stands below it, as HTML.
    """
    # The commands, which make no figures, can do without it.
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    formatter = HtmlFormatter(cssclass="language-python highlight", wrapcode=True)
    code = without_colourless(highlight(text, PythonLexer(), formatter))
    return f'<figure class="source">{code}<figcaption>{caption}</figcaption></figure>'
