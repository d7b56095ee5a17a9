"""A project to load an application from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from walkthroughs.servers.application import SETTINGS

SITE = """\
import os
seen = os.environ.get("DJANGO_SETTINGS_MODULE")

async def app(scope, receive, send):
    pass
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a project in it, where a command would be typed."""
    before = set(sys.modules)
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "asgi.py").write_text(SITE)
    (tmp_path / "helper.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    # Set first, so that it is put back as it was.
    monkeypatch.setenv(SETTINGS, "")
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
