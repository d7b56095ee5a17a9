"""Tell the style sheet at the top of a page that there are pictures further down.

    hooks:
      - walkthroughs/adapters/wide_pages.py

A page with pictures is wider.  If the browser learned that only from the first of them, it
would lay out again what the reader already sees.
"""

from __future__ import annotations

from typing import Any

MARK = '<div class="has-pictures" hidden></div>\n'


def on_page_content(html: str, /, **_: Any) -> str:
    """Put a mark before the content of a page that has pictures."""
    return MARK + html if 'class="wt-picture"' in html else html
