"""What all tests share."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

# In this order: the site is built; meanwhile, what is long and does not need it; what is
# long and does; what records, and looks at few pages.  Then the rest, which is quick, so
# that no process is left with something long at the end.
SLOW = (
    "tests/site/test_build.py",
    "tests/site/test_generators.py",
    "tests/walkthroughs/render/test_stepper.py",
    "tests/test_your_application.py",
    "tests/test_snapshots.py",
    "tests/site/test_laboratory.py",
    "tests/site/test_lighthouse.py",
    "tests/site/test_chapters_even.py",
    "tests/site/test_chapters_odd.py",
    "tests/site/test_answers.py",
    "tests/site/test_production.py",
    "tests/site/test_reference.py",
    "tests/walkthroughs/fences/test_house.py",
    "tests/walkthroughs/test_recording.py",
    "tests/walkthroughs/test_cache.py",
    "tests/walkthroughs/servers/test_process.py",
    "tests/walkthroughs/adapters/",
    "tests/walkthroughs/commands/",
    "tests/walkthroughs/compatibility/",
    "tests/walkthroughs/laboratory/",
    "tests/minidaphne/test_cli.py",
    "tests/site/",
)


def turn(path: str) -> int:
    """When it is a file's turn: a low number comes first."""
    return next((n for n, slow in enumerate(SLOW) if path.startswith(slow)), len(SLOW))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring slow files to the front; the order inside a file stays."""
    items.sort(key=lambda item: turn(item.nodeid))


@pytest.fixture(scope="session")
def house() -> Path:
    """The folder that holds the whole project."""
    return Path(__file__).parent.parent
