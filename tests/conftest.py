"""What all tests share."""

import gc
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

# What is collected here stays to the end: to look for garbage in it again and again takes
# as long as to collect it.
gc.disable()

# In this order: the site is built; meanwhile, what is long and does not need it, in turns
# with what waits for time limits to pass, which leaves the processor to others; what is long
# and does need it; what records, and looks at few pages.  Then the rest, which is quick, so
# that no process is left with something long at the end.
SLOW = (
    "tests/site/test_build.py",
    "tests/site/test_generators.py",
    "docs/several-processes.md",
    "tests/walkthroughs/render/test_stepper.py",
    "tests/test_your_application.py",
    "docs/when-things-go-wrong.md",
    "tests/walkthroughs/compatibility/",
    "docs/production/daphne-issues.md",
    "tests/walkthroughs/servers/test_process.py",
    "docs/production/choosing.md",
    "tests/walkthroughs/test_cache.py",
    "docs/answers/timeouts.md",
    "tests/walkthroughs/commands/test_record.py",
    "tests/walkthroughs/test_redis.py",
    "tests/walkthroughs/test_recording.py",
    "docs/answers/no-response.md",
    "tests/walkthroughs/laboratory/test_starting_points.py",
    "docs/server/failing.md",
    "tests/test_snapshots.py",
    "docs/server/limits.md",
    "tests/site/test_laboratory.py",
    "tests/site/test_lighthouse.py",
    "tests/site/test_chapters_even.py",
    "tests/site/test_chapters_odd.py",
    "tests/site/test_answers.py",
    "tests/site/test_production.py",
    "tests/site/test_reference.py",
    "tests/site/test_every_page.py",
    "tests/walkthroughs/fences/test_module_map.py",
    "docs/reference/",
    "tests/minidaphne/test_cli.py",
    "tests/walkthroughs/commands/",
    "tests/site/",
    "tests/walkthroughs/laboratory/",
    "tests/walkthroughs/adapters/",
    "docs/answers/",
    "docs/server/",
    "docs/django-to-daphne.md",
)


def turn(path: str) -> int:
    """When it is a file's turn: a low number comes first."""
    return next((n for n, slow in enumerate(SLOW) if path.startswith(slow)), len(SLOW))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring slow files to the front; the order inside a file stays."""
    items.sort(key=lambda item: turn(item.nodeid))


def pytest_collection_finish() -> None:
    """Look for garbage again, now that tests make some."""
    gc.enable()


@pytest.fixture(scope="session")
def house() -> Path:
    """The folder that holds the whole project."""
    return Path(__file__).parent.parent
