"""The reader's own code is told by its file, and none of it is hidden."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from walkthroughs.focus import Focus
from walkthroughs.recorder import Recorder
from walkthroughs.servers.roles import Roles
from walkthroughs.trace import Call, Trace

FRAME = """
import functools

class View:
    def get(self):
        return self._prepared()

    def _prepared(self):
        return "page"

class Unused:
    def get(self):
        pass

def decorated(view):
    @functools.wraps(view)
    def _wrapper():
        return view()
    return _wrapper

def public(then):
    return _private(then)

def _private(then):
    return then()
"""

SHOP = """
import frame

class ProductList(frame.View):
    pass

class _Middleware:
    def __call__(self):
        return _checked()

def _checked():
    return [n for n in (1, 2)]

def create_app():
    @frame.decorated
    def view():
        return (lambda: 1)()
    return view

def events():
    def pieces():
        yield from (str(n) for n in (1, 2))
    return list(pieces())

def main():
    ProductList().get()
    frame.Unused().get()
    _Middleware()()
    create_app()()
    frame.public(events)
"""


@pytest.fixture
def roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Roles]:
    """A program of one's own, and a framework that an installer put there."""
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "frame.py").write_text(FRAME)
    (tmp_path / "shop.py").write_text(SHOP)
    for folder in (tmp_path, installed):
        monkeypatch.syspath_prepend(str(folder))
    import_module("shop")
    yield Roles(server=("none",), framework=("frame",), own=("shop",), rest=())
    for name in ("shop", "frame"):
        del sys.modules[name]


def record(focus: Focus) -> Trace:
    recorder = Recorder(focus)
    recorder.start()
    try:
        sys.modules["shop"].main()
    finally:
        recorder.stop()
    return recorder.trace()


def calls(trace: Trace) -> list[str]:
    return [trace.name(step) for step in trace.steps]


OWN = [
    "shop.main",
    "shop.ProductList.get",
    "shop._Middleware.__call__",
    "shop._checked",
    "shop.create_app",
    "shop.create_app.<locals>.view",
    "shop.create_app.<locals>.view.<locals>.<lambda>",
    "shop.events",
    "shop.events.<locals>.pieces",
]


def test_a_focus_on_own_code_hides_none_of_it(roles: Roles) -> None:
    trace = record(roles.focused(["shop"]))
    assert calls(trace) == OWN
    assert all(step.own for step in trace.steps)


def test_where_nobody_knows_whose_code_it_is_private_names_stay_out(
    roles: Roles,
) -> None:
    trace = record(Focus.of(["shop"]))
    assert calls(trace) == ["shop.main", "shop.create_app", "shop.events"]
    assert not any(step.own for step in trace.steps)


def test_a_focus_can_be_a_part_of_it_or_leave_a_part_out(roles: Roles) -> None:
    assert calls(record(roles.focused(["shop.ProductList"]))) == [OWN[1]]
    without = calls(record(roles.focused(["shop", "-shop.create_app"])))
    assert without == [each for each in OWN if "create_app" not in each]


def test_without_a_focus_all_of_everything_is_recorded(roles: Roles) -> None:
    trace = record(roles.focused(None))
    others = [
        "shop.ProductList._prepared",
        "frame.Unused.get",
        "frame.decorated",
        "frame.decorated.<locals>._wrapper",
        "frame.public",
        "frame._private",
    ]
    assert sorted(calls(trace)) == sorted([*OWN, *others])
    mine = [trace.name(step) for step in trace.steps if step.own]
    assert mine == OWN


def test_own_code_that_no_name_foresaw_is_recorded_too(roles: Roles) -> None:
    unforeseen = Roles(roles.server, roles.framework, own=("other",), rest=())
    assert set(OWN) <= set(calls(record(unforeseen.focused(None))))


def test_a_call_says_whether_its_parent_made_it(roles: Roles) -> None:
    trace = record(roles.focused(["shop"]))
    direct = {trace.name(s): s.direct for s in trace.steps if isinstance(s, Call)}
    assert direct["shop.ProductList.get"]
    # The decorator's wrapper and the framework's functions were not recorded.
    assert not direct["shop.create_app.<locals>.view"]
    assert not direct["shop.events"]


def test_servers_and_this_package_are_nobodys_own(tmp_path: Path) -> None:
    roles = Roles(("daphne", "-daphne.x"), (), ("walkthroughs.scenarios.mysite",), ())
    mine = str(tmp_path / "a.py")
    assert roles.owns(mine, "shop.views")
    assert not roles.owns(mine, "daphne.server")
    assert not roles.owns(mine, "walkthroughs.recording")
    assert not roles.owns(mine, "__main__")
    assert roles.owns(mine, "walkthroughs.scenarios.mysite.views")
    assert not roles.owns(str(tmp_path / "site-packages" / "a.py"), "shop.views")
