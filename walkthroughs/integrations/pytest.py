"""A pytest plugin: Markdown pages are tests.

It is installed with the package, and does nothing until `walkthroughs_pages` names
files or folders.  pytest loads it before it measures coverage, and in projects that
have no pages: so nothing but the standard library is imported before it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option."""
    parser.addini(
        "walkthroughs_pages",
        "Markdown files, and folders of them, whose fences are run as tests",
        type="paths",
        default=[],
    )


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect the examples of a page."""
    pages: list[Path] = parent.config.getini("walkthroughs_pages")
    if file_path.suffix != ".md" or not any(map(file_path.is_relative_to, pages)):
        return None
    from sybil.integration.pytest import SybilFile

    from .sybil import page_sybil

    file: pytest.Collector = SybilFile.from_parent(
        parent, path=file_path, sybils=[page_sybil()]
    )
    return file
