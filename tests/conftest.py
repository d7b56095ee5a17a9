"""What all tests share."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

# The slowest files first, so that no process is left with one of them at the end.
SLOW = (
    "tests/site/",
    "tests/walkthroughs/render/test_stepper.py",
    "tests/walkthroughs/integrations/",
    "tests/walkthroughs/test_record.py",
    "tests/walkthroughs/commands/",
    "tests/test_your_application.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring slow files to the front; the order inside a file stays."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


@pytest.fixture(scope="session")
def house() -> Path:
    """The folder that holds the whole project."""
    return Path(__file__).parent.parent
