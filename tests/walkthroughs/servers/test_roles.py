"""Whose code is whose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from walkthroughs.packages import is_own
from walkthroughs.servers.application import load
from walkthroughs.servers.roles import Roles


def test_roles_tell_whose_code_is_whose(project: Path) -> None:
    application = load("shop.asgi")
    roles = Roles.of(application, "shop.asgi", ("daphne", "-daphne.server.x"))
    assert roles.own[0] == "shop"
    assert "helper" in roles.own
    assert "pytest" in roles.rest
    assert "asyncio" not in roles.rest
    assert not {"daphne", "walkthroughs"} & {*roles.own, *roles.framework, *roles.rest}
    assert roles.focus[-1] == "*.__call__"


def test_of_this_package_only_the_part_with_the_application_is_own() -> None:
    path = "walkthroughs.scenarios.mysite.asgi:django_application"
    roles = Roles.of(load(path), path, ("daphne",))
    assert roles.own[0] == "walkthroughs.scenarios.mysite"
    assert {"django", "channels"} <= set(roles.framework)


def test_what_an_installer_put_there_is_nobodys_own() -> None:
    assert is_own(Path(__file__))
    assert not is_own(Path(os.__file__))
    assert not is_own(Path(pytest.__file__))
