"""The site is built without a single warning, and calls on nobody."""

from pathlib import Path

import pytest

from tests.site.conftest import Build


def test_strict_build_has_no_warning(build: Build) -> None:
    if build.returncode:
        pytest.fail(build.output, pytrace=False)


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    """As a browser would see, but on all paths, taken or not."""
    loads = ('src="http', 'src="//', "@import url(http", 'href="http')
    found = [
        f"{page.relative_to(site)}: {line.strip()[:200]}"
        for page in site.rglob("*.html")
        for line in page.read_text(encoding="utf-8").splitlines()
        if any(load in line for load in loads)
        and ("<link" in line or "<script" in line or "<img" in line)
        and 'rel="canonical"' not in line
    ]
    assert not found
