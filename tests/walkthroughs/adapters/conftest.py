"""What all tests of the adapters share."""

import pytest


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    """One cache of recordings for all, wherever a test runs."""
    folder = pytestconfig.rootpath / ".cache" / "walkthroughs"
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(folder))
