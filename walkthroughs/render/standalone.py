"""One self-contained file: a recording on a page of its own, with style and stepper."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .html import standalone
from .style_and_script import script, style
from .view import View

STYLE = """
body{margin:0 auto;max-width:80rem;padding:1rem 1.5rem 4rem;
font:16px/1.5 system-ui,sans-serif;color:#1f2328;background:#fff}
h1{font-size:1.5rem;margin:.5rem 0;overflow-wrap:anywhere}
.about{color:#59636e;margin:0}
[data-md-color-scheme="slate"] .about{color:#a9b1ba}
.wt-plain{overflow-x:auto}
[data-md-color-scheme="slate"] body{color:#e6e8eb;background:#16181d;
--md-default-fg-color:#e6e8eb;--md-default-fg-color--light:#a9b1ba;
--md-default-fg-color--lightest:#3a3f47;--md-default-bg-color:#16181d;
--md-code-bg-color:#20242b;--md-typeset-a-color:#9db4ff;--md-accent-fg-color:#f0b35e;
--md-code-hl-keyword-color:#8ab4ff;--md-code-hl-string-color:#8fd694;
--md-code-hl-comment-color:#a9b1ba;--md-code-hl-number-color:#f0b35e;
--md-code-hl-function-color:#d7b8ff;--md-code-hl-name-color:#e6e8eb}
"""

DARK = """
if (matchMedia("(prefers-color-scheme: dark)").matches)
  document.documentElement.dataset.mdColorScheme = "slate";
"""

UNPACK = """
(async () => {
  const unpacked = async (packed) => {
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const inflated = new DecompressionStream("deflate");
    const whole = document.createElement("noscript");
    const stream = new Blob([bytes]).stream().pipeThrough(inflated);
    whole.textContent = await new Response(stream).text();
    packed.replaceWith(whole);
  };
  await Promise.all([...document.querySelectorAll(".wt-packed")].map(unpacked));
  document.dispatchEvent(new Event("walkthroughs"));
})();
"""
"""Unpacks what is compressed, and then tells the stepper."""


def page(view: View, title: str, about: Sequence[str] = ()) -> str:
    """Render the whole HTML file; nothing in it is loaded from elsewhere.

    Args:
        view: what to show.
        title: its heading.
        about: lines below the heading.
    """
    lines = "\n".join(f'<p class="about">{escape(line)}</p>' for line in about)
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}{style()}</style>",
            f"<script>{DARK}</script></head><body>",
            f"<h1>{escape(title)}</h1>",
            lines,
            standalone(view, "recording"),
            f"<script>{script()}</script>",
            f"<script>{UNPACK}</script>",
            "</body></html>\n",
        )
    )
