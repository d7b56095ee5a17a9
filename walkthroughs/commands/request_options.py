"""The options that say what is asked of an application, and by which server.

They are read in the order in which they stand: a header or a body belongs to the request
before it, a message or a subprotocol to the WebSocket before it; a header before all of
them to each.
"""

from __future__ import annotations

import json
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

from ..clients.exchanges import Exchange, Receive, Request, WebSocket, path_of
from ..clients.session import LIMIT, LISTEN, MOST_AT_ONCE, QUIET, SessionClient
from ..errors import UsageError
from ..observation import MAX_EVENTS
from . import option_values

LOOPS = ("asyncio", "uvloop")
"""The event loops that an application can be recorded on."""


def add(parser: ArgumentParser) -> None:
    """Add the application and what is asked of it."""
    _add_application(parser)
    _add_exchanges(parser)
    _add_limits(parser)


def _add_application(parser: ArgumentParser) -> None:
    parser.add_argument(
        "application",
        metavar="MODULE:APPLICATION",
        help="the ASGI application; MODULE alone means its `application` or `app`",
    )
    parser.add_argument(
        "--factory",
        action="store_true",
        help="call what APPLICATION names, without arguments, to get the application",
    )
    parser.add_argument(
        "--app-dir",
        metavar="FOLDER",
        type=Path,
        help="look for MODULE in this folder (default: the current one)",
    )
    parser.add_argument(
        "--env-file",
        metavar="FILE",
        type=Path,
        help="set the environment variables in this file, one NAME=VALUE per line, for the "
        "application; variables that are already set keep their values",
    )


def _add_exchanges(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--request",
        metavar="'METHOD PATH'",
        action=_AppendOption,
        help="a request, such as 'GET /polls/?page=2'; may be given several times "
        "(default: 'GET /')",
    )
    parser.add_argument(
        "--header",
        metavar="'NAME: VALUE'",
        action=_AppendOption,
        help="a header for the request or WebSocket before it; before the first, for all of "
        "them",
    )
    parser.add_argument(
        "--data",
        metavar="TEXT|@FILE",
        action=_AppendOption,
        help="the body of the request before it; a GET becomes a POST; {name} stands for the "
        "value of the cookie of that name",
    )
    parser.add_argument(
        "--websocket",
        metavar="PATH",
        action=_AppendOption,
        help="a WebSocket to open; may be given several times; without --send, --send-bytes "
        f"and --receive, the client listens until nothing has arrived for {LISTEN:g} second",
    )
    parser.add_argument(
        "--subprotocol",
        metavar="NAME",
        action=_AppendOption,
        help="a subprotocol that the WebSocket before it offers; may be given several "
        "times, the preferred one first",
    )
    parser.add_argument(
        "--send",
        metavar="TEXT",
        nargs="+",
        action=_AppendOption,
        help="text messages to send through the WebSocket before it; after each, the "
        "client waits for an answer, up to the time limit, and then until nothing more "
        f"has arrived for {QUIET:g} seconds",
    )
    parser.add_argument(
        "--send-bytes",
        metavar="HEX|@FILE",
        nargs="+",
        action=_AppendOption,
        help="binary messages to send in the same way, as hexadecimal digits or from a "
        "file",
    )
    parser.add_argument(
        "--receive",
        metavar="N",
        action=_AppendOption,
        help="wait for N messages from the WebSocket before it, up to the time limit, "
        "and for nothing else: --send and --send-bytes then do not wait for answers",
    )


def _add_limits(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--concurrency",
        metavar="N",
        type=int,
        default=1,
        help="number of clients that send all of this at the same time, each with its "
        "own cookies (default: %(default)s)",
    )
    parser.add_argument(
        "--warm-up",
        action="store_true",
        help="send everything once beforehand and leave that out of the recording: a "
        "first request often imports modules and builds URL configurations",
    )
    parser.add_argument(
        "--time-limit",
        metavar="SECONDS",
        type=float,
        default=LIMIT,
        help="seconds that each request, or a whole WebSocket conversation, may take "
        "(default: %(default)g)",
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
        help="how many events to keep from when the server listens; later ones are only "
        f"counted (default: {MAX_EVENTS:,})",
    )


