"""What is shown of values: short, without secrets, and without running the program."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from walkthroughs.recorder.values import MASK, receiver_of, short


class Proxy:
    """Stands for an object that is made when somebody asks for it."""

    @property  # type: ignore[misc]  # as Django's lazy objects have it
    def __class__(self) -> type:
        raise AssertionError("the program was run")

    def frame(self) -> FrameType:
        return sys._getframe()


def test_a_proxy_is_not_asked_what_it_stands_for() -> None:
    assert receiver_of(Proxy().frame(), "self") is Proxy


SECRETS: list[Any] = [
    {"Authorization": "s3cret", "accept": "*/*"},
    {b"cookie": b"a=s3cret"},
    [(b"host", b"x"), (b"cookie", b"sessionid=s3cret")],
    (b"proxy-authorization", b"Basic s3cret"),
    ["set-cookie", "sessionid=s3cret; Path=/"],
    b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=s3cret; b=s3cret\r\n\r\n",
    "authorization: Bearer s3cret",
    "username=a&password=s3cret&next=/",
    '{"user": "a", "api_key": "s3cret"}',
    "{'csrfmiddlewaretoken': 's3cret'}",
    {"outer": {"X-Auth-Token": "s3cret"}},
    type("Odd", (), {"__repr__": lambda self: "<Odd token='s3cret'>"})(),
]


@pytest.mark.parametrize("value", SECRETS, ids=repr)
def test_secrets_are_masked_wherever_they_stand(value: Any) -> None:
    shown = short(value)
    assert "s3cret" not in shown
    assert MASK in shown or "???" in shown or len(shown) == 60


@pytest.mark.parametrize("name", ["password", "X-CSRFToken", "cookies", "sessionid"])
def test_the_name_of_an_argument_may_be_enough(name: str) -> None:
    assert short("anything", name) == MASK


@pytest.mark.parametrize(
    "value", ["/polls/?page=2", {"path": "/a"}, ["a", "b"], ("GET", "/"), b"abc", 3]
)
def test_what_is_no_secret_is_shown_as_it_is(value: Any) -> None:
    assert short(value, "path") == repr(value)
