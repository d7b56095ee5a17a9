"""The cookies of one session: kept from responses, and sent with later requests."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from http.client import HTTPResponse
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import cast
from urllib.request import Request as UrllibRequest


class Cookies:
    """The cookies that a session has been given; it deletes those that it is told to."""

    def __init__(self) -> None:
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
        """Return the header that sends the cookies for a URL, or nothing without any.

        Args:
            url: of the request; its host and path decide which cookies it takes.
        """
        asked = UrllibRequest(url)
        self._jar.add_cookie_header(asked)
        pairs = asked.get_header("Cookie")
        return {"Cookie": pairs} if pairs else {}

    def fill(self, text: str) -> str:
        """Put the value of each cookie where a text says `{name}`.

        Args:
            text: of a header, a body or a message.
        """
        for cookie in self._jar:
            text = text.replace(f"{{{cookie.name}}}", cookie.value or "")
        return text


class _Policy(DefaultCookiePolicy):
    """As browsers have it on this machine: a cookie that wants HTTPS may do without."""

    def set_ok(self, cookie: Cookie, request: UrllibRequest) -> bool:
        return cookie.value is not None and super().set_ok(cookie, request)


@dataclass(frozen=True)
class _Response:
    """A response, as far as the keeper of the cookies looks at one."""

    headers: Message

    def info(self) -> Message:
        return self.headers