class _AppendOption(Action):
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
    """Return the exchanges that the options ask for.

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
            common.append(option_values.header(value))
        else:
            found = found or [Request("GET", "/")]
            found[-1] = _more(found[-1], option, value)
    found = found or [Request("GET", "/")]
    return [replace(each, headers=(*common, *each.headers)) for each in found]


def _exchange(option: str, value: str) -> Exchange:
    try:
        return Request.of(value) if option == "request" else WebSocket(path_of(value))
    except ValueError as error:
        raise UsageError(f"--{option}: {error}") from None


def _more(exchange: Exchange, option: str, value: Any) -> Exchange:
    """Return the exchange with one more option."""
    if option == "header":
        return replace(
            exchange, headers=(*exchange.headers, option_values.header(value))
        )
    if option == "data":
        if not isinstance(exchange, Request):
            raise UsageError("--data goes with a request: a WebSocket takes --send")
        method = "POST" if exchange.method == "GET" else exchange.method
        return replace(exchange, method=method, body=option_values.body(value))
    if not isinstance(exchange, WebSocket):
        name = option.replace("_", "-")
        raise UsageError(f"--{name} needs a WebSocket: put --websocket PATH before it")
    if option == "subprotocol":
        return replace(
            exchange,
            subprotocols=(*exchange.subprotocols, option_values.subprotocol(value)),
        )
    return replace(exchange, steps=(*exchange.steps, *_STEPS[option](value)))


_STEPS: Mapping[str, Callable[[Any], Sequence[str | bytes | Receive]]] = {
    "send": lambda texts: texts,
    "send_bytes": lambda texts: [
        option_values.parse_send_bytes(text) for text in texts
    ],
    "receive": lambda count: [option_values.parse_receive(count)],
}
"""What an option has a WebSocket do."""


def process(args: Namespace) -> dict[str, object]:
    """Return what the options say of the recorded process, as orders for it.

    Raises:
        UsageError: there is no such folder or file, or it cannot be read.
    """
    folder = args.app_dir
    if folder is not None and not folder.is_dir():
        raise UsageError(f"--app-dir {folder}: there is no such folder")
    return {
        "application": option_values.application(args.application),
        "factory": args.factory,
        "app_dir": str(folder.resolve()) if folder is not None else None,
        "environment": option_values.read_env_file(args.env_file)
        if args.env_file
        else {},
    }


def as_arguments(args: Namespace) -> dict[str, str]:
    """Return the options as further arguments of `scenario`: name -> code.

    The values in an environment file are often secret, so the code only names the file.
    """
    found = {
        "factory": str(args.factory),
        "app_dir": _quoted(args.app_dir) if args.app_dir else "",
        "environment": f"dotenv_values({_quoted(args.env_file)})"
        if args.env_file
        else "",
        "warm_up": str(args.warm_up),
        "at_once": str(args.concurrency) if args.concurrency > 1 else "",
    }
    return {name: code for name, code in found.items() if code not in ("", "False")}


def client(args: Namespace, tell: Any) -> SessionClient:
    """Return the client that does what the options ask for.

    Raises:
        UsageError: a limit is none.
    """
    if not 0 < args.time_limit < inf or args.max_events <= 0:
        raise UsageError("--time-limit and --max-events must be greater than 0")
    if not 1 <= args.concurrency <= MOST_AT_ONCE:
        raise UsageError(f"--concurrency must be between 1 and {MOST_AT_ONCE}")
    return SessionClient(exchanges(args), args.time_limit, tell, args.concurrency)


def _quoted(path: Path) -> str:
    # As ruff formats it, with double quotes.
    return json.dumps(str(path), ensure_ascii=False)
