"""The cookies of a session: which are kept, and which are sent where."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walkthroughs.clients.http_server import answering
from walkthroughs.clients.exchanges import Request
from walkthroughs.clients.session import Session


def cookies_sent(*responses: tuple[str, str], target: str = "/") -> list[str]:
    """Return the `Cookie` headers of a session.

    It requests each path, receives its `Set-Cookie`, then requests `target`.  The first
    request, which has no cookies yet, is left out.
    """
    sent = []
    given = iter([line for _, line in responses])

    def answer(request: Any) -> list[tuple[str, str]]:
        sent.append(request.headers.get("Cookie", ""))
        line = next(given, "")
        return [("Set-Cookie", line)] if line else []

    with answering(answer) as port:
        session = Session(port)
        for path, _ in responses:
            session.do(Request("GET", path))
        session.do(Request("GET", target))
    return sent[1:]


@pytest.mark.parametrize(
    "deletion",
    ["a=; Max-Age=0; Path=/", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"],
)
def test_a_cookie_that_the_server_deletes_is_sent_no_more(deletion: str) -> None:
    assert cookies_sent(("/in", "a=1; Path=/"), ("/out", deletion)) == ["a=1", ""]


def test_a_cookie_is_sent_below_its_path_only() -> None:
    assert cookies_sent(("/", "a=1; Path=/shop"), target="/shop/1") == ["a=1"]
    assert cookies_sent(("/", "a=1; Path=/shop"), target="/blog") == [""]


def test_this_machine_counts_as_safe_for_a_secure_cookie() -> None:
    assert cookies_sent(("/", "a=1; Secure; Path=/")) == ["a=1"]


def test_what_is_no_cookie_is_not_sent() -> None:
    assert cookies_sent(("/", "a@b")) == [""]


def test_the_name_of_a_deleted_cookie_is_filled_in_no_more() -> None:
    heard = []

    def answer(request: Any) -> list[tuple[str, str]]:
        heard.append(request.headers["X-Own"])
        return [("Set-Cookie", f"t=1; Max-Age={0 if request.path == '/out' else 9}")]

    with answering(answer) as port:
        session = Session(port)
        for target in ("/in", "/out", "/"):
            session.do(Request("GET", target, headers=(("X-Own", "{t}"),)))
    assert heard == ["{t}", "1", "{t}"]
