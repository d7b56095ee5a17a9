"""The cookies of one session: kept from responses, and sent with later requests."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from http.client import HTTPResponse
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import cast
from urllib.request import Request as UrllibRequest


class Cookies:
    """A session's cookies.  A response can set and delete them."""

    def __init__(self) -> None:
        # Like browsers on localhost, send `Secure` cookies over plain HTTP.
        self._jar = CookieJar(_Policy(secure_protocols=("http", "https")))

    def keep(self, url: str, headers: Message) -> None:
        """Keep the cookies that a response sets; forget those that it deletes.

        Args:
            url: of the request.
            headers: of the response.
        """
        self._jar.extract_cookies(
            cast(HTTPResponse, _Response(headers)), UrllibRequest(url)
        )

    def header(self, url: str) -> dict[str, str]:
        """Return the `Cookie` header for a URL, or an empty dict if no cookie matches.

        Args:
            url: of the request; its host and path decide which cookies are sent.
        """
        asked = UrllibRequest(url)
        self._jar.add_cookie_header(asked)
        pairs = asked.get_header("Cookie")
        return {"Cookie": pairs} if pairs else {}

    def fill(self, text: str) -> str:
        """Replace each `{name}` in a text by the value of the cookie of that name.

        Args:
            text: of a header, a body or a message.
        """
        for cookie in self._jar:
            text = text.replace(f"{{{cookie.name}}}", cookie.value or "")
        return text


class _Policy(DefaultCookiePolicy):
    """The standard policy, except that it rejects a cookie without a value."""

    def set_ok(self, cookie: Cookie, request: UrllibRequest) -> bool:
        return cookie.value is not None and super().set_ok(cookie, request)


@dataclass(frozen=True)
class _Response:
    """The part of a response that `CookieJar` reads."""

    headers: Message

    def info(self) -> Message:
        return self.headers
