"""Parse the values of request options, and reject bad ones with a one-line error."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

from dotenv.main import DotEnv
from dotenv.parser import parse_stream

from ..clients.exchanges import Receive
from ..errors import RecordingError, UsageError
from ..servers import NAMES

PREFERRED = sorted(NAMES, key=lambda name: name == "minidaphne")
"""The first of these that is installed serves, if none is named.

minidaphne comes last: it is always installed.
"""


def parse_receive(count: str) -> Receive:
    """Turn the value of `--receive` into a step that waits for that many messages.

    Args:
        count: how many messages.

    Raises:
        UsageError: it is not a whole number of at most nine digits.
    """
    if not re.fullmatch(r"\d{1,9}", count, re.ASCII):
        raise UsageError(f"--receive takes a number of messages, not {count!r}")
    return Receive(int(count))


def parse_send_bytes(text: str) -> bytes:
    """Return the message that a value of `--send-bytes` stands for.

    Args:
        text: hexadecimal digits, or "@FILE".

    Raises:
        UsageError: it is not hexadecimal, or the file cannot be read.
    """
    if text.startswith("@"):
        return _file("--send-bytes", text)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise UsageError(
            f"--send-bytes takes hexadecimal digits, as in '00 ff', or @FILE, "
            f"not {text!r}"
        ) from None


def subprotocol(name: str) -> str:
    """Return the name of a subprotocol.

    Args:
        name: the value of --subprotocol.

    Raises:
        UsageError: it is not a valid subprotocol name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"--subprotocol takes one name, as in graphql-ws, not {name!r}"
        )
    return name


def header(line: str) -> tuple[str, str]:
    """Return the name and the value of a header.

    Args:
        line: the value of --header, "NAME: VALUE".

    Raises:
        UsageError: it is not a valid header.
    """
    name, colon, value = line.partition(":")
    if not colon or not _NAME.fullmatch(name.strip()) or not _VALUE.fullmatch(value):
        raise UsageError(f"--header is 'NAME: VALUE', not {line!r}")
    return name.strip(), value.strip()


# RFC 9110, section 5: a name is a token; a value has no control characters but tabs.
_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


def body(text: str) -> bytes:
    """Return the body of a request.

    Args:
        text: the value of --data, the body itself or "@FILE".

    Raises:
        UsageError: the file cannot be read.
    """
    return _file("--data", text) if text.startswith("@") else text.encode()


def _file(option: str, text: str) -> bytes:
    """Read the file that "@FILE" names."""
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"{option} {text}: {error.strerror}") from None


# A file is not a dotted name, however much its name looks like one.
_APPLICATION = re.compile(r"(?!.*\.py(:|$))\w+(\.\w+)*(:\w+(\.\w+)*)?")


def application(name: str) -> str:
    """Return the name of an application.

    Raises:
        UsageError: it is not a dotted name.
    """
    if not _APPLICATION.fullmatch(name):
        raise UsageError(
            f"the application is a dotted name, as in mysite.asgi:application, "
            f"not {name!r}"
        )
    return name


def server(name: str | None) -> str:
    """Return the given server name if it is usable.

    Without a name, return the first of `PREFERRED` that is installed.

    Raises:
        UsageError: there is no such server.
        RecordingError: it is not installed.
    """
    if name is None:
        return next(each for each in PREFERRED if find_spec(each))
    if name not in NAMES:
        raise UsageError(
            f"there is no server {name!r}: choose one of {', '.join(NAMES)}"
        )
    if find_spec(name) is None:
        raise RecordingError(
            f"{name} is not installed here: run `python -m pip install {name}`"
        )
    return name


def read_env_file(file: Path) -> dict[str, str]:
    """Return the variables that a file sets and that are not set already.

    Raises:
        UsageError: the file cannot be read, or a line is not NAME=VALUE.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--env-file {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--env-file {file}: it is not UTF-8 text") from None
    for each in parse_stream(StringIO(text)):
        if each.error or (each.key is not None and each.value is None):
            # The parser counts blank lines before an entry as part of it.
            said = each.original.string
            empty = said[: len(said) - len(said.lstrip())].count("\n")
            number = each.original.line + empty
            raise UsageError(f"--env-file {file}: line {number} is not NAME=VALUE")
    if "\0" in text:
        raise UsageError(f"--env-file {file}: it contains a NUL character")
    values = DotEnv(None, StringIO(text), override=False).dict()
    return {n: v for n, v in values.items() if v is not None and n not in os.environ}
