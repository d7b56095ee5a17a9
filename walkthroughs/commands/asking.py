"""The options that say what is asked of an application, and by which server.

They are read in the order in which they stand: a header or a body belongs to the request
before it, a text to the WebSocket before it; a header before all of them to each.
"""

from __future__ import annotations

import re
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Any

from ..browser import LIMIT, Browser, Exchange, Request, Talk, path_of
from ..errors import RecordingError
from ..record import MAX_EVENTS
from ..servers import NAMES
from . import UsageError

PREFERRED = ("daphne", "uvicorn", "hypercorn", "minidaphne")
"""The first of these that is installed serves, if none is named."""

LOOPS = ("asyncio", "uvloop")
"""The event loops that an application can be recorded on."""


def add(parser: ArgumentParser) -> None:
    """Adds the application and what is asked of it."""
    parser.add_argument(
        "application",
        metavar="MODULE:APPLICATION",
        help="the ASGI application; without a name the module's `application` or `app`",
    )
    parser.add_argument(
        "--request",
        metavar="'METHOD PATH'",
        action=_Asked,
        help="a request, such as 'GET /polls/?page=2'; may be given several times "
        "(default: 'GET /')",
    )
    parser.add_argument(
        "--header",
        metavar="'NAME: VALUE'",
        action=_Asked,
        help="a header of the request or WebSocket before it, or of all",
    )
    parser.add_argument(
        "--data",
        metavar="TEXT|@FILE",
        action=_Asked,
        help="the body of the request before it, which then is a POST unless it says "
        "otherwise; {name} stands for the value of the cookie of that name",
    )
    parser.add_argument(
        "--websocket",
        metavar="PATH",
        action=_Asked,
        help="a WebSocket to open; may be given several times",
    )
    parser.add_argument(
        "--send",
        metavar="TEXT",
        nargs="+",
        action=_Asked,
        help="the messages to send through the WebSocket before it",
    )
    parser.add_argument(
        "--time-limit",
        metavar="SECONDS",
        type=float,
        default=LIMIT,
        help="how long each request may take (default: %(default)g)",
    )
    parser.add_argument(
        "--loop",
        choices=LOOPS,
        default=LOOPS[0],
        help="the event loop; uvloop is for an application that insists on it, and "
        "hides what scheduled a task or a callback (default: %(default)s)",
    )
    parser.add_argument(
        "--max-events",
        metavar="N",
        type=int,
        default=MAX_EVENTS,
        help="how many events are kept from when the server listens; what comes "
        "later is counted only "
        f"(default: {MAX_EVENTS:,})",
    )


class _Asked(Action):
    """Collects the words of all these options in one list, in their order."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, "asked", ())
        namespace.asked = (*before, (self.dest, values))


def exchanges(args: Namespace) -> list[Exchange]:
    """What the options ask for.

    Raises:
        UsageError: they do not go together.
    """
    asked: Sequence[tuple[str, Any]] = getattr(args, "asked", ())
    common: list[tuple[str, str]] = []
    found: list[Exchange] = []
    for option, value in asked:
        if option in ("request", "websocket"):
            found.append(_exchange(option, value))
        elif option == "header" and not found:
            common.append(_header(value))
        else:
            found = found or [Request("GET", "/")]
            found[-1] = _more(found[-1], option, value)
    found = found or [Request("GET", "/")]
    return [replace(each, headers=(*common, *each.headers)) for each in found]


def _exchange(option: str, value: str) -> Exchange:
    try:
        return Request.of(value) if option == "request" else Talk(path_of(value))
    except ValueError as error:
        raise UsageError(f"--{option}: {error}") from None


def _more(exchange: Exchange, option: str, value: Any) -> Exchange:
    """The exchange with one option more."""
    if option == "header":
        return replace(exchange, headers=(*exchange.headers, _header(value)))
    if option == "send":
        if not isinstance(exchange, Talk):
            raise UsageError("--send needs a WebSocket: put --websocket PATH before it")
        return replace(exchange, texts=(*exchange.texts, *value))
    if not isinstance(exchange, Request):
        raise UsageError("--data goes with a request: a WebSocket takes --send")
    method = "POST" if exchange.method == "GET" else exchange.method
    return replace(exchange, method=method, body=_body(value))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _NAME.fullmatch(name.strip()) or not _VALUE.fullmatch(value):
        raise UsageError(f"--header is 'NAME: VALUE', not {line!r}")
    return name.strip(), value.strip()


# RFC 9110, section 5: a name is a token; a value has no control characters but tabs.
_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


def _body(text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"--data {text}: {error.strerror}") from None


# A file is no dotted name, however much its name looks like one.
_APPLICATION = re.compile(r"(?!.*\.py(:|$))\w+(\.\w+)*(:\w+(\.\w+)*)?")


def application(name: str) -> str:
    """The name of an application.

    Raises:
        UsageError: it is none.
    """
    if not _APPLICATION.fullmatch(name):
        raise UsageError(
            f"the application is a dotted name, as in mysite.asgi:application, "
            f"not {name!r}"
        )
    return name


def server(name: str | None) -> str:
    """The server of that name, or the best that is there.

    Raises:
        UsageError: there is no such server.
        RecordingError: it is not installed.
    """
    if name is None:
        return next(each for each in PREFERRED if find_spec(each))
    if name not in NAMES:
        raise UsageError(f"there is no server {name!r}: take {', '.join(NAMES)}")
    if find_spec(name) is None:
        raise RecordingError(
            f"{name} is not installed here: run `python -m pip install {name}`"
        )
    return name


def browser(args: Namespace, tell: Any) -> Browser:
    """The browser that does what the options ask for.

    Raises:
        UsageError: a limit is none.
    """
    if not 0 < args.time_limit < inf or args.max_events <= 0:
        raise UsageError("--time-limit and --max-events are more than nothing")
    return Browser(exchanges(args), args.time_limit, tell)
