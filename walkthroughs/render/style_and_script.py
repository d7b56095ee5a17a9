"""The style sheet and the script that a walkthrough needs, each as one file.

The script is joined from parts that share one scope.  They are not ES modules, because
browsers do not load those on `file://` pages.
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
"""The parts of the script, in the order in which they are joined."""

OPENING = """\
(() => {
"use strict";

// Start of the time-to-first-step measurement.
performance.mark("walkthroughs");

"""


def style() -> str:
    """Return the style sheet."""
    return (ASSETS / "walkthroughs.css").read_text(encoding="utf-8")


def script() -> str:
    """Return the script, which runs as soon as it is loaded.

    All that it shows is in the page already.  It makes no network requests.
    """
    sources = (ASSETS / "script" / f"{part}.js" for part in PARTS)
    parts = "\n".join(each.read_text(encoding="utf-8") for each in sources)
    return f"{OPENING}{parts}}})();\n"


def texts() -> dict[str, str]:
    """Return both, by the names under which pages load them."""
    return {"walkthroughs.css": style(), "walkthroughs.js": script()}


def write_assets(folder: Path) -> list[Path]:
    """Write both into a folder, and return where they are.

    Raises:
        OSError: the folder is not there, or cannot be written.
    """
    written = []
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written
