"""What all tests share."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def house() -> Path:
    """The folder that holds the whole project."""
    return Path(__file__).parent.parent
