"""What a server does not do is told where it may be why something failed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from walkthroughs.servers.shortcomings import (
    missing,
    raiser,
    unoffered,
    without_lifespan,
    without_uvloop,
)

SCOPE = {"type": "websocket", "path": "/", "subprotocols": ["v1"]}


def test_a_key_that_a_scope_ought_to_have_is_told() -> None:
    assert missing("daphne", SCOPE, KeyError("scheme")) == (
        "daphne's WebSocket scope has no 'scheme'"
    )


@pytest.mark.parametrize(
    "error", [KeyError("path"), KeyError("own"), KeyError(), KeyError([]), IndexError()]
)
def test_what_is_not_the_servers_fault_is_not_told(error: Exception) -> None:
    assert missing("daphne", SCOPE, error) is None


def test_a_subprotocol_that_nobody_offered_is_told() -> None:
    accept = {"type": "websocket.accept", "subprotocol": "v2"}
    assert "the client did not offer: add --subprotocol v2" in str(
        unoffered(SCOPE, accept)
    )
    assert unoffered(SCOPE, {**accept, "subprotocol": "v1"}) is None
    assert unoffered(SCOPE, {"type": "websocket.accept"}) is None


@pytest.mark.parametrize(
    "code",
    [
        'if event["type"] == "lifespan.startup":',
        "app = FastAPI(lifespan=begin)",
        "app = Litestar(on_startup=[begin])",
        '@app.on_event("startup")',
        "@app.before_serving",
        "@app.before_server_start",
    ],
)
def test_code_for_the_start_up_is_told_on_a_server_that_does_not_run_it(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("shop.main")
    module.__file__ = str(tmp_path / "main.py")
    monkeypatch.setitem(sys.modules, "shop.main", module)
    Path(module.__file__).write_text("nothing for the start-up here: lifespan off\n")
    assert without_lifespan("daphne", ["shop"]) is None
    Path(module.__file__).write_text(f"{code}\n")
    assert without_lifespan("uvicorn", ["shop"]) is None
    assert without_lifespan("daphne", ["sho"]) is None
    assert str(without_lifespan("daphne", ["shop"])).endswith("/main.py did not run")


def test_a_framework_that_needs_its_start_up_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("frame.asgi")
    module.__file__ = str(tmp_path / "asgi.py")
    monkeypatch.setitem(sys.modules, "frame.asgi", module)
    code = "def begin(*wanted): raise LookupError(wanted)"
    exec(compile(code, "asgi.py", "exec"), vars(module))  # noqa: S102 - as imported
    with pytest.raises(LookupError) as caught:
        module.begin("lifespan")
    assert raiser(caught.value) == "frame.asgi"
    Path(module.__file__).write_text("nothing for the start-up here\n")
    assert without_lifespan("daphne", ["shop"], ["frame.asgi"]) is None
    Path(module.__file__).write_text('if message["type"] == "lifespan.startup":\n')
    assert without_lifespan("daphne", ["shop"], ["frame.asgi"]) == (
        "daphne runs no lifespan, so frame was not started"
    )
    assert without_lifespan("daphne", ["shop"], ["shop.views"]) is None
    assert without_lifespan("uvicorn", ["shop"], ["frame.asgi"]) is None


def test_that_uvloop_may_be_needed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", ModuleType("uvloop"))
    assert "add --loop uvloop" in str(without_uvloop("asyncio"))
    assert without_uvloop("uvloop") is None
    monkeypatch.delitem(sys.modules, "uvloop")
    assert without_uvloop("asyncio") is None
