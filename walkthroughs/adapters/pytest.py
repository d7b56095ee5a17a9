"""A pytest plugin: Markdown pages are tests.

It is installed with the package, and does nothing until `walkthroughs_pages` names
files or folders.  pytest loads it before it measures coverage, and in projects that
have no pages: so nothing but pytest and the standard library is imported before it is
needed.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option, `--update-callpaths` and `--fresh`."""
    parser.addoption(
        "--update-callpaths",
        action="store_true",
        help="write the smallest correction into each callpath listing that fails",
    )
    parser.addoption(
        "--fresh",
        action="store_true",
        help="make every recording again, even if no code has changed",
    )
    parser.addini(
        "walkthroughs_pages",
        "Markdown files, and folders of them, whose fences are run as tests",
        type="paths",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say what is to be repaired and made again, and whether pages can be read."""
    if config.getini("walkthroughs_pages") and find_spec("sybil") is None:
        import pytest

        raise pytest.UsageError(
            "walkthroughs_pages needs Sybil: run `python -m pip install sybil`"
        )
    if config.getoption("--fresh"):
        from ..recording import record_all_again

        record_all_again()
    if config.getoption("--update-callpaths"):
        from ..fences.callpath import repairs

        repairs.wanted = True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was planned in a process that only works for another one."""
    # The one with the terminal (pytest-xdist has such) has seen no page itself.
    if hasattr(session.config, "workerinput"):
        from ..fences.callpath import not_recorded, repairs

        repairs.write()
        vars(session.config)["workeroutput"][NOT_RECORDED] = not_recorded


NOT_RECORDED = "walkthroughs_not_recorded"
"""Under this name, a process that works for another one hands over what it lacked."""


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a process of pytest-xdist could not record."""
    from ..fences.callpath import not_recorded

    not_recorded.extend(getattr(node, "workeroutput", {}).get(NOT_RECORDED, ()))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was not recorded, and write the repaired listings.

    Every page has been read by now.
    """
    if config.getini("walkthroughs_pages"):
        _tell_not_recorded(terminalreporter)
    if config.getoption("--update-callpaths"):
        from ..fences.callpath import repairs

        repaired = repairs.write()
        terminalreporter.section("callpath listings")
        for place in repaired:
            terminalreporter.line(f"repaired: {place}")
        if not repaired:
            terminalreporter.line("nothing to repair")


def _tell_not_recorded(terminalreporter: pytest.TerminalReporter) -> None:
    from ..fences.callpath import not_recorded

    if not_recorded:
        terminalreporter.section("listings not recorded on this machine")
        for each in sorted(set(not_recorded)):
            terminalreporter.line(each)


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
