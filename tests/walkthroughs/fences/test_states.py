"""The fence `states`: a picture that the code vouches for."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.minidaphne.memory import GET, Connection, make_server, run
from tests.minidaphne.test_ws_protocol import HANDSHAKE
from tests.walkthroughs.page_builder import check_fault, failures
from walkthroughs.fences.states import arrows, check_states
from walkthroughs.pages.markdown import fences
from walkthroughs.render.graph import Arrow

MESSAGES: dict[str, dict[str, Any]] = {
    "accept": {"type": "websocket.accept"},
    "close": {"type": "websocket.close"},
    "send": {"type": "websocket.send", "text": "hello"},
    "start": {"type": "http.response.start", "status": 200},
    "body": {"type": "http.response.body", "body": b"x"},
}


def book_states(house: Path) -> dict[str, tuple[Arrow, ...]]:
    """Module -> the arrows that the book draws of it."""
    page = house / "docs" / "reference" / "maps.md"
    found = fences(page.read_text(encoding="utf-8"))
    drawn = [each for each in found if each.language == "states"]
    return {each.arguments[0]: arrows(each.body) for each in drawn}


def message(arrow: Arrow) -> dict[str, Any] | None:
    """What the application sends to go along an arrow."""
    kind, _, more = arrow.words.partition(", ")
    found = MESSAGES.get(kind.rpartition(".")[2])
    return found and {**found, **({"more_body": True} if more else {})}


def ways(found: tuple[Arrow, ...], start: str) -> dict[str, list[Arrow]]:
    """State -> a way to it along arrows with messages."""
    known: dict[str, list[Arrow]] = {start: []}
    for _ in found:
        for arrow in found:
            if arrow.start in known and message(arrow) is not None:
                known.setdefault(arrow.end, [*known[arrow.start], arrow])
    return known


def walk(data: bytes, way: list[Arrow]) -> list[str]:
    """The states that a connection in memory goes through."""
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def scenario() -> None:
        server = make_server(application)
        connection = Connection(server)
        await connection.send(data)
        subject: Any = next(iter(server.connections))
        seen.append(subject.state.name)
        for arrow in way:
            sent = message(arrow)
            assert sent is not None
            subject.handle_reply(sent)
            seen.append(subject.state.name)
        connection.transport.lose()
        await connection.settle()

    run(scenario)
    return seen


@pytest.mark.parametrize(
    ("module", "data"),
    [("minidaphne.http_protocol", GET), ("minidaphne.ws_protocol", HANDSHAKE)],
)
def test_every_arrow_with_a_message_is_what_minidaphne_does(
    house: Path, module: str, data: bytes
) -> None:
    found = book_states(house)[module]
    known = ways(found, found[0].start)
    for arrow in found:
        if message(arrow) is not None:
            way = [*known[arrow.start], arrow]
            states = [found[0].start, *(each.end for each in way)]
            assert walk(data, way) == states, arrow


PAGE = """\
# A page

{fence}states minidaphne.http_protocol
AWAITED -> STARTED: http.response.start
STARTED -> WRITING: http.response.body, more_body
WRITING -> COMPLETE: http.response.body
{fence}
""".replace("{fence}", "```")

FAULTS = {
    "an unknown state": ("-> COMPLETE", "-> DONE", "has no state DONE"),
    "not legal": ("AWAITED ->", "COMPLETE ->", "start is not legal in state COMPLETE"),
    "missing": (
        "WRITING -> COMPLETE: http.response.body\n",
        "",
        "page.md:3: no arrow for http.response.body from state WRITING",
    ),
    "no arrow": ("AWAITED -> ", "AWAITED ", "this is not a `STATE -> STATE: words`"),
    "no table": ("http_protocol", "errors", "State"),
    "no server": ("states minidaphne.http_protocol", "module-map apache", "'apache'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_with_page_line_and_cause(tmp_path: Path, fault: str) -> None:
    check_fault(tmp_path, PAGE, FAULTS[fault])


def test_arrows_that_fit_the_tables_pass(tmp_path: Path) -> None:
    assert failures(tmp_path, PAGE) == []
    assert check_states(PAGE.partition("protocol\n")[2].partition("`")[0], HTTP)


HTTP = "minidaphne.http_protocol"
