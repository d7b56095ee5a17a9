"""What is shown of values: short, without secrets, and without running the program."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from walkthroughs.recorder import values
from walkthroughs.recorder.asgi_wrapper import summary
from walkthroughs.recorder.values import MASK, ROOM, masked, receiver_of, short


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


WHOLE = {
    "password: bob": "password: •••",
    "password: it's me\nhello": "password: •••\nhello",
    'Cookie: "a"; session=b': "Cookie: •••",
    "{'password': b'bob', 'x': 1}": "{'password': •••, 'x': 1}",
    "a=1&token=zz&next=/": "a=1&token=•••&next=/",
    "['cookie: •••', 'b']": "['cookie: •••', 'b']",
    "tokens per second": "tokens per second",
    "x-api-key=b": "x-api-key=•••",
    "DATABASE_URL=postgres://u:b@db/a": "DATABASE_URL=postgres://u:•••@db/a",
    "https://:b@x/ http://x:80/": "https://:•••@x/ http://x:80/",
    "sent Bearer bob, twice": "sent Bearer •••, twice",
    "pwd=b&private_key=c&x-auth=d": "pwd=•••&private_key=•••&x-auth=•••",
    "author: bob": "author: bob",
    "the password is bob": "the password is •••",
    "password -> bob": "password -> •••",
    "password->bob": "password->•••",
    "token => bob": "token => •••",
    "next=/a%3Fpassword%3Dbob": "next=/a%3Fpassword%3D•••",
    "password%253Dbob&x=1": "password%253D•••&x=1",
    "<password>bob</password>": "<password>•••",
    "the passphrase isolates": "the passphrase isolates",
    "a -> b, c > d, e is f": "a -> b, c > d, e is f",
}


@pytest.mark.parametrize("text", WHOLE)
def test_the_whole_secret_is_masked_and_nothing_else(text: str) -> None:
    assert masked(text) == WHOLE[text]


def test_the_end_of_a_long_secret_is_not_shown_without_its_name() -> None:
    long = "x" * 40 + " password=" + "y" * 40 + "s3cret"
    for value in (long, long.encode(), [long], type("Text", (str,), {})(long)):
        assert "s3cret" not in short(value)


LARGE: dict[str, Any] = {
    "hexadecimal": "a0" * 4_000,
    "a megabyte": "x" * 1_000_000,
    "names of secrets": "token" * 200_000,
    "blanks": "token" + " " * 1_000_000,
    "quotes": 'token: "' + '\\"' * 500_000,
    "bytes": b"token=" * 200_000,
    "a buffer": bytearray(b"token=" * 200_000),
    "headers": [(b"x-token-%d" % n, b"y" * 100) for n in range(10_000)],
    "a dict": {f"token-{n}" * 100: "y" * 10_000 for n in range(10_000)},
    "a set": {f"token-{n}" for n in range(10_000)},
    "an object": type("Large", (), {"__repr__": lambda self: "token" * 200_000})(),
    "a number": 10**5_000,
}


class Spy:
    """A compiled pattern that notes how many characters it is given to read."""

    def __init__(self, pattern: re.Pattern[str], read: list[int]) -> None:
        self.pattern, self.read = pattern, read

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def match(*args: Any) -> Any:
            self.read.append(len(args[1] if name == "sub" else args[0]))
            return getattr(self.pattern, name)(*args)

        return match


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many characters each pattern of the recorder is given, in order."""
    found: list[int] = []
    for name, each in list(vars(values).items()):
        if isinstance(each, re.Pattern):
            monkeypatch.setattr(values, name, Spy(each, found))
    return found


@pytest.mark.parametrize("name", LARGE)
def test_no_pattern_reads_all_that_a_client_sends(name: str, read: list[int]) -> None:
    values._names_secret.cache_clear()
    assert len(short(LARGE[name])) < ROOM
    summary({"type": "websocket.receive", "text": LARGE[name], "more": 1})
    assert max(read, default=0) <= ROOM
    assert sum(read) <= 100 * ROOM


def test_the_spy_sees_a_pattern_that_reads_too_much(read: list[int]) -> None:
    values._holds_secret("x" * 1_000)
    assert read == [1_000]


def test_patterns_take_no_text_back() -> None:
    # A quantifier that may give back what it took makes two of them quadratic.
    for pattern in (values._NAMED, values._VALUE, values._UNNAMED):
        text = re.sub(r"\(\?(?:[:=!]|<!|P<\w+>)|\[[^]]+\]|#.*", "", pattern.pattern)
        loose = [each for each in re.findall(r"[*+]\+?", text) if len(each) == 1]
        assert loose == []


@pytest.mark.parametrize("name", ["password", "X-CSRFToken", "cookies", "sessionid"])
def test_the_name_of_an_argument_may_be_enough(name: str) -> None:
    assert short("anything", name) == MASK


@pytest.mark.parametrize(
    "value", ["/polls/?page=2", {"path": "/a"}, ["a", "b"], ("GET", "/"), b"abc", 3]
)
def test_what_is_no_secret_is_shown_as_it_is(value: Any) -> None:
    assert short(value, "path") == repr(value)
