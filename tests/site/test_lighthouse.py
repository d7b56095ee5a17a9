"""Lighthouse, as on a phone; and what pages weigh."""

import gzip
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.node import run_node

from .every_page import CHAPTERS

PROGRAM = Path(__file__).parent / "lighthouse.mjs"
# Of 100; a phone is simulated, and four times as slow as the machine.
ENOUGH = {"performance": 90}
CHAPTER = 200 * 1024
# Below that, or with so many programs at work for each core, nothing timed counts:
# three times in a row something else had the machine.
SPEED = 500
CROWD = 2.0
TIMES = 3


def weight(file: Path) -> int:
    """Bytes as a host sends them."""
    return len(gzip.compress(file.read_bytes(), 9))


def parts(page: Path) -> Iterator[Path]:
    """A page, and what it loads before anybody does anything; not the index, which a
    worker reads for the search."""
    yield page
    html = page.read_text(encoding="utf-8")
    pattern = (
        r'<(?:link rel="(?:stylesheet|icon)" href|script src|img [^>]*?src)="([^"]+)"'
    )
    for found in re.findall(pattern, html):
        yield (page.parent / found).resolve()


def heaviest(site: Path) -> str:
    return max(CHAPTERS, key=lambda name: weight(site / name))


@dataclass(frozen=True)
class Report:
    """What Lighthouse says of a page."""

    scores: dict[str, int]
    speed: float
    shift: float
    bytes: int
    error: str
    lost: list[str]

    def complaints(self, crowd: float) -> list[str]:
        """What is not good enough, with what cost it its points."""
        timed = self.speed >= SPEED and crowd < CROWD
        low = [
            f"{category}: {score}"
            for category, score in self.scores.items()
            if score < ENOUGH.get(category, 100)
            and (timed or category != "performance")
        ]
        moved = [f"layout shift: {self.shift}"] if self.shift > 0.05 else []
        return [*filter(None, [self.error]), *low, *moved, *(self.lost if low else ())]


def crowd() -> float:
    """How many programs are at work for each core."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def ask(chromium: str, times: int, *pages: str) -> list[Report]:
    program = PROGRAM.read_text(encoding="utf-8")
    lines = run_node(program, chromium, str(times), *pages, limit=600)
    reports: list[dict[str, Any]] = [json.loads(line) for line in lines.splitlines()]
    return [Report(**each) for each in reports]


def test_lighthouse_has_little_to_say(chromium: str, packed: str, site: Path) -> None:
    # Those with the most elements, the most code, and a form.
    names = ("index.html", heaviest(site), "daphne-to-django.html", "laboratory.html")
    before = crowd()
    # Where nothing timed counts, once is as good as three times.
    times = TIMES if before < CROWD else 1
    reports = ask(chromium, times, *(packed + n for n in names))
    found = [report.complaints(max(before, crowd())) for report in reports]
    assert dict(zip(names, found, strict=True)) == {name: [] for name in names}


def test_lighthouse_would_complain() -> None:
    good = {"performance": 90, "accessibility": 100, "best-practices": 100, "seo": 100}
    assert Report(good, 1000, 0, 0, "", []).complaints(1) == []
    bad = {**good, "seo": 99}
    assert Report(bad, 1, 0.2, 0, "no page", ["a: b"]).complaints(9) == [
        "no page",
        "seo: 99",
        "layout shift: 0.2",
        "a: b",
    ]
    slow = {**good, "performance": 60}
    assert Report(slow, 1000, 0, 0, "", []).complaints(1) == ["performance: 60"]
    assert Report(slow, 1000, 0, 0, "", []).complaints(2.5) == []
    assert Report(slow, 100, 0, 0, "", []).complaints(1) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_is_light_with_all_its_recordings(site: Path, name: str) -> None:
    loads = {part.name: weight(part) for part in parts(site / name)}
    assert {"walkthroughs.js", "walkthroughs.css"} < set(loads)
    assert sum(loads.values()) <= CHAPTER, loads
