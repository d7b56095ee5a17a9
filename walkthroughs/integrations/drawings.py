"""The fences `states` and `house`: pictures of what the code and the recordings say.

    ```states minidaphne.http_protocol
    AWAITED -> STARTED: http.response.start
    COMPLETE -> COMPLETE: (the client has gone)
    ```

draws the states of a module: its enum `State`, with the comments beside the members, and
its table `LEGAL` of the messages that are legal in each.  The body says where each
message leads; words in brackets are for what is no message.  A message that is missing,
or not legal there, is an error.

    ```house minidaphne
    ```

draws the modules of a server and who calls whom, from all recordings on the pages.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import FenceError, WalkthroughError
from ..record import record
from ..render.graph import Arrow, house, states
from ..targets import find
from ..trace import Call, Trace
from .fences import fences

ARROW = re.compile(r"(?P<start>\w+) -> (?P<end>\w+): (?P<words>.+)")


def arrows(body: str) -> tuple[Arrow, ...]:
    """The arrows that the body of a `states` fence names.

    Raises:
        FenceError: a line is none.
    """
    found = []
    for line in filter(str.strip, body.splitlines()):
        match = ARROW.fullmatch(line.strip())
        if match is None:
            raise FenceError(f"this is no `STATE -> STATE: words`: {line}")
        found.append(Arrow(match["start"], match["end"], match["words"]))
    return tuple(found)


def meanings(module: str) -> dict[str, str]:
    """The members of a module's `State`, each with the comment beside it."""
    member = re.compile(r"\s+([A-Z]+) = \d+  # (.+)")
    lines = map(member.fullmatch, find(f"{module}.State").source.splitlines())
    return {match[1]: match[2] for match in lines if match}


def legal(module: str) -> dict[str, tuple[str, ...]]:
    """A module's table `LEGAL`: state -> the messages that are legal in it."""
    statement = ast.parse(find(f"{module}.LEGAL").source).body[0]
    assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict)
    pairs = zip(statement.value.keys, statement.value.values, strict=True)
    table = {ast.unparse(key): ast.literal_eval(value) for key, value in pairs if key}
    return {
        state: (messages,) if isinstance(messages, str) else messages
        for state, messages in table.items()
    }


def check_states(body: str, module: str) -> tuple[Arrow, ...]:
    """The arrows of a fence, when they and the module's tables agree.

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
            raise FenceError(f"where does {missing[0]} lead from state {state}?")
    return found


def draw_states(body: str, module: str) -> str:
    """The picture of a `states` fence."""
    found = check_states(body, module)
    doc = find(f"{module}.State").source.partition('"""')[2].partition(".")[0]
    title = f"States in {module}: {doc[:1].lower()}{doc[1:]}"
    return states(meanings(module), found, title, f"states-{module.replace('.', '-')}")


def draw_house(server: str, folder: Path) -> str:
    """The picture of a `house` fence.

    Raises:
        FenceError: no page has a recording of that server.
    """
    traces = [*recordings(server, folder)]
    if not traces:
        raise FenceError(f"no listing of the book runs on {server!r}")
    calls = count_calls(traces, server)
    boxes = in_order(calls)
    found = [
        Arrow(start, end, f"{n} call{'s' * (n > 1)}", n)
        for (start, end), n in sorted(calls.items())
    ]
    title = f"Who calls whom in {server}, in {len(traces)} recordings"
    return house(boxes, found, title, f"house-{server}")


def recordings(server: str, folder: Path) -> Iterator[Trace]:
    """Each recording of a server that a listing of the book speaks of, once."""
    scenarios = {
        fence.options.get("scenario", "")
        for path in folder.rglob("*.md")
        for fence in fences(path.read_text(encoding="utf-8"))
        if fence.language == "callpath" and fence.options.get("server") == server
    }
    for scenario in sorted(scenarios):
        try:
            yield record(scenario, server)
        except WalkthroughError:
            continue  # the listing's own test says so, with its line


def count_calls(traces: Sequence[Trace], server: str) -> Counter[tuple[str, str]]:
    """How often code of one place calls code of another: modules of the server, and
    all other packages as wholes.  A message sent is a call by who sends it."""
    calls: Counter[tuple[str, str]] = Counter()
    for trace in traces:
        for step in trace.steps:
            above = (trace.events[n] for n in trace.ancestors(step))
            caller = next((each for each in above if isinstance(each, Call)), None)
            if isinstance(step, Call) and caller is not None:
                pair = _place(trace, caller, server), _place(trace, step, server)
                calls[pair] += pair[0] != pair[1]
    return +calls


def _place(trace: Trace, call: Call, server: str) -> str:
    package, _, module = trace.function(call).module.partition(".")
    return module.partition(".")[0] or package if package == server else package


def in_order(calls: Mapping[tuple[str, str], int]) -> list[str]:
    """The places, who calls most and is called least first."""
    balance: Counter[str] = Counter()
    for start, end in calls:
        balance[start] += 1
        balance[end] -= 1
    return sorted(balance, key=lambda name: (-balance[name], name))
