"""The style sheet and the script that a walkthrough needs, each as one file.

The script is joined from parts that share one scope.  They are not modules, since browsers
load none into a page that is read from disk.
"""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"

PARTS = (
    "elements",
    "walk",
    "long_list",
    "packed",
    "steps",
    "step_panes",
    "stepper",
    "narrative",
    "pairs",
    "round_trip",
    "print",
    "page",
)
"""The parts of the script, in the order in which a browser reads them."""

OPENING = """\
(() => {
"use strict";

// What it takes to the first step is measured from here.
performance.mark("walkthroughs");

"""


def style() -> str:
    """Return the style sheet."""
    return (ASSETS / "walkthroughs.css").read_text(encoding="utf-8")


def script() -> str:
    """Return the script, which runs as soon as it is loaded.

    All that it shows is in the page already.  It asks no host for anything.
    """
    texts = (ASSETS / "script" / f"{part}.js" for part in PARTS)
    parts = "\n".join(each.read_text(encoding="utf-8") for each in texts)
    return f"{OPENING}{parts}}})();\n"


def files() -> dict[str, str]:
    """Return both, by the names under which pages load them."""
    return {"walkthroughs.css": style(), "walkthroughs.js": script()}


def write(folder: Path) -> list[Path]:
    """Write both into a folder, and return where they are.

    Raises:
        OSError: the folder is not there, or cannot be written.
    """
    written = []
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written
