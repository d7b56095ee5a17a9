"""The fence `states`: the states of a module, and what leads from one to the next.

    ```states minidaphne.http_protocol
    AWAITED -> STARTED: http.response.start
    COMPLETE -> COMPLETE: (the client has gone)
    ```

draws the states of a module: its enum `State`, with the comments beside the members, and
its table `LEGAL` of the messages that are legal in each.  The body says where each
message leads; words in brackets are for what is no message.  A message that is missing,
or not legal there, is an error.
"""

from __future__ import annotations

import ast
import re

from ..errors import FenceError
from ..pages.markdown import Fence, options_of
from ..render.graph import Arrow, states
from ..source_locator import find
from .place import Place

ARROW = re.compile(r"(?P<start>\w+) -> (?P<end>\w+): (?P<words>.+)")


def check(fence: Fence, place: Place) -> None:
    """Hold the arrows of the fence against the module's tables.

    Raises:
        FenceError: they do not agree; the text says where.
        TargetError: there are no such tables.
    """
    check_states(fence.body, options_of(fence).get("target", ""))


def render(fence: Fence, place: Place) -> str:
    """Make the picture of the states; raise as `check` does."""
    return draw_states(fence.body, options_of(fence).get("target", ""))


def arrows(body: str) -> tuple[Arrow, ...]:
    """Return the arrows that the body of a `states` fence names.

    Raises:
        FenceError: a line is none.
    """
    found = []
    for line in filter(str.strip, body.splitlines()):
        match = ARROW.fullmatch(line.strip())
        if match is None:
            raise FenceError(f"this is not a `STATE -> STATE: words`: {line}")
        found.append(Arrow(match["start"], match["end"], match["words"]))
    return tuple(found)


def meanings(module: str) -> dict[str, str]:
    """Return the members of a module's `State`, each with the comment beside it."""
    member = re.compile(r"\s+([A-Z]+) = \d+  # (.+)")
    lines = map(member.fullmatch, find(f"{module}.State").source.splitlines())
    return {match[1]: match[2] for match in lines if match}


def legal(module: str) -> dict[str, tuple[str, ...]]:
    """Read a module's table `LEGAL`: state -> the messages that are legal in it."""
    statement = ast.parse(find(f"{module}.LEGAL").source).body[0]
    assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict)
    pairs = zip(statement.value.keys, statement.value.values, strict=True)
    table = {ast.unparse(key): ast.literal_eval(value) for key, value in pairs if key}
    return {
        state: (messages,) if isinstance(messages, str) else messages
        for state, messages in table.items()
    }


def check_states(body: str, module: str) -> tuple[Arrow, ...]:
    """Return the arrows of a fence, when they and the module's tables agree.

    Raises:
        FenceError: they do not; the text says where.
        TargetError: there are no such tables.
    """
    known, table, found = meanings(module), legal(module), arrows(body)
    for arrow in found:
        if unknown := {arrow.start, arrow.end} - set(known):
            raise FenceError(f"{module} has no state {unknown.pop()}")
        message = arrow.words.partition(",")[0]
        if message[0] != "(" and message not in table.get(arrow.start, ()):
            raise FenceError(f"{message} is not legal in state {arrow.start}")
    drawn = {(arrow.start, arrow.words.partition(",")[0]) for arrow in found}
    for state, messages in table.items():
        if missing := [each for each in messages if (state, each) not in drawn]:
            raise FenceError(f"no arrow for {missing[0]} from state {state}")
    return found


def draw_states(body: str, module: str) -> str:
    """Draw the picture of a `states` fence."""
    found = check_states(body, module)
    doc = find(f"{module}.State").source.partition('"""')[2].partition(".")[0]
    title = f"States in {module}: {doc[:1].lower()}{doc[1:]}"
    return states(meanings(module), found, title, f"states-{module.replace('.', '-')}")
