"""Names on pages lead to the source they name, without running it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from walkthroughs.errors import TargetError
from walkthroughs.source_locator import Target, find

# The names of the book, those that pass through bases of other packages too.
NAMES = [
    "daphne.http_protocol.HTTPFactory.buildProtocol",
    "daphne.http_protocol.HTTPFactory.doStart",
    "daphne.http_protocol.HTTPFactory.startFactory",
    "daphne.http_protocol.WebRequest.process",
    "daphne.http_protocol.WebRequest.requestReceived",
    "daphne.server.Server.create_application",
    "daphne.server.Server.run",
    "daphne.ws_protocol.WebSocketFactory.startFactory",
    "daphne.ws_protocol.WebSocketProtocol.connectionMade",
    "daphne.ws_protocol.WebSocketProtocol.onMessage",
    "daphne.ws_protocol.WebSocketProtocol.sendMessage",
    "django.core.handlers.asgi.ASGIHandler.__call__",
    "twisted.internet.endpoints.TCP4ServerEndpoint.listen",
    "twisted.internet.tcp.Port.doRead",
    "twisted.web.http.HTTPChannel.connectionMade",
    "twisted.web.http.HTTPChannel.lineReceived",
]

ASK_PYTHON = """
import functools, importlib, inspect, json, sys
import daphne.server  # before all else: it installs the reactor
answers = {}
for name in sys.argv[1:]:
    parts = name.split(".")
    count = next(n for n, part in enumerate(parts) if part[0].isupper())
    module = importlib.import_module(".".join(parts[:count]))
    function = inspect.unwrap(functools.reduce(getattr, parts[count:], module))
    code = function.__code__
    answers[name] = [function.__module__, function.__qualname__, code.co_firstlineno]
print(json.dumps(answers))
"""

SHAPES = '''
"""A module with every way to bind a name."""
from __future__ import annotations
import math
import os.path
from typing import overload
from . import other
from .other import *
from .other import Base as Renamed

LIMIT = 3
LATER: int
ALIAS = Renamed
COPY = LIMIT
ONE, [*MANY], other.three = ONE_BY_ONE = Renamed

if LIMIT:
    def chosen(): ...
else:
    def rejected(): ...

try:
    import nowhere
except ImportError:
    def nowhere(): ...

@overload
def many(a: int) -> int: ...
@overload
def many(a: str) -> str: ...
def many(a):
    def within():
        return a
    return within

class Child(other.Base, unknown(), Generic[T]):
    class Inner:
        def deep(self): ...

    @property
    def size(self):
        return 1

    @size.setter
    def size(self, value): ...

    own = inherited = None

class Left(Renamed): ...
class Right(Renamed):
    def top(self): ...
class Diamond(Left, Right): ...
class Loop(Loop): ...
class Compiled(math.Thing, Renamed): ...
loop = loop
'''

OTHER = '''
class Base:
    def top(self):
        """The first."""
        return 1

def starred(): ...
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `shapes` that would fail if anyone imported it."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemExit('imported')\n")
    (folder / "all.py").write_text(SHAPES)
    (folder / "other.py").write_text(OTHER)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def first_line(target: Target) -> str:
    return target.source.splitlines()[0]


def test_finds_what_python_finds() -> None:
    run = [sys.executable, "-W", "ignore", "-c", ASK_PYTHON, *NAMES]
    answers = json.loads(subprocess.check_output(run, text=True))
    found = {name: find(name) for name in NAMES}
    assert answers == {
        name: [target.module, target.qualname, target.first_line]
        for name, target in found.items()
    }


@pytest.mark.parametrize(
    ("name", "module", "qualname", "line"),
    [
        ("shapes.all.LIMIT", "all", "LIMIT", "LIMIT = 3"),
        ("shapes.all.LATER", "all", "LATER", "LATER: int"),
        ("shapes.all.COPY", "all", "COPY", "COPY = LIMIT"),
        ("shapes.all.ONE", "all", "ONE", "ONE, [*MANY]"),
        ("shapes.all.ALIAS", "other", "Base", "class Base:"),
        ("shapes.all.Renamed.top", "other", "Base.top", "def top(self):"),
        ("shapes.all.starred", "other", "starred", "def starred(): ..."),
        ("shapes.all.other.Base", "other", "Base", "class Base:"),
        ("shapes.all.chosen", "all", "chosen", "def chosen(): ..."),
        ("shapes.all.many", "all", "many", "def many(a):"),
        ("shapes.all.many.within", "all", "many.within", "def within():"),
        ("shapes.all:Child.top", "other", "Base.top", "def top(self):"),
        ("shapes.all.Child.size", "all", "Child.size", "@property"),
        ("shapes.all.Child.own", "all", "Child.own", "own = inherited = None"),
        ("shapes.all.Child.Inner.deep", "all", "Child.Inner.deep", "def deep"),
        ("shapes.all.Compiled.top", "other", "Base.top", "def top(self):"),
        ("shapes.all.Diamond.top", "all", "Right.top", "def top(self): ..."),
        ("shapes.other", "other", "", ""),
    ],
)
def test_follows_what_the_text_says(
    package: Path, name: str, module: str, qualname: str, line: str
) -> None:
    target = find(name)
    assert (target.module, target.qualname) == (f"shapes.{module}", qualname)
    assert first_line(target).startswith(line)


def test_what_it_finds_is_complete(package: Path) -> None:
    target = find("shapes.all.Renamed.top")
    assert target.source == 'def top(self):\n    """The first."""\n    return 1\n'
    assert (target.first_line, target.last_line) == (3, 5)
    assert (target.file, target.path) == (package / "other.py", "shapes/other.py")
    assert target.name == "shapes.all.Renamed.top"
    assert target.package is None
    assert find("shapes").path == "shapes/__init__.py"


def test_sees_a_file_that_changed(package: Path) -> None:
    assert find("shapes.other.starred")
    (package / "other.py").write_text("def fresh(): ...\n")
    assert find("shapes.other.fresh").source == "def fresh(): ...\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shapes.all.Chid", "'shapes.all' has no 'Chid'; the nearest name is 'Child'"),
        (
            "shapes.all.Child.to",
            "'shapes.all.Child' has no 'to'; the nearest name is 'top'",
        ),
        ("shapes.all.Loop.it", "'shapes.all.Loop' has no 'it'"),
        ("shapes.all.loop.it", "'shapes.all.loop' has no 'it'"),
        ("shapes.all.math.pi", "module 'math' has no Python source"),
        (
            "shapes.othr:Base",
            "there is no module 'shapes.othr'; the nearest name is 'other'",
        ),
        ("daphnee", "there is no module 'daphnee'; the nearest name is 'daphne'"),
        ("time.sleep", "module 'time' has no Python source"),
        ("shapes.all.Child.", "'shapes.all.Child.' is not a dotted name"),
        ("GET /", "'GET /' is not a dotted name"),
        ("", "'' is not a dotted name"),
    ],
)
def test_says_what_leads_nowhere(package: Path, name: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        find(name)
    assert str(caught.value) == message


def test_knows_whose_code_it_is() -> None:
    owners = {
        name: find(name).package
        for name in ("daphne.server", "json.dumps", "walkthroughs.errors")
    }
    named = {
        name: (each.name, each.licence)
        for name, each in owners.items()
        if each is not None
    }
    assert named == {
        "daphne.server": ("daphne", "BSD License"),
        "json.dumps": ("Python", "PSF-2.0"),
        "walkthroughs.errors": ("inside-daphne", "BSD-3-Clause"),
    }
