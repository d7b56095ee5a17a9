"""How an application is found."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.walkthroughs.servers.conftest import SITE
from walkthroughs.errors import RecordingError
from walkthroughs.servers.application import SETTINGS, describe_error, load


def seen() -> object:
    application = load("shop.asgi")
    return application.__globals__["seen"]


def test_settings_are_those_of_the_environment(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "shop" / "settings.py").write_text("")
    monkeypatch.setenv(SETTINGS, "other.settings")
    assert seen() == "other.settings"


def test_settings_are_those_that_manage_names(project: Path) -> None:
    (project / "shop" / "settings.py").write_text("")
    (project / "manage.py").write_text(
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.development')\n"
    )
    assert seen() == "shop.development"


def test_settings_are_those_beside_the_application(project: Path) -> None:
    (project / "manage.py").write_text("# says nothing\n")
    (project / "shop" / "settings.py").write_text("")
    assert seen() == "shop.settings"


def test_without_settings_there_are_none(project: Path) -> None:
    assert not seen()
    assert os.environ[SETTINGS] == ""


def test_what_cannot_be_imported_is_told_with_its_place(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "shop" / "broken.py").write_text("\n1 / 0\n")
    with pytest.raises(RecordingError) as caught:
        load("shop.broken")
    assert str(caught.value) == (
        "cannot import shop.broken: ZeroDivisionError: division by zero "
        "(shop/broken.py, line 2)"
    )
    assert "Traceback" in capsys.readouterr().err


FACTORIES = """
async def app(scope, receive, send): pass
def create(): return app
async def later(): return app
def nothing(): pass
def fails(): raise ValueError("on purpose")
class Old:
    def __init__(self, scope): pass
number = 1
"""


@pytest.mark.parametrize(
    ("name", "factory", "fault"),
    [
        (
            "create",
            False,
            "takes no arguments, so it is not an ASGI application: if it",
        ),
        ("number", True, "made:number cannot be called: leave out --factory"),
        ("app", True, "made:app takes arguments: a factory is called without any"),
        ("later", True, "the factory made:later is async: make it a plain function"),
        ("nothing", True, "the factory made:nothing returned NoneType, not an ASGI"),
        (
            "fails",
            True,
            "made:fails raised ValueError: on purpose (test_what_a_factory",
        ),
    ],
)
def test_what_a_factory_is_not_is_told_in_one_line(
    name: str, factory: bool, fault: str, project: Path
) -> None:
    (project / "made.py").write_text(FACTORIES)
    with pytest.raises(RecordingError) as caught:
        load(f"made:{name}", factory)
    assert fault in str(caught.value) and "\n" not in str(caught.value)


def test_a_factory_makes_the_application(project: Path) -> None:
    (project / "made.py").write_text(FACTORIES)
    assert load("made:create", factory=True) is load("made")
    assert load("made:Old").__name__ == "Old"


def test_a_folder_of_applications_has_its_own_manage(project: Path) -> None:
    inner = project / "backend" / "site"
    inner.mkdir(parents=True)
    (inner / "shop2.py").write_text(SITE)
    (inner / "manage.py").write_text(
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop2.settings')\n"
    )
    found = load("shop2", app_dir=str(inner))
    sys.path.remove(str(inner))
    assert found.__globals__["seen"] == "shop2.settings"


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("src/lonely/main.py", ": it is in src, so add --app-dir src"),
        ("web/lonely/main/__init__.py", ": it is in web, so add --app-dir web"),
        ("src/lonely/other.py", ""),
    ],
)
def test_a_folder_that_would_do_is_named(place: str, hint: str, project: Path) -> None:
    (project / place).parent.mkdir(parents=True)
    (project / place).write_text("")
    with pytest.raises(RecordingError) as caught:
        load("lonely.main")
    assert str(caught.value).endswith(f"No module named 'lonely'{hint}")


def test_a_folder_is_not_named_for_what_the_application_imports(project: Path) -> None:
    (project / "src").mkdir()
    (project / "src" / "missing.py").write_text("")
    (project / "needs.py").write_text("import missing\n")
    with pytest.raises(RecordingError) as caught:
        load("needs")
    assert "--app-dir" not in str(caught.value)


def test_an_exception_without_words_is_told_by_its_class() -> None:
    assert describe_error(KeyError()) == "KeyError"
